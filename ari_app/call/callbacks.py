"""Callers' wishes to be called back, as calls take them in; `service.callbacks` fulfils them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..callers.callable_numbers import CallableNumbers
from ..core.logs import get_logger
from ..flow.phone import Callback
from ..records.facts import CallbackAsked, CallbackEnded, CallbackState

if TYPE_CHECKING:
    from ..records.recorder import Recorder
    from .desk import Call

log = get_logger(__name__)

KEPT_WITHIN = 3.0
"""Seconds that a caller waits at most until their wish is in the database; it gets there later otherwise."""
CALLED_AGAIN = "called-again"
"""Why somebody is not called back who has talked with an agent."""


class CallbackQueue:
    """Who waits to be called back: number → id. `news` is set whenever that may have changed."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.waiting: dict[str, str] = {}
        self.news = asyncio.Event()

    def has_room(self, number: str, *, most: int) -> bool:
        """Tell whether a number may wait, where `most` may; one that does already is called back once."""
        if number in self.waiting or len(self.waiting) < most:
            return True
        log.warning("callback.refused", waiting=most, remedy="see who waits: `astreinte callbacks`")
        return False

    async def take(self, asked: CallbackAsked) -> None:
        """Take in a wish, which counts even if this is cancelled. Who waits already waits as asked last."""
        self.waiting.setdefault(asked.number, asked.id)
        try:
            await self._recorder.keep(asked, KEPT_WITHIN)
        finally:
            log.info("callback.asked", callback=asked.id, reason=asked.reason, number=asked.number)
            self.news.set()

    def talked(self, number: str | None) -> None:
        """Note that somebody has called again and talked with an agent: they need not be called back."""
        if callback := self.waiting.get(number or ""):
            self.end(callback, CallbackState.TALKED, CALLED_AGAIN)

    def end(self, callback: str, state: CallbackState, result: str) -> None:
        """Note that somebody need not be called back any more, and why."""
        self._recorder.put_entry(CallbackEnded(id=callback, state=state, result=result, at=datetime.now(UTC)))
        self.news.set()


class Wishes:
    """Takes in the wish of one caller; it is the `Callbacks` that their flow talks to."""

    def __init__(self, call: Call, flow: str, on_asked: Callable[[], None]) -> None:
        self._call = call
        self._flow = flow
        self._on_asked = on_asked
        self._callable = CallableNumbers.of(call.desk.settings, call.line)

    @property
    def other_numbers(self) -> bool:
        """Whether callers may name another number than the one that they call from."""
        return self._call.desk.settings.callbacks.other_numbers

    def number(self, typed: str | None = None) -> str | None:
        """Return what the caller typed, or the number they call from, in E.164; None if it is not called."""
        return self._callable.number(self._call.caller_number if typed is None else typed)

    def spoken(self, number: str) -> str:
        """Return the signs in which a number is read out."""
        return self._callable.spoken(number)

    async def ask(self, callback: Callback) -> bool:
        """Put the wish on record; False when no more can be promised."""
        desk, plan, now = self._call.desk, callback.plan, datetime.now(UTC)
        if not desk.callbacks.has_room(callback.number, most=desk.settings.callbacks.waiting):
            return False
        self._on_asked()  # from here on they are called back, also if they hang up before they hear so
        asked = CallbackAsked(
            id=f"{self._call.id}.c",
            at=now,
            call=self._call.id,
            line=self._call.line,
            number=callback.number,
            language=callback.language,
            reason=callback.reason,
            priority=callback.priority,
            until=now + timedelta(seconds=plan.within),
            attempts=plan.attempts,
            delays=plan.delays,
            ring_seconds=plan.ring_for,
            flow=self._flow,
            then=plan.then or "",
        )
        await desk.callbacks.take(asked)
        return True
