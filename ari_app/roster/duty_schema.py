"""What an admin writes of duty calls, and of who is told of handoffs (see `docs/duty.md`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between, format_duration
from ..core.one_or_more import OneOrMore
from .fields import Id

Names = Annotated[tuple[Id, ...], Field(min_length=1), OneOrMore()]


class DutyCallEntry(Schema):
    """The line rings who is about to be on call, and they press 1: they can be reached."""

    before: Annotated[Duration, between(0, 86_400)] = 0.0
    """How long before the shift begins they are rung first: `10m`. Default: when it begins."""
    within: Annotated[Duration, between(1, 86_400)] = 1200.0
    """How long they have from then on to confirm; then `alert` is told, and others are rung before them."""
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    """How often they are rung, at even distances within that time, until they confirm."""
    for_: Annotated[Duration, between(1, 300), Field(alias="for")] = 40.0
    """How long their phones ring at each try, 1s to 5m."""
    alert: Annotated[tuple[Id, ...], OneOrMore()] = ()
    """Who is told when they do not confirm: names of `notify` in the settings."""

    @model_validator(mode="after")
    def _rings_have_time(self) -> DutyCallEntry:
        if self.for_ * self.tries > self.within:
            raise mistake(
                "there is no time for so many tries",
                found=f"{self.tries} times `for: {format_duration(self.for_)}`",
                expected=f"`within: {format_duration(self.for_ * self.tries)}` or more",
                remedy="give them more time, or ring less often or for less long",
                at=("within",),
            )
        return self


class HandoffNoticeEntry(Schema):
    """Who is told who is on next, before each handoff."""

    before: Annotated[Duration, between(0, 86_400)] = 86_400.0
    """How long before the handoff they are told, 24h at most."""
    to: Names
    """Who is told: names of `notify` in the settings."""
