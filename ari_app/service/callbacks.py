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

from ..call.callback import CallbackSession
from ..call.callbacks import CallbackQueue
from ..call.confirming import is_in_call
from ..call.desk import Call, Desk
from ..call.endpoints import known_state
from ..call.plans import plan_for
from ..call.story import Story
from ..callers.callable_numbers import CallableNumbers
from ..core.ids import new_call_id
from ..core.logs import get_logger
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
from ..roster.plan import OnCallAgent, Plan
from .reception import Reception

log = get_logger(__name__)

LOOK_EVERY = 30.0
"""Seconds between two looks at the records when nothing is due: an admin may have cancelled something."""
LOOK_SOON = 1.0
"""Seconds between two looks whether an agent is free, or an attempt's call has an end on record."""
LOOK_AGAIN = 5.0
"""Seconds until the records are asked again that could not be read."""
CLAIMED_WITHIN = 5.0
"""Seconds until an attempt is on record; it does not begin before."""
ONCE_MORE = timedelta(seconds=5)
"""After an attempt that was cut short by us, or by a lost connection: it does not count."""
CUT_SHORT = frozenset({Outcome.INTERRUPTED, Outcome.FALLBACK})
NO_AGENT = "no-agent"
"""Why somebody was not called back for whom no agent was ever free."""


class CallbackKeeper:
    """Fulfils what `queue` takes in. `adopted` tells whether calls of earlier processes are sorted out."""

    def __init__(
        self,
        desk: Callable[[], Desk],
        queue: CallbackQueue,
        reception: Reception,
        recorder: Recorder,
        sink: FactSink,
        *,
        adopted: Callable[[], bool],
    ) -> None:
        self._desk = desk
        self._queue = queue
        self._reception = reception
        self._recorder = recorder
        self._sink = sink
        self._adopted = adopted
        self._attempts: dict[str, str] = {}
        """Wishes that are being called by this process → the attempt's call."""
        self._begun: set[str] = set()
        """Attempts of this process whose end is not settled yet."""
        self._searching: set[str] = set()
        """Teams whose agents are rung for somebody."""

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
        now, pause = datetime.now(UTC), LOOK_EVERY
        for wish in wishes:
            if wish.id in self._attempts:
                continue
            if wish.state == CallbackState.CALLING:
                if not await self._settle(reader, wish):
                    pause = LOOK_SOON
            elif now >= wish.until:
                await self._end(wish, CallbackState.GIVEN_UP, wish.result or NO_AGENT)
            elif wish.next_at > now:
                pause = min(pause, (wish.next_at - now).total_seconds())
            elif not await self._begin(reader, wish):
                pause = LOOK_SOON
        return max(pause, 0.0)

    # An attempt

    async def _begin(self, reader: CallbackReader, wish: CallbackRecord) -> bool:
        """Begin an attempt, if somebody is free to take it and the caller is not on the line just now."""
        desk = self._desk()
        plan = _plan(desk, wish)
        if not desk.ari.ready or plan is None or plan.team in self._searching:
            return False
        if not any(_free(desk, plan.agents())) or self._is_on_the_line(desk, wish):
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
        )
        flow = desk.flows.flows.get(wish.flow) or desk.flows.flows[desk.settings.flow_of(wish.line)]
        self._attempts[wish.id] = call_id
        self._begun.add(call_id)
        self._searching.add(plan.team)
        session = CallbackSession(call, flow, wish, on_settled=lambda: self._next_for(plan.team))
        log.info("callback.attempt", callback=wish.id, attempt=tried.tries, call=call_id)
        self._reception.take_up(call, self._live(wish.id, session))
        return True

    def _next_for(self, team: str) -> None:
        self._searching.discard(team)
        self._queue.news.set()

    async def _live(self, wish: str, session: CallbackSession) -> None:
        try:
            await session.run()
        finally:
            del self._attempts[wish]
            self._queue.news.set()

    def _is_on_the_line(self, desk: Desk, wish: CallbackRecord) -> bool:
        """Tell whether the caller is on the telephone with the line just now."""
        read = CallableNumbers.of(desk.settings, wish.line).number
        return any(read(number) == wish.number for number in self._reception.numbers())

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
        elif call.outcome in CUT_SHORT:
            await self._postpone(wish, call.outcome, counted=wish.counted)
        else:
            await self._postpone(wish, call.outcome, counted=wish.counted + 1)
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
        if counted >= wish.attempts or now + pause >= wish.until:
            await self._end(wish, CallbackState.GIVEN_UP, result)
            return
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
        ended = CallbackEnded(id=wish.id, state=state, result=str(result), at=datetime.now(UTC))
        await self._recorder.keep(ended, CLAIMED_WITHIN)
        if state is CallbackState.GIVEN_UP:
            remedy = "call them yourself: `astreinte callbacks --all` has the number"
            log.warning("callback.given_up", callback=wish.id, result=str(result), remedy=remedy)
        else:
            log.info("callback.talked", callback=wish.id, attempts=wish.tries)


def _plan(desk: Desk, wish: CallbackRecord) -> Plan | None:
    """Return whom to ring now, None where the rosters know the reason no more."""
    if wish.reason not in desk.rosters.reasons:
        return None
    return plan_for(desk.rosters, datetime.now(UTC), wish.reason, wish.language, activity=desk.activity)


def _free(desk: Desk, agents: Iterable[OnCallAgent]) -> Iterator[bool]:
    for each in agents:
        states = [known_state(phone, desk) for phone in each.agent.phones]
        yield not is_in_call(desk, each.agent) and not all(state.unreachable for state in states)


def _nth(delays: Sequence[float], number: int) -> float:
    return delays[min(number, len(delays) - 1)]
