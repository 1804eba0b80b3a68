"""Calls back who was promised it: when an agent is free, one at a time for each team, until they have talked.

What is to be done is in the records, so a restart forgets nothing: a wish that is being called belongs to
the call of its attempt, and what became of that call decides (`callback_results`), whichever process made it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from ..call.callback import CallbackSession, callback_plan
from ..call.callbacks import CallbackQueue
from ..call.confirming import is_in_call
from ..call.desk import Call, Desk
from ..call.endpoints import known_state
from ..call.story import Story
from ..callers.book import CallerKnown
from ..callers.callable_numbers import CallableNumbers
from ..core.ids import new_call_id
from ..core.logs import get_logger
from ..notify import Notice
from ..records.callbacks import CallbackReader, CallbackRecord
from ..records.database import RecordsUnavailable
from ..records.facts import (
    CallbackState,
    CallbackTried,
    FactSink,
)
from ..records.recorder import Recorder
from ..roster.plan import OnCallAgent
from .callback_results import ONCE_MORE, CallbackResults
from .callback_text import NO_AGENT, NOT_CALLED
from .reception import Reception

log = get_logger(__name__)

LOOK_EVERY = 30.0
"""Seconds between two looks at the records when nothing is due: an admin may have cancelled something."""
LOOK_SOON = 1.0
"""Seconds between two looks whether an agent is free, an attempt's call has an end on record, or somebody
for whom telephones ring need not be called any more."""
LOOK_AGAIN = 5.0
"""Seconds until the records are asked again that could not be read."""
CLAIMED_WITHIN = 5.0
"""Seconds until an attempt is on record; it does not begin before."""


class CallbackKeeper:
    """Fulfils what `queue` takes in. `adopted` tells whether calls of earlier processes are sorted out."""

    def __init__(
        self,
        desk: Callable[[], Desk],
        queue: CallbackQueue,
        reception: Reception,
        recorder: Recorder,
        *,
        sink: FactSink,
        tell: Callable[[Notice], None],
        adopted: Callable[[], bool],
    ) -> None:
        self._desk = desk
        self._queue = queue
        self._reception = reception
        self._recorder = recorder
        self._sink = sink
        self._adopted = adopted
        self._attempts: dict[str, CallbackSession] = {}
        """Wishes that are being called by this process → the attempt."""
        self._begun: set[str] = set()
        """Attempts of this process whose end is not settled yet."""
        self._searching: set[str] = set()
        """Teams whose agents are rung for somebody."""
        self._results = CallbackResults(desk, recorder, tell)

    async def run(self) -> None:
        """Look after them for ever."""
        problem = ""
        async with CallbackReader(self._desk().settings.database_url) as reader:
            while True:
                pause = LOOK_EVERY
                self._queue.news.clear()
                try:
                    pause = await self._look(reader)
                    problem = ""
                except RecordsUnavailable as error:
                    pause = LOOK_AGAIN
                    if error.problem not in (problem, "no-records"):
                        log.warning("callback.waits", reason=error.message, remedy=error.remedy)
                    problem = error.problem
                except Exception:
                    log.exception("callback.defect")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._queue.news.wait(), pause)

    async def _look(self, reader: CallbackReader) -> float:
        """Settle what is over and begin what is due; return in how many seconds to look again."""
        wishes = await reader.open_callbacks()
        self._queue.waiting = {wish.number: wish.id for wish in wishes}
        wanted = {wish.id for wish in wishes}
        self._results.forget_all_but(wanted)
        self._begun &= {*self._calls(), *(wish.last_call or "" for wish in wishes)}
        self._call_off_who_need_not_be_called(wanted)
        pause, no_agent = LOOK_EVERY, set[str]()
        for wish in wishes:
            if wish.id not in self._attempts:
                try:
                    pause = min(pause, await self._see_to(reader, wish, no_agent))
                except RecordsUnavailable:
                    raise
                except Exception:  # one that cannot be seen to holds up nobody else
                    log.exception("callback.defect", callback=wish.id)
        if any(not attempt.settled for attempt in self._attempts.values()):
            pause = min(pause, LOOK_SOON)
        return pause

    async def _see_to(self, reader: CallbackReader, wish: CallbackRecord, no_agent: set[str]) -> float:
        """Settle what is over of one, or begin what is due; return in how many seconds to look again."""
        now = datetime.now(UTC)
        if wish.state == CallbackState.CALLING:
            may_come = wish.last_call in self._begun or not self._adopted()
            settled = await self._results.settle(reader, wish, may_come=may_come)
            return 0.0 if settled else LOOK_SOON
        if wish.counted >= wish.attempts or max(now, wish.next_at) >= wish.until:
            await self._results.give_up(wish, wish.result or NO_AGENT)
            return LOOK_EVERY
        if (seconds := _seconds_until_due(wish, now)) > 0:
            return seconds
        return LOOK_EVERY if await self._begin(reader, wish, no_agent) else LOOK_SOON

    # An attempt

    async def _begin(self, reader: CallbackReader, wish: CallbackRecord, no_agent: set[str]) -> bool:
        """Begin an attempt, if somebody is free to take it and the caller is not on the line just now.

        `no_agent` has the reasons for which nobody was free a moment ago: who asked first is served first.
        """
        desk = self._desk()
        if not desk.ari.ready or self._reception.is_full or wish.reason in no_agent:
            return False
        known = desk.callers.caller(desk.settings.line_of(wish.line), wish.number)
        team = self._who_is_free(desk, wish, known)
        if team is None:
            no_agent.add(wish.reason)
            return False
        if CallableNumbers.of(desk.settings, wish.line).number(wish.number) is None:
            await self._results.give_up(wish, NOT_CALLED)
            return True
        if self._is_on_the_line(desk, wish):
            return False
        call_id = await self._claimed(reader, wish)
        if call_id is None:
            return False
        call = Call(
            id=call_id,
            line=wish.line,
            channel_id=f"{call_id}.c{secrets.randbelow(1000):03}",  # its end is noted by the last four signs
            caller_number=wish.number,
            desk=desk,
            story=Story(call_id, self._sink),
            known=known,
        )
        flow = desk.flows.flows.get(wish.flow) or desk.flows.flows[desk.settings.flow_of(wish.line)]
        session = CallbackSession(call, flow, wish, on_settled=lambda: self._next_for(team))
        self._attempts[wish.id] = session
        self._begun.add(call_id)
        self._searching.add(team)
        log.info("callback.attempt", callback=wish.id, attempt=wish.tries + 1, call=call_id)
        self._reception.take_up(call, self._live(session))
        return True

    async def _claimed(self, reader: CallbackReader, wish: CallbackRecord) -> str | None:
        """Have it on record that an attempt begins; return its call, None if it must not begin.

        It was not put on record: what is, later, is an attempt that nobody made. Or it was cancelled
        meanwhile, or the caller has called again.
        """
        call = new_call_id()
        tried = CallbackTried(id=wish.id, tries=wish.tries + 1, call=call, at=datetime.now(UTC))
        kept = await self._recorder.keep(tried, CLAIMED_WITHIN)
        return call if kept and (await reader.callback(wish.id)).last_call == call else None

    def _who_is_free(self, desk: Desk, wish: CallbackRecord, known: CallerKnown) -> str | None:
        """Return the team of whose agents one is free for somebody; None while there is none."""
        if wish.reason not in desk.rosters.reasons:
            return None
        plan = callback_plan(desk, wish, vip=known.vip)
        return plan.team if plan.team not in self._searching and any(_free(desk, plan.agents())) else None

    def _next_for(self, team: str) -> None:
        self._searching.discard(team)
        self._queue.news.set()

    async def _live(self, session: CallbackSession) -> None:
        try:
            await session.run()
        finally:
            del self._attempts[session.wish.id]
            self._queue.news.set()

    def _call_off_who_need_not_be_called(self, wanted: set[str]) -> None:
        """End the attempts, but for talks, for whoever is not `wanted` any more, or is on the line again."""
        for wish, attempt in self._attempts.items():
            if not attempt.settled and (
                wish not in wanted or self._is_on_the_line(self._desk(), attempt.wish)
            ):
                attempt.call_off()

    def _is_on_the_line(self, desk: Desk, wish: CallbackRecord) -> bool:
        """Tell whether the caller is on the telephone with the line just now, as one who has called."""
        read = CallableNumbers.of(desk.settings, wish.line).number
        return any(read(number) == wish.number for number in self._reception.numbers(but=self._calls()))

    def _calls(self) -> set[str]:
        return {attempt.call_id for attempt in self._attempts.values()}


def _free(desk: Desk, agents: Iterable[OnCallAgent]) -> Iterator[bool]:
    for each in agents:
        states = [known_state(phone, desk) for phone in each.agent.phones]
        yield not is_in_call(desk, each.agent) and not all(state.unreachable for state in states)


def _seconds_until_due(wish: CallbackRecord, now: datetime) -> float:
    """Return in how many seconds somebody is due; 0 too where the clock was set back since that was said."""
    seconds = (wish.next_at - now).total_seconds()
    return 0.0 if seconds > max(*wish.delays, ONCE_MORE.total_seconds()) else max(seconds, 0.0)
