"""The roster files' schema: what an admin writes, field by field (see `docs/rosters.md`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.numbers import Number
from .calendar import Unit
from .calendar_schema import CalendarEntry
from .fields import (
    DAYS,
    Date,
    Day,
    DaysNamed,
    Endpoint,
    Id,
    Label,
    Language,
    TimeOfDay,
    WallDateOrTime,
    WallTime,
    Zone,
)
from .plan import Accept, Kind, Strategy


def _as_list(value: Any) -> Any:
    """Let one thing be written without the brackets of a list."""
    return value if isinstance(value, list) else [value]


def _none_yet(value: Any) -> Any:
    """Let a list's last item be removed, or made a comment, without its key."""
    return () if value is None else value


class PhoneEntry(Schema):
    """One phone of an agent: `sip:NAME`, `tel:+NUMBER`, or a mapping with one of the two and options."""

    sip: Endpoint | None = None
    tel: Number | None = None
    after: Annotated[Duration, between(0, 600)] = 0.0
    accept: Accept | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            scheme, _, address = value.partition(":")
            if scheme in {"sip", "tel"}:
                return {scheme: address.strip()}
        if not isinstance(value, dict):
            raise mistake(
                "this is not a phone",
                expected='`sip:NAME`, `"tel:+NUMBER"`, or `{tel: "+NUMBER", after: 15s}`',
                remedy="write `sip:` before a SIP phone's name, `tel:` before a number",
            )
        return value

    @model_validator(mode="after")
    def _has_one_address(self) -> PhoneEntry:
        if (self.sip is None) == (self.tel is None):
            raise mistake(
                "a phone needs one address",
                expected="either `sip` or `tel`",
                remedy="write each address as a phone of its own",
            )
        return self


def _some_phones(value: Any) -> Any:
    if value in ((), []):
        raise mistake(
            "the agent has no phone",
            found="no `phones`",
            expected="one phone or more",
            remedy='add `phones: [sip:NAME]`, or `phones: ["tel:+…"]`',
            key=value == (),  # left out
        )
    return value


class AgentEntry(Schema):
    """A person who takes calls."""

    name: Label | None = None
    calendar_names: Annotated[tuple[Label, ...], BeforeValidator(_as_list)] = ()
    languages: tuple[Language, ...] = ()
    timezone: Zone | None = None
    phones: Annotated[tuple[PhoneEntry, ...], BeforeValidator(_some_phones)] = Field(
        (), validate_default=True
    )


