"""What becomes of attempts to call somebody back: done, tried again, or given up, and people are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from ..call.desk import Desk
from ..core.logs import get_logger
from ..notify import Notice
from ..records.callbacks import CallbackReader, CallbackRecord
from ..records.facts import CallbackEnded, CallbackPostponed, CallbackState, Outcome
from ..records.reader import CallRecord, UnknownCall
from ..records.recorder import Recorder
from .callback_text import given_up

log = get_logger(__name__)

NOTED_WITHIN = 5.0
"""Seconds until a result is on record; it is looked at once more if it is not."""
ONCE_MORE = timedelta(seconds=5)
"""After an attempt that does not count."""
UNCOUNTED = frozenset({Outcome.INTERRUPTED, Outcome.FALLBACK, Outcome.CALLED_OFF, Outcome.NOBODY_ON_CALL})
"""How attempts end that were cut short, and in which nobody's telephone rang in vain."""


class CallbackResults:
    """Puts on record what becomes of attempts. `tell` sends a notice."""

    def __init__(self, desk: Callable[[], Desk], recorder: Recorder, tell: Callable[[Notice], None]) -> None:
        self._desk = desk
        self._recorder = recorder
        self._tell = tell
        self._told: set[str] = set()
        """Wishes that were given up, and people know."""

    def forget_all_but(self, wanted: Collection[str]) -> None:
        """Forget those that are over on record, too."""
        self._told.intersection_update(wanted)

    async def settle(self, reader: CallbackReader, wish: CallbackRecord, *, may_come: bool) -> bool:
        """Put on record what became of an attempt that is over; False if that is not known yet.

        `may_come`: if its call is not on record, it still may be.
        """
        call = await _record_of(reader, wish.last_call or "")
        if call is None:
            if may_come:
                return False
            await self._postpone(wish, Outcome.INTERRUPTED, counted=wish.counted)
        elif call.outcome is None:
            return False
        elif call.outcome == Outcome.BRIDGED:
            await self._end(wish, CallbackState.TALKED)
            log.info("callback.talked", callback=wish.id, attempts=wish.tries)
        else:
            await self._postpone(wish, call.outcome, counted=wish.counted + (call.outcome not in UNCOUNTED))
        return True

    async def give_up(self, wish: CallbackRecord, result: str) -> None:
        """Call somebody back no more; tell the people whom the team names for messages, and the log."""
        if wish.id not in self._told:
            self._told.add(wish.id)
            self._tell_of(wish, result)
        await self._end(wish, CallbackState.GIVEN_UP, result)

    def _tell_of(self, wish: CallbackRecord, result: str) -> None:
        desk = self._desk()
        team = desk.rosters.teams.get(desk.rosters.reasons.get(wish.reason, ""))
        told = team.notify if team is not None else ()
        remedy = "call them yourself: `astreinte callbacks --all` has the number"
        log.warning("callback.given_up", callback=wish.id, result=result, told=",".join(told), remedy=remedy)
        if team is not None and told:
            flow = desk.flows.flows[desk.settings.flow_of(wish.line)]
            title, body = given_up(wish, result, team, flow)
            self._tell(Notice(told, title, body, about=wish.id))

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
        await self._recorder.keep(postponed, NOTED_WITHIN)
        log.info("callback.postponed", callback=wish.id, result=str(result), seconds=pause.total_seconds())

    async def _end(self, wish: CallbackRecord, state: CallbackState, result: str = "") -> None:
        ended = CallbackEnded(id=wish.id, state=state, result=result, at=datetime.now(UTC))
        await self._recorder.keep(ended, NOTED_WITHIN)


async def _record_of(reader: CallbackReader, call: str) -> CallRecord | None:
    try:
        return (await reader.call(call)).call
    except UnknownCall:
        return None


def _nth(delays: Sequence[float], number: int) -> float:
    return delays[min(number, len(delays) - 1)]
