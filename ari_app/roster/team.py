"""One team's roster, ready to be asked: layers, overrides and steps with every name and time resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from .calendar import ALWAYS, NEVER, Turns, first_instant, last_instant
from .fields import DAYS, minutes
from .opening import Opening, Window
from .plan import Accept, Agent, Kind, Phone, Strategy
from .rotation import Group, Groups, Rotation, Version
from .schema import AgentEntry, LayerEntry, OverrideEntry, RingEntry, RotationEntry, TeamFile, WindowEntry


@dataclass(frozen=True, slots=True)
class Layer:
    """Groups of agents, from `start` until `end`, in the windows of `opening` (None: always)."""

    id: str
    kind: Kind
    opening: Opening | None
    groups: Groups
    start: datetime
    end: datetime

    def on_duty(self, at: datetime) -> tuple[Group, datetime]:
        """Return who is on duty at an instant, and the next instant at which that may change."""
        if at >= self.end:
            return (), NEVER
        if at < self.start:
            return (), self.start
        until = self.end
        if self.opening is not None:
            is_open, change = self.opening.at(at)
            until = min(until, change)
            if not is_open:
                return (), until
        group, change = self.groups.at(at)
        return group, min(until, change)


@dataclass(frozen=True, slots=True)
class Override:
    """`stand_in` is on call for `absent` from `start` until `end`."""

    id: str
    start: datetime
    end: datetime
    absent: str
    stand_in: str


@dataclass(frozen=True, slots=True)
class Ring:
    """One step of the escalation: named `agents`, or whoever is on call (in one `layer` if it is given)."""

    index: int
    label: str
    agents: Group | None
    layer: str | None
    strategy: Strategy
    seconds: float


@dataclass(frozen=True, slots=True)
class Team:
    """A team's roster. `agents` are all whom it may ring; `voicemail` is the index of that last step."""

    id: str
    timezone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...]
    escalation: tuple[Ring, ...]
    voicemail: int | None
    agents: Mapping[str, Agent]
    reasons: tuple[str, ...]


def build_team(
    file: TeamFile, agents: Mapping[str, AgentEntry], calendars: Mapping[str, Groups] | None = None
) -> Team:
    """Return the team that a checked file describes; `agents` holds every agent of all files.

    `calendars` are the groups of those layers, by id, whose file names a calendar instead of a rotation.
    """
    layers = tuple(_layer(layer, file, calendars or {}) for layer in file.layers)
    rings = [_ring(index, step) for index, step in enumerate(file.escalation) if isinstance(step, RingEntry)]
    named = {agent for ring in rings for agent in ring.agents or ()}
    named |= {agent for layer in layers for agent in layer.groups.agents}
    named |= {override.with_ for override in file.overrides}
    return Team(
        id=file.team,
        timezone=file.timezone.key,
        layers=layers,
        overrides=tuple(_override(override, file) for override in file.overrides),
        escalation=tuple(rings),
        voicemail=file.escalation.index("voicemail") if "voicemail" in file.escalation else None,
        agents={name: build_agent(name, agents[name], file.accept) for name in sorted(named)},
        reasons=file.reasons,
    )


def build_agent(name: str, entry: AgentEntry, accept: Accept) -> Agent:
    """Return an agent; `accept` holds for the phones that do not say how a call is taken."""
    phones = tuple(
        Phone(
            uri=f"sip:{phone.sip}" if phone.sip is not None else f"tel:{phone.tel}",
            after=phone.after,
            accept=phone.accept or accept,
        )
        for phone in entry.phones
    )
    return Agent(name, entry.name or name, entry.languages, phones)


def _layer(entry: LayerEntry, file: TeamFile, calendars: Mapping[str, Groups]) -> Layer:
    zone, effective = file.timezone, entry.effective
    windows = tuple(_window(window) for window in entry.window or ())
    opening = Opening(windows, zone) if windows else None
    start = first_instant(effective.from_, zone) if effective.from_ is not None else ALWAYS
    return Layer(
        id=entry.id,
        kind=entry.kind,
        opening=opening,
        groups=_rotation(entry.rotation, zone) if entry.rotation is not None else calendars[entry.id],
        start=start,
        end=last_instant(effective.until, zone) if effective.until is not None else NEVER,
    )


def _rotation(entry: RotationEntry, zone: ZoneInfo) -> Rotation:
    turns = None
    if entry.anchor is not None and entry.every is not None:
        count, unit = entry.every.length()
        turns = Turns(entry.anchor, count, unit, zone)
    groups = tuple(tuple(dict.fromkeys(group)) for group in entry.members)
    return Rotation(turns, (Version(ALWAYS, groups),))


def _window(entry: WindowEntry) -> Window:
    days = frozenset(DAYS.index(day) for day in entry.days)
    return Window(days, minutes(entry.from_), minutes(entry.to))


def _override(entry: OverrideEntry, file: TeamFile) -> Override:
    zone = file.timezone
    return Override(
        entry.id, first_instant(entry.from_, zone), last_instant(entry.to, zone), entry.replace, entry.with_
    )


def _ring(index: int, step: RingEntry) -> Ring:
    agents = None if step.ring == "on-call" else tuple(dict.fromkeys(step.ring))
    label = ", ".join(agents) if agents is not None else f"layer {step.layer}" if step.layer else "on-call"
    return Ring(index, label, agents, step.layer, step.strategy, step.for_)
