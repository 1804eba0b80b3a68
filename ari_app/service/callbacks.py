"""Calls back who was promised it: when an agent is free, one at a time for each team, until they have talked.

What is to be done is in the records, so a restart forgets nothing: a wish that is being called belongs to
the call of its attempt, and what became of that call decides (`_settle`), whichever process made it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

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
    CallbackEnded,
    CallbackPostponed,
    CallbackState,
    CallbackTried,
    FactSink,
    Outcome,
)
from ..records.reader import CallRecord, UnknownCall
from ..records.recorder import Recorder
from ..roster.plan import OnCallAgent
from .callback_text import given_up
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
ONCE_MORE = timedelta(seconds=5)
"""After an attempt that does not count."""
UNCOUNTED = frozenset({Outcome.INTERRUPTED, Outcome.FALLBACK, Outcome.CALLED_OFF, Outcome.NOBODY_ON_CALL})
"""How attempts end that were cut short, and in which nobody's telephone rang in vain."""
NO_AGENT, NOT_CALLED = "no-agent", "number"
"""Why somebody was not called back: no agent was ever free; the settings forbid the number meanwhile."""


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
        self._tell = tell
        self._adopted = adopted
        self._attempts: dict[str, CallbackSession] = {}
        """Wishes that are being called by this process → the attempt; its call is `_calls`'."""
        self._calls: dict[str, str] = {}
        self._begun: set[str] = set()
        """Attempts of this process whose end is not settled yet."""
        self._searching: set[str] = set()
        """Teams whose agents are rung for somebody."""
        self._told: set[str] = set()
        """Wishes that were given up, and people know."""

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
        self._call_off_who_need_not_be_called({wish.id for wish in wishes})
        now, pause = datetime.now(UTC), LOOK_EVERY
        no_agent: set[str] = set()
        for wish in wishes:
            if wish.id in self._attempts:
                continue
            if wish.state == CallbackState.CALLING:
                if not await self._settle(reader, wish):
                    pause = LOOK_SOON
            elif wish.counted >= wish.attempts or max(now, wish.next_at) >= wish.until:
                await self._end(wish, CallbackState.GIVEN_UP, wish.result or NO_AGENT)
            elif (seconds := _seconds_until_due(wish, now)) > 0:
                pause = min(pause, seconds)
            elif not await self._begin(reader, wish, no_agent):
                pause = min(pause, LOOK_SOON)
        if any(not attempt.settled for attempt in self._attempts.values()):
            pause = min(pause, LOOK_SOON)
        return pause

    # An attempt

    async def _begin(self, reader: CallbackReader, wish: CallbackRecord, no_agent: set[str]) -> bool:
        """Begin an attempt, if somebody is free to take it and the caller is not on the line just now.

        `no_agent` has the reasons for which nobody was free a moment ago: who asked first is served first.
        """
        desk = self._desk()
        if CallableNumbers.of(desk.settings, wish.line).number(wish.number) is None:
            await self._end(wish, CallbackState.GIVEN_UP, NOT_CALLED)
            return True
        if not desk.ari.ready or self._reception.is_full or self._is_on_the_line(desk, wish):
            return False
        known = desk.callers.caller(desk.settings.line_of(wish.line), wish.number)
        team = self._who_is_free(desk, wish, known, no_agent)
        if team is None:
            no_agent.add(wish.reason)
            return False
        call_id = new_call_id()
        tried = CallbackTried(id=wish.id, tries=wish.tries + 1, call=call_id, at=datetime.now(UTC))
        if not await self._recorder.keep(tried, CLAIMED_WITHIN):
            return False  # what is on record of it later is an attempt that nobody made
        if (await reader.callback(wish.id)).last_call != call_id:
            return False  # it was cancelled meanwhile, or the caller has called again
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
        self._attempts[wish.id], self._calls[wish.id] = session, call_id
        self._begun.add(call_id)
        self._searching.add(team)
        log.info("callback.attempt", callback=wish.id, attempt=tried.tries, call=call_id)
        self._reception.take_up(call, self._live(session))
        return True

    def _who_is_free(
        self, desk: Desk, wish: CallbackRecord, known: CallerKnown, no_agent: set[str]
    ) -> str | None:
        """Return the team of whose agents one is free for somebody; None while there is none."""
        if wish.reason in no_agent or wish.reason not in desk.rosters.reasons:
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
            del self._attempts[session.wish.id], self._calls[session.wish.id]
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
        return any(
            read(number) == wish.number for number in self._reception.numbers(but=self._calls.values())
        )

    # What became of it

    async def _settle(self, reader: CallbackReader, wish: CallbackRecord) -> bool:
        """Put on record what became of an attempt that is over; False if that is not known yet."""
        call = await self._record_of(reader, wish.last_call or "")
        if call is None:
            if wish.last_call in self._begun or not self._adopted():
                return False
            await self._postpone(wish, Outcome.INTERRUPTED, counted=wish.counted)
        elif call.outcome is None:
            return False
        elif call.outcome == Outcome.BRIDGED:
            await self._end(wish, CallbackState.TALKED)
        else:
            await self._postpone(wish, call.outcome, counted=wish.counted + (call.outcome not in UNCOUNTED))
        self._begun.discard(wish.last_call or "")
        return True

    async def _record_of(self, reader: CallbackReader, call: str) -> CallRecord | None:
        try:
            return (await reader.call(call)).call
        except UnknownCall:
            return None

    async def _postpone(self, wish: CallbackRecord, result: str, *, counted: int) -> None:
        now = datetime.now(UTC)
        pause = ONCE_MORE
        if counted > wish.counted:
            pause = timedelta(seconds=_nth(wish.delays, counted - 1))
        postponed = CallbackPostponed(
            id=wish.id,
            at=now,
            tries=wish.tries,
            counted=counted,
            result=str(result),
            next_at=now + pause,
        )
        await self._recorder.keep(postponed, CLAIMED_WITHIN)
        log.info("callback.postponed", callback=wish.id, result=str(result), seconds=pause.total_seconds())
        self._queue.news.set()

    async def _end(self, wish: CallbackRecord, state: CallbackState, result: str = "") -> None:
        if state is CallbackState.GIVEN_UP and wish.id not in self._told:
            self._told.add(wish.id)
            self._give_up(wish, str(result))
        ended = CallbackEnded(id=wish.id, state=state, result=str(result), at=datetime.now(UTC))
        await self._recorder.keep(ended, CLAIMED_WITHIN)
        if state is CallbackState.TALKED:
            log.info("callback.talked", callback=wish.id, attempts=wish.tries)

    def _give_up(self, wish: CallbackRecord, result: str) -> None:
        """Tell the people whom the team names for messages, and the log."""
        desk = self._desk()
        team = desk.rosters.teams.get(desk.rosters.reasons.get(wish.reason, ""))
        told = team.notify if team is not None else ()
        remedy = "call them yourself: `astreinte callbacks --all` has the number"
        log.warning("callback.given_up", callback=wish.id, result=result, told=",".join(told), remedy=remedy)
        if team is not None and told:
            flow = desk.flows.flows[desk.settings.flow_of(wish.line)]
            title, body = given_up(wish, result, team, flow)
            self._tell(Notice(told, title, body, about=wish.id))


def _free(desk: Desk, agents: Iterable[OnCallAgent]) -> Iterator[bool]:
    for each in agents:
        states = [known_state(phone, desk) for phone in each.agent.phones]
        yield not is_in_call(desk, each.agent) and not all(state.unreachable for state in states)


def _seconds_until_due(wish: CallbackRecord, now: datetime) -> float:
    """Return in how many seconds somebody is due; 0 too where the clock was set back since that was said."""
    seconds = (wish.next_at - now).total_seconds()
    return 0.0 if seconds > max(*wish.delays, ONCE_MORE.total_seconds()) else max(seconds, 0.0)


def _nth(delays: Sequence[float], number: int) -> float:
    return delays[min(number, len(delays) - 1)]
