"""Whose turn it is in a layer: groups that take turns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .calendar import NEVER, Turns
from .served import ServedTurns

Group = tuple[str, ...]
"""Agents who are on call together, by id."""


class Groups(Protocol):
    """Where a layer's groups come from: a rotation, or shifts that somebody else planned (`calendar`).

    The resolver treats all alike. A calendar's are given to `team.build_team` by the layer's id.
    """

    @property
    def agents(self) -> frozenset[str]:
        """Everybody who may be on call."""

    def at(self, at: datetime, /) -> tuple[Group, datetime]:
        """Return who is on call at an instant, () for nobody, and the next at which that may change (UTC).

        The second is later than the first, and `NEVER` when it never changes again.
        """


@dataclass(frozen=True, slots=True)
class Version:
    """The groups of a rotation from an instant on, until the next version begins."""

    start: datetime
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Rotation:
    """Groups that take turns. Without `turns` it is always the first group's.

    Turn *k*, counted from the anchor whatever the version, is that of the group *k* modulo their number. With
    `served`, only turns in which a window was there are counted.
    """

    turns: Turns | None
    versions: tuple[Version, ...]
    served: ServedTurns | None = None

    @property
    def agents(self) -> frozenset[str]:
        """Everybody whose turn it may be."""
        return frozenset(name for version in self.versions for group in version.groups for name in group)

    def at(self, at: datetime, /) -> tuple[Group, datetime]:
        """Return whose turn it is at an instant, and the next instant at which that may change."""
        index = bisect_right(self.versions, at, key=_start) - 1
        if index < 0:
            return (), self.versions[0].start
        groups = self.versions[index].groups
        until = self.versions[index + 1].start if index + 1 < len(self.versions) else NEVER
        if self.turns is None:
            return groups[0], until
        turn = self.turns.turn_at(at)
        if turn is None:
            return (), min(self.turns.handoff(0), until)
        count = turn[0] if self.served is None else self.served.before(turn[0])
        return groups[count % len(groups)], min(turn[1], until)


def _start(version: Version) -> datetime:
    return version.start
