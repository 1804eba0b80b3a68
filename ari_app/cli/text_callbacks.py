"""Wishes to be called back, in `astreinte flow try`: told, not kept."""

from __future__ import annotations

import typer

from ..callers.callable_numbers import CallableNumbers
from ..core.durations import format_duration
from ..core.settings import Settings
from ..flow.phone import Callback, Caller


class TextCallbacks:
    """Takes in the wish of a caller who is text."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        self.other_numbers = settings.callbacks.other_numbers
        self.promised: Callback | None = None
        self._caller = caller
        self._callable = CallableNumbers.of(settings, caller.called)

    def number(self, typed: str | None = None) -> str | None:
        """Return the number in E.164, None if the line would not call it."""
        return self._callable.number(self._caller.number if typed is None else typed)

    def spoken(self, number: str) -> str:
        """Return the signs in which a number is read out."""
        return self._callable.spoken(number)

    async def ask(self, callback: Callback) -> bool:
        """Tell what would be promised."""
        self.promised, plan = callback, callback.plan
        delays = ", ".join(format_duration(each) for each in plan.delays)
        typer.echo(f"  will be called back at {callback.number}, for {callback.reason}")
        typer.echo(
            f"  {plan.attempts} attempts at most, {delays} apart, for {format_duration(plan.within)} at most"
        )
        return True
