"""One team's roster, ready to be asked: layers, overrides and steps with every name and time resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .calendar import NEVER, Turns, Window, first_instant, last_instant
from .fields import DAYS, minutes
from .plan import Accept, Agent, Kind, Phone, Strategy
from .schema import AgentEntry, LayerEntry, OverrideEntry, RingEntry, TeamFile, WindowEntry

Group = tuple[str, ...]
"""Agents who are on call together, by id."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Groups that take turns within windows (none: always), from `start` until `end`.

    Without `turns` it is always the first group's.
    """

    id: str
    kind: Kind
    windows: tuple[Window, ...]
    turns: Turns | None
    groups: tuple[Group, ...]
    start: datetime | None
    end: datetime

    def on_duty(self, at: datetime) -> tuple[Group, datetime]:
        """Return who is on duty at an instant, and the next instant at which that may change."""
        if at >= self.end:
            return (), NEVER
        if self.start is not None and at < self.start:
            return (), self.start
        if self.turns is None:
            group, until = self.groups[0], self.end
        else:
            turn = self.turns.turn_at(at)
            if turn is None:
                return (), min(self.turns.handoff(0), self.end)
            group, until = self.groups[turn[0] % len(self.groups)], min(turn[1], self.end)
        if not self.windows:
            return group, until
        spans = [window.at(at) for window in self.windows]
        change = min(until for _, until in spans)
        if any(inside for inside, _ in spans):
            return group, min(until, change)
        return (), min(change, self.end)


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


def build_team(file: TeamFile, agents: Mapping[str, AgentEntry]) -> Team:
    """Return the team that a checked file describes; `agents` holds every agent of all files."""
    rings = [_ring(index, step) for index, step in enumerate(file.escalation) if isinstance(step, RingEntry)]
    named = {agent for ring in rings for agent in ring.agents or ()}
    named |= {agent for layer in file.layers for group in layer.rotation.members for agent in group}
    named |= {override.with_ for override in file.overrides}
    return Team(
        id=file.team,
        timezone=file.timezone.key,
        layers=tuple(_layer(layer, file) for layer in file.layers),
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


def _layer(entry: LayerEntry, file: TeamFile) -> Layer:
    rotation, effective, zone = entry.rotation, entry.effective, file.timezone
    turns = None
    if rotation.anchor is not None and rotation.every is not None:
        count, unit = rotation.every.length()
        turns = Turns(rotation.anchor, count, unit, zone)
    return Layer(
        id=entry.id,
        kind=entry.kind,
        windows=tuple(_window(window, file) for window in entry.window or ()),
        turns=turns,
        groups=tuple(tuple(dict.fromkeys(group)) for group in rotation.members),
        start=first_instant(effective.from_, zone) if effective.from_ is not None else None,
        end=last_instant(effective.until, zone) if effective.until is not None else NEVER,
    )


def _window(entry: WindowEntry, file: TeamFile) -> Window:
    days = frozenset(DAYS.index(day) for day in entry.days)
    return Window(days, minutes(entry.from_), minutes(entry.to), file.timezone)


def _override(entry: OverrideEntry, file: TeamFile) -> Override:
    zone = file.timezone
    return Override(
        entry.id, first_instant(entry.from_, zone), last_instant(entry.to, zone), entry.replace, entry.with_
    )


def _ring(index: int, step: RingEntry) -> Ring:
    agents = None if step.ring == "on-call" else tuple(dict.fromkeys(step.ring))
    label = ", ".join(agents) if agents is not None else f"layer {step.layer}" if step.layer else "on-call"
    return Ring(index, label, agents, step.layer, step.strategy, step.for_)
