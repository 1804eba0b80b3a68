"""The roster files' schema: what an admin writes, field by field (see `docs/rosters.md`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.numbers import Number
from ..core.one_or_more import OneOrMore
from .duty_schema import DutyCallEntry, HandoffNoticeEntry
from .fields import (
    Date,
    Digit,
    Endpoint,
    Id,
    Label,
    Language,
    WallTime,
    Zone,
)
from .layer_schema import LayerEntry, Windows
from .plan import Accept, Busy
from .step_schema import RingEntry, Rounds, TeamStepEntry


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
    notify: Annotated[tuple[Id, ...], OneOrMore()] = ()
    """Who is told of messages that callers leave for the team: names of `notify` in the settings."""
    duty_call: DutyCallEntry | None = None
    """Ring whoever is about to be on call, to know that they can be reached."""
    handoff_notice: HandoffNoticeEntry | None = None
    """Tell people who is on next, before each handoff."""
    language: Language | None = None
    """The language that the team is written to in. Default: the first of the flow that the call came by."""
    reasons: tuple[Id, ...] = ()
    """What the team answers for: the words that flows route to. A reason has one team."""

    def told(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the names of all who are told things, each with the way to it."""
        for way, names in (
            (("notify",), self.notify),
            (("duty_call", "alert"), self.duty_call.alert if self.duty_call is not None else ()),
            (("handoff_notice", "to"), self.handoff_notice.to if self.handoff_notice is not None else ()),
        ):
            yield from (((*way, place), name) for place, name in enumerate(names))
