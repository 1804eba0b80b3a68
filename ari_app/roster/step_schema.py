"""What an admin writes of an escalation's steps (see `docs/rosters.md`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.one_or_more import OneOrMore
from .fields import (
    Id,
    Language,
)
from .layer_schema import Windows
from .plan import Strategy


def _ring(value: Any) -> Any:
    if isinstance(value, list) or value == "on-call":
        return value
    near = f"write `[{value}]` for an agent" if isinstance(value, str) else "write one of these"
    raise mistake(
        "nobody is rung by this",
        expected="`on-call`, or a list of agents: `[alice, bruno]`",
        remedy="did you mean `on-call`?" if str(value).lower() in {"oncall", "on_call", "on call"} else near,
    )


class WhenEntry(Schema):
    """For which calls a step is there: all of what is given must hold."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    hours: Windows | None = None
    """At these hours: one window, or several."""
    reason: Annotated[tuple[Id, ...], Field(min_length=1), OneOrMore()] | None = None
    """For callers with one of these reasons."""
    language: Annotated[tuple[Language, ...], Field(min_length=1), OneOrMore()] | None = None
    """For callers who are spoken to in one of these languages."""
    vip: bool | None = None
    """For VIPs alone, or for all others."""

    @model_validator(mode="after")
    def _asks_something(self) -> WhenEntry:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise mistake(
                "the condition asks nothing",
                expected="one or more of `hours`, `reason`, `language` and `vip`",
                remedy="write `when: {vip: true}`, or remove `when`: the step is there for every call",
            )
        return self


Rounds = Annotated[int, Field(ge=1, le=10)]


class RingEntry(Schema):
    """One step of the escalation: who is rung, how, for how long, how often."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["layer"]},
            "then": {"properties": {"ring": {"const": "on-call"}}},
        }
    )

    ring: Annotated[
        Literal["on-call"] | Annotated[tuple[Id, ...], Field(min_length=1)], BeforeValidator(_ring)
    ]
    """`on-call`, or a list of agents."""
    layer: Id | None = None
    """With `on-call`: those of this layer alone."""
    strategy: Strategy = "sequential"
    """One after the other, all at once (`simultaneous`), or who rang or talked the longest ago first."""
    for_: Annotated[Duration, between(1, 300), Field(alias="for")] = 25.0
    """How long each is rung, or all of them if they ring at once, 1s to 5m."""
    rounds: Rounds = 1
    """How often the step is gone through."""
    when: WhenEntry | None = None
    """For which calls it is there. Default: for every call."""

    @model_validator(mode="after")
    def _names_a_layer_of_those_on_call(self) -> RingEntry:
        if self.layer is not None and self.ring != "on-call":
            raise mistake(
                "a layer is named beside agents",
                expected="`ring: on-call` with `layer`, or a list of agents without it",
                remedy="remove `layer`, or write a step for each",
                at=("layer",),
                key=True,
            )
        return self


class TeamStepEntry(Schema):
    """A step that takes the steps of another team's escalation, as they are at that instant."""

    team: Id
    """The other team."""
    when: WhenEntry | None = None
    """For which calls it is there. Default: for every call."""
