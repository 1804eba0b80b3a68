"""The roster files' schema: what an admin writes, field by field (see `docs/rosters.md`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.numbers import Number
from ..core.one_or_more import OneOrMore
from .calendar import Unit
from .calendar_schema import CalendarEntry
from .fields import (
    DAYS,
    Date,
    Day,
    DaysNamed,
    Digit,
    Endpoint,
    Id,
    Label,
    Language,
    TimeOfDay,
    WallDateOrTime,
    WallTime,
    Zone,
)
from .plan import Accept, Busy, Kind, Strategy


def _none_yet(value: Any) -> Any:
    """Let a list's last item be removed, or made a comment, without its key."""
    return () if value is None else value


class PhoneEntry(Schema):
    """One phone of an agent: `sip:NAME`, `tel:+NUMBER`, or a mapping with one of the two and options."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["sip"]}, {"required": ["tel"]}]})

    sip: Endpoint | None = None
    """The PJSIP endpoint of this Asterisk, by name."""
    tel: Number | None = None
    """An international number, between quotes: `"+33199001201"`."""
    after: Annotated[Duration, between(0, 600)] = 0.0
    """Starts to ring when the agent has been rung that long, 10m at most."""
    accept: Accept | None = None
    """How a call is taken on this phone, whatever the team says."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let editors know that an address may be written alone."""
        text = {
            "type": "string",
            "pattern": r"^(sip: *[A-Za-z0-9_.-]+|tel: *\+[0-9][0-9 .()/-]+)$",
            "patternErrorMessage": 'Expected sip:NAME, "tel:+NUMBER", or {tel: "+NUMBER", after: 15s}.',
        }
        return {"anyOf": [text, handler(schema)]}

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


class WindowEntry(Schema):
    """When in the week a layer is there. `days` are the days on which the window starts."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    """The days on which it starts. Default: every day."""
    from_: Annotated[TimeOfDay, Field(alias="from")]
    """`HH:MM`, as a clock in the team's time zone shows it."""
    to: TimeOfDay
    """`HH:MM`; not after `from`: on the next day; the same as `from`: 24 hours."""


Windows = Annotated[tuple[WindowEntry, ...], Field(min_length=1), OneOrMore()]


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

    model_config = ConfigDict(json_schema_extra={"required": ["phones"]})

    name: Label | None = None
    """How the person is shown."""
    calendar_names: Annotated[tuple[Label, ...], OneOrMore()] = ()
    """What calendars call the person, where that is neither the id nor the name."""
    languages: tuple[Language, ...] = ()
    """ISO 639 codes, such as `fr`. Those who speak the caller's language are rung first within a step."""
    timezone: Zone | None = None
    """Where the person lives, to show them their shifts."""
    phones: Annotated[tuple[PhoneEntry, ...], BeforeValidator(_some_phones)] = Field(
        (), validate_default=True, json_schema_extra={"minItems": 1}
    )
    """`sip:NAME`, `"tel:+NUMBER"`, or a mapping with options."""
    work_hours: Windows | None = None
    """When the person is at work in the week, to see that a `permanence` leaves them rest."""
    busy: Busy | None = None
    """Whether the person is rung while in a call (`ring`) or left out (`skip`), whatever the team says."""


class EveryEntry(Schema):
    """How long a turn lasts, in one unit."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    hours: Annotated[int, Field(ge=1, le=8784)] | None = None
    """So many hours, as the clock on the wall shows them."""
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """So many days."""
    weeks: Annotated[int, Field(ge=1, le=520)] | None = None
    """So many weeks."""
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """So many months; from 31 January to 28 February, then to 31 March."""

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


Group = Annotated[tuple[Id, ...], Field(min_length=1), OneOrMore()]
Groups = Annotated[tuple[Group, ...], Field(min_length=1)]


class MembersEntry(Schema):
    """The groups of a rotation from a date on; a change moves nothing before it."""

    from_: Annotated[WallDateOrTime | None, Field(alias="from")] = None
    """The date from which they are there; the first version needs none."""
    members: Groups
    """The groups that take turns, in order."""


def _form_of_members(value: Any) -> str:
    some = value if isinstance(value, list) else ()
    return "dated" if any(isinstance(each, dict | MembersEntry) for each in some) else "groups"


class RotationEntry(Schema):
    """Who takes turns. A single group needs neither `anchor` nor `every`: it is always its turn."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"anchor": ["every"], "every": ["anchor"]}}
    )

    anchor: WallTime | None = None
    """The first handoff, such as `2026-01-05T08:00`: the first group's turn begins. Before it: nobody."""
    every: EveryEntry | None = None
    """How long a turn lasts, such as `{weeks: 1}`."""
    advance: Literal["calendar", "active_shift"] = "calendar"
    """`calendar`: a turn passes with time. `active_shift`: only when a window was served."""
    members: Annotated[
        Annotated[Groups, Tag("groups")]
        | Annotated[tuple[MembersEntry, ...], Field(min_length=1), Tag("dated")],
        Discriminator(_form_of_members),
    ]
    """Who takes turns, in order; an inner list is on call together. Or dated versions of it."""

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
    """A date, or a date and time, inclusive."""
    until: WallDateOrTime | None = None
    """A date, or a date and time, exclusive."""

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

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    only_on: Annotated[tuple[DaysNamed, ...], Field(min_length=1), OneOrMore()] | None = None
    """There on these days alone: `fr-public-holidays`, a list of the team's `dates`, or dates."""
    except_on: Annotated[tuple[DaysNamed, ...], Field(min_length=1), OneOrMore()] | None = None
    """Not there on these days."""

    @model_validator(mode="after")
    def _names_days(self) -> ClosuresEntry:
        if self.only_on is None and self.except_on is None:
            raise mistake(
                "no days are named",
                expected="`only_on` or `except_on`",
                remedy="write `{except_on: fr-public-holidays}`, or remove `closures`",
            )
        return self