class WindowEntry(Schema):
    """When in the week a layer is there. `days` are the days on which the window starts."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay


class EveryEntry(Schema):
    """How long a turn lasts, in one unit."""

    hours: Annotated[int, Field(ge=1, le=8784)] | None = None
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    weeks: Annotated[int, Field(ge=1, le=520)] | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None

    def length(self) -> tuple[int, Unit]:
        """Return the one length that is given: `(2, "weeks")`."""
        lengths: tuple[tuple[int | None, Unit], ...] = (
            (self.hours, "hours"),
            (self.days, "days"),
            (self.weeks, "weeks"),
            (self.months, "months"),
        )
        return next((count, unit) for count, unit in lengths if count is not None)

    @model_validator(mode="after")
    def _has_one_unit(self) -> EveryEntry:
        if len(self.model_fields_set) != 1 or None in self.model_dump(exclude_unset=True).values():
            raise mistake(
                "a turn has one length",
                expected="one of `hours`, `days`, `weeks` or `months`",
                remedy="write `{weeks: 1}`, `{days: 2}` …",
            )
        return self


Group = Annotated[tuple[Id, ...], Field(min_length=1), BeforeValidator(_as_list)]
Groups = Annotated[tuple[Group, ...], Field(min_length=1)]


class MembersEntry(Schema):
    """The groups of a rotation from a date on; a change moves nothing before it."""

    from_: Annotated[WallDateOrTime | None, Field(alias="from")] = None
    members: Groups


def _form_of_members(value: Any) -> str:
    some = value if isinstance(value, list) else ()
    return "dated" if any(isinstance(each, dict | MembersEntry) for each in some) else "groups"


class RotationEntry(Schema):
    """Who takes turns. A single group needs neither `anchor` nor `every`: it is always its turn."""

    anchor: WallTime | None = None
    every: EveryEntry | None = None
    advance: Literal["calendar", "active_shift"] = "calendar"
    members: Annotated[
        Annotated[Groups, Tag("groups")] | Annotated[tuple[MembersEntry, ...], Tag("dated")],
        Discriminator(_form_of_members),
    ]

    def versions(self) -> list[tuple[tuple[str | int, ...], datetime | None, Groups]]:
        """Return each version of the members: the way to its groups, from when it holds, the groups."""
        if isinstance(self.members[0], MembersEntry):
            dated = [each for each in self.members if isinstance(each, MembersEntry)]
            return [
                (("members", index, "members"), each.from_, each.members) for index, each in enumerate(dated)
            ]
        groups = tuple(each for each in self.members if not isinstance(each, MembersEntry))
        return [(("members",), None, groups)]

    @model_validator(mode="after")
    def _turns_pass(self) -> RotationEntry:
        one_group = all(len(groups) == 1 for _, _, groups in self.versions())
        if (self.anchor is None) != (self.every is None) or (self.anchor is None and not one_group):
            absent = "anchor" if self.anchor is None else "every"
            raise mistake(
                f"the rotation has no `{absent}`",
                found=f"no `{absent}`",
                expected="`anchor` (the first handoff) and `every` (a turn's length), or a single group",
                remedy="add it, as in `anchor: 2026-01-05T08:00` and `every: {weeks: 1}`",
            )
        return self

    @model_validator(mode="after")
    def _versions_follow_each_other(self) -> RotationEntry:
        before: datetime | None = None
        for index, (_, start, _) in enumerate(self.versions()):
            if index and start is None:
                raise mistake(
                    "it is not said from when these members are there",
                    found="no `from`",
                    expected="a `from` in each version of the members but the first",
                    remedy="add the date on which they take over: `from: 2026-09-01`",
                    at=("members", index),
                )
            if before is not None and start is not None and start <= before:
                raise mistake(
                    "this version of the members does not begin after the one before it",
                    expected=f"a date after {before:%Y-%m-%dT%H:%M}",
                    remedy="put the versions in the order of their dates",
                    at=("members", index, "from"),
                )
            before = start
        return self


class EffectiveEntry(Schema):
    """From when (inclusive) until when (exclusive) a layer is in force. A date is its midnight."""

    from_: Annotated[WallDateOrTime | None, Field(alias="from")] = None
    until: WallDateOrTime | None = None

    @model_validator(mode="after")
    def _is_some_time(self) -> EffectiveEntry:
        if self.from_ is not None and self.until is not None and self.until <= self.from_:
            raise mistake(
                "it ends before it begins",
                expected="`until` after `from`",
                remedy="correct one of the two",
                at=("until",),
            )
        return self


class ClosuresEntry(Schema):
    """The only days on which a layer is there, or days on which it is not: public holidays, dates."""

    only_on: Annotated[tuple[DaysNamed, ...], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    except_on: Annotated[tuple[DaysNamed, ...], Field(min_length=1), BeforeValidator(_as_list)] | None = None

    @model_validator(mode="after")
    def _names_days(self) -> ClosuresEntry:
        if self.only_on is None and self.except_on is None:
            raise mistake(
                "no days are named",
                expected="`only_on` or `except_on`",
                remedy="write `{except_on: fr-public-holidays}`, or remove `closures`",
            )
        return self


Windows = Annotated[tuple[WindowEntry, ...], Field(min_length=1), BeforeValidator(_as_list)]


class LayerEntry(Schema):
    """A rotation within windows of the week. The last layer that has someone wins."""

    id: Id
    kind: Kind = "astreinte"
    window: Windows | None = None
    rotation: RotationEntry | None = None
    calendar: CalendarEntry | None = None
    effective: EffectiveEntry = EffectiveEntry()
    closures: ClosuresEntry | None = None

    @model_validator(mode="after")
    def _has_agents(self) -> LayerEntry:
        if (self.rotation is None) == (self.calendar is None):
            raise mistake(
                "it is not said who is on call"
                if self.rotation is None
                else "it is said twice who is on call",
                found="neither `rotation` nor `calendar`" if self.rotation is None else "both",
                expected="`rotation`, or `calendar`",
                remedy="add `rotation: {members: [...]}`"
                if self.rotation is None
                else "write a layer for each",
            )
        return self


class OverrideEntry(Schema):
    """Somebody stands in for somebody, from an instant (inclusive) to another (exclusive)."""

    id: Id
    from_: Annotated[WallTime, Field(alias="from")]
    to: WallTime
    replace: Id
    with_: Annotated[Id, Field(alias="with")]
    reason: Label | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> OverrideEntry:
        if self.to <= self.from_:
            raise mistake(
                "the override ends before it begins",
                expected="`to` after `from`",
                remedy="correct one of the two",
                at=("to",),
            )
        if self.replace == self.with_:
            raise mistake(
                "the override replaces an agent with the same agent",
                expected="two different agents",
                remedy="correct one of the two, or remove the override",
                at=("with",),
            )
        return self


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

    hours: Windows | None = None
    reason: Annotated[tuple[Id, ...], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    language: Annotated[tuple[Language, ...], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    vip: bool | None = None

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

    ring: Annotated[
        Literal["on-call"] | Annotated[tuple[Id, ...], Field(min_length=1)], BeforeValidator(_ring)
    ]
    layer: Id | None = None
    strategy: Strategy = "sequential"
    for_: Annotated[Duration, between(1, 300), Field(alias="for")] = 25.0
    rounds: Rounds = 1
    when: WhenEntry | None = None

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
    when: WhenEntry | None = None


class AgentsFile(Schema):
    """A file of agents alone, for several teams."""

    agents: dict[Id, AgentEntry]


class TeamFile(Schema):
    """A file of one team."""

    team: Id
    timezone: Zone
    accept: Accept = "key"
    agents: dict[Id, AgentEntry] = Field(default_factory=dict)
    layers: tuple[LayerEntry, ...] = ()
    overrides: Annotated[tuple[OverrideEntry, ...], BeforeValidator(_none_yet)] = ()
    dates: dict[Id, Annotated[tuple[Date, ...], Field(min_length=1), BeforeValidator(_as_list)]] = Field(
        default_factory=dict
    )
    escalation: Annotated[tuple[RingEntry | TeamStepEntry | Literal["voicemail"], ...], Field(min_length=1)]
    rounds: Rounds = 1
    reasons: tuple[Id, ...] = ()
