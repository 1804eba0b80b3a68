"""Who is on call in each layer of a team: the one answer that routing, previews and schedules share.

Pure: a function of a team and an instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .calendar import NEVER
from .plan import Kind
from .rotation import Group
from .team import Layer, Override, Team

StandIns = dict[str, Override]
"""The override in force for each absent agent."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call in a layer. `agents` pairs each, once, with the overrides that lead to them."""

    layer: str
    kind: Kind
    agents: tuple[tuple[str, tuple[Override, ...]], ...]


class Duties:
    """A team's layers and overrides as they are at an instant; `move_to` goes to another one.

    What still holds is not asked again, so that walking from change to change costs what changes. From the
    instant until `until` nothing changes.
    """

    def __init__(self, team: Team, at: datetime) -> None:
        self._team = team
        self._groups: list[tuple[datetime, Group, datetime]] = [(NEVER, (), NEVER)] * len(team.layers)
        self._stand_ins: tuple[datetime, StandIns, datetime] = (NEVER, {}, NEVER)
        self.until = NEVER
        self.move_to(at)

    def move_to(self, at: datetime) -> None:
        """Go to an instant (UTC), later or earlier."""
        changes = [self._in(index, at)[1] for index in range(len(self._groups))]
        self.until = min([self._replaced(at), *changes])

    def serving_at(self, at: datetime) -> tuple[Duty | None, datetime]:
        """Return the duty of the last layer that has someone, and until when it cannot change.

        Layers below that one are not asked: walking from change to change passes over what cannot be seen.
        """
        until = self._replaced(at)
        for index in reversed(range(len(self._groups))):
            group, change = self._in(index, at)
            until = min(until, change)
            if group:
                return self._duty(self._team.layers[index], group), until
        return None, until

    def of_at(self, layer_id: str, at: datetime) -> tuple[Duty | None, datetime]:
        """Return the duty of one layer by itself at an instant, and until when it cannot change."""
        until = self._replaced(at)
        for index, layer in enumerate(self._team.layers):
            if layer.id == layer_id:
                group, change = self._in(index, at)
                return self._duty(layer, group) if group else None, min(until, change)
        return None, until

    def _in(self, index: int, at: datetime) -> tuple[Group, datetime]:
        """Return who is on duty in a layer, and when that may change."""
        since, group, until = self._groups[index]
        if not since <= at < until:
            group, until = self._team.layers[index].on_duty(at)
            self._groups[index] = (at, group, until)
        return group, until

    def _replaced(self, at: datetime) -> datetime:
        """Find the overrides in force; return when they may change."""
        since, _, until = self._stand_ins
        if not since <= at < until:
            self._stand_ins = (at, *_in_force(self._team.overrides, at))
        return self._stand_ins[2]

    def serving(self) -> Duty | None:
        """Return the duty of the last layer that has someone, None when no layer has."""
        for layer, (_, group, _) in zip(reversed(self._team.layers), reversed(self._groups), strict=True):
            if group:
                return self._duty(layer, group)
        return None

    def of(self, layer_id: str) -> Duty | None:
        """Return the duty of one layer by itself, None when it has nobody."""
        for layer, (_, group, _) in zip(self._team.layers, self._groups, strict=True):
            if layer.id == layer_id and group:
                return self._duty(layer, group)
        return None

    def is_there(self, layer_id: str | None) -> bool:
        """Tell whether somebody is on call: in one layer, or in any."""
        return any(
            group and layer_id in (None, layer.id)
            for layer, (_, group, _) in zip(self._team.layers, self._groups, strict=True)
        )

    def _duty(self, layer: Layer, group: Group) -> Duty:
        agents: dict[str, tuple[Override, ...]] = {}
        for name in group:
            chain = _chain(name, self._stand_ins[1])
            agents.setdefault(chain[-1].stand_in if chain else name, chain)
        return Duty(layer.id, layer.kind, tuple(agents.items()))


def _in_force(overrides: tuple[Override, ...], at: datetime) -> tuple[StandIns, datetime]:
    """Return the override in force for each absent agent, and when that may change. The later one wins."""
    stand_ins: StandIns = {}
    until = NEVER
    for override in overrides:
        if at < override.start:
            until = min(until, override.start)
        elif at < override.end:
            until = min(until, override.end)
            stand_ins[override.absent] = override
    return stand_ins, until


def _chain(name: str, stand_ins: StandIns) -> tuple[Override, ...]:
    """Return the overrides that lead from an agent to the one who is there (A→B, B→C gives C).

    A circle is an exchange (A→B and B→A): each goes one step along it.
    """
    chain: list[Override] = []
    seen = {name}
    while (override := stand_ins.get(name)) is not None:
        chain.append(override)
        name = override.stand_in
        if name in seen:
            return tuple(chain[:1])
        seen.add(name)
    return tuple(chain)