class LayerEntry(Schema):
    """A rotation within windows of the week. The last layer that has someone wins."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["rotation"]}, {"required": ["calendar"]}]}
    )

    id: Id
    """Its name in steps and in answers."""
    kind: Kind = "astreinte"
    """`astreinte`: at home, interventions are work. `permanence`: the whole slot is work."""
    window: Windows | None = None
    """When in the week it is there: one window, or several. Default: always."""
    rotation: RotationEntry | None = None
    """Who takes turns."""
    calendar: CalendarEntry | None = None
    """An iCalendar file or feed that says who is on call, instead of a rotation."""
    effective: EffectiveEntry = EffectiveEntry()
    """From when until when it is in force. Default: always."""
    closures: ClosuresEntry | None = None
    """On which days it is there or not: public holidays, dates of your own."""

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
    """Its name in answers."""
    from_: Annotated[WallTime, Field(alias="from")]
    """When it begins, inclusive: `2026-12-24T18:00`, in the team's own time."""
    to: WallTime
    """When it ends, exclusive."""
    replace: Id
    """The agent who is away."""
    with_: Annotated[Id, Field(alias="with")]
    """The agent who is there instead."""
    reason: Label | None = None
    """Why, for people."""
    exceptional: bool = False
    """Whether the circumstances are such that the law asks for one clear day's notice instead of 15 days."""

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


class TargetTeamEntry(Schema):
    """Whomever another team rings at that instant."""

    team: Id
    """The other team."""


class AgentsFile(Schema):
    """A file of agents alone, for several teams."""

    agents: dict[Id, AgentEntry]
    """The agents, by id."""


class TeamFile(Schema):
    """A file of one team."""

    team: Id
    """The team's id: letters, digits, `-` and `_`."""
    timezone: Zone
    """An IANA name, such as `Europe/Paris`. Times in the file are what a clock on the wall shows there."""
    accept: Accept = "key"
    """How agents take a call: by pressing 1 (`key`; a voicemail box cannot), or by picking up (`answer`)."""
    agents: dict[Id, AgentEntry] = Field(default_factory=dict)
    """The team's agents, by id. Those of any other file of the folder may be named too."""
    layers: tuple[LayerEntry, ...] = ()
    """Who is on call when. The last layer that has someone wins; an empty one falls through."""
    overrides: Annotated[
        tuple[OverrideEntry, ...],
        BeforeValidator(_none_yet, json_schema_input_type=tuple[OverrideEntry, ...] | None),
    ] = ()
    """Who stands in for whom. They beat every layer; of two, the later in the file wins."""
    dates: dict[Id, Annotated[tuple[Date, ...], Field(min_length=1), OneOrMore()]] = Field(
        default_factory=dict
    )
    """Lists of days by name, for `closures`."""
    escalation: Annotated[tuple[RingEntry | TeamStepEntry | Literal["voicemail"], ...], Field(min_length=1)]
    """Whom a call rings, in order."""
    rounds: Rounds = 1
    """How often all the steps are gone through."""
    transfer: dict[Digit, Id | TargetTeamEntry] | None = None
    """Whom agents may hand a call over to: key → an agent, or `{team: NAME}`. Default: each other."""
    busy: Busy = "skip"
    """Whether agents in a call are left out when another comes in (`skip`), or rung all the same (`ring`)."""
    wrap_up: bool = False
    """Ask agents for a key, when the caller has hung up, that says how the call went."""
    reasons: tuple[Id, ...] = ()
    """What the team answers for: the words that flows route to. A reason has one team."""
