"""`transfer`: ring a number, or a team whatever the caller's reason."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from ...core.documents import mistake
from ...core.durations import Duration, between
from ...core.numbers import Number
from ..fields import Team
from ..phone import Destination, ToNumber, ToTeam
from .route import Ringing


class Transfer(Ringing):
    """Ring a fixed number, or who is on call in a team; the flow ends when the two have talked."""

    number: Number | None = Field(
        None, description="Ring this number, `+` first; whoever picks up has taken the call."
    )
    team: Team | None = Field(None, description="Ring who is on call in this team.")
    ring_for: Annotated[Duration, between(5, 300)] = Field(
        30.0, alias="for", description="How long a `number` is rung.", json_schema_extra={"default": "30s"}
    )

    @model_validator(mode="after")
    def _rings_one_thing(self) -> Self:
        if (self.number is None) == (self.team is None):
            raise mistake(
                "a transfer rings a number or a team",
                found="both" if self.number else "neither",
                expected='`number: "+33199001234"`, or `team: support-technique`',
                remedy="remove one of the two" if self.number else "add one of the two",
            )
        for field, why in (("off_duty", "is never off duty"), ("voicemail", "has no team")):
            if self.number is not None and getattr(self, field) is not None:
                raise mistake(
                    f"a number {why}",
                    expected="`nobody` alone beside a `number`",
                    remedy=f"remove `{field}`",
                    at=(field,),
                    key=True,
                )
        return self

    def destination(self) -> Destination:
        """Return whom it rings."""
        return ToTeam(self.team) if self.team else ToNumber(str(self.number), self.ring_for)
