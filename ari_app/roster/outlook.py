"""The next weeks of every team, as the rules that look ahead share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .escalation import Ring
from .files import AgentSource, RosterFiles, TeamSource
from .schedule import Shift, expand, expand_layer
from .spans import Span
from .team import Team

HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A team with the file it came from."""

    source: TeamSource
    team: Team

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone."""
        return self.source.file.timezone

    def layer_index(self, layer: str) -> int:
        """Return the place of a layer in the file, from 0."""
        return next(index for index, each in enumerate(self.team.layers) if each.id == layer)


class Outlook:
    """What the rosters say from `start` (UTC) until `end`.

    A schedule is expanded when a rule asks for it, once.
    """

    def __init__(
        self, files: RosterFiles, teams: Mapping[str, Team], at: datetime, horizon: timedelta = HORIZON
    ) -> None:
        self.start, self.end = at, at + horizon
        self.teams = teams
        self.prospects = [Prospect(source, teams[source.file.team]) for source in files.teams]
        self.agents: dict[str, AgentSource] = {agent.id: agent for agent in files.agents}
        self._shifts: dict[tuple[str, str | None], tuple[Shift, ...]] = {}

    def shifts(self, team: Team, layer: str | None = None) -> tuple[Shift, ...]:
        """Return the final schedule of a team, or that of one of its layers by itself."""
        known = self._shifts.get((team.id, layer))
        if known is None:
            known = (
                expand(team, self.start, self.end)
                if layer is None
                else expand_layer(team, layer, self.start, self.end)
            )
            self._shifts[team.id, layer] = known
        return known


def rings_on_call(ring: Ring) -> bool:
    """Tell whether a step rings those on call, in all layers or in one."""
    return ring.agents is None and ring.team is None


def overlaps(
    some: tuple[Shift, ...], others: tuple[Shift, ...]
) -> Iterator[tuple[datetime, datetime, Shift, Shift]]:
    """Yield the spans in which two schedules, each in order, both have a shift, with the two shifts."""
    i = j = 0
    while i < len(some) and j < len(others):
        one, other = some[i], others[j]
        start, end = max(one.start, other.start), min(one.end, other.end)
        if start < end:
            yield start, end, one, other
        if one.end <= other.end:
            i += 1
        else:
            j += 1


def local(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as a clock in `zone` shows it, with its offset: `Sat 2026-11-28 08:00+01:00`."""
    wall = at.astimezone(zone)
    return f"{wall:%a} {wall.isoformat(' ', 'minutes')}"


def told(span: Span, zone: ZoneInfo) -> str:
    """Return a span in local times."""
    return f"{local(span[0], zone)} to {local(span[1], zone)}"


def hours(length: timedelta) -> str:
    """Return a length of time in hours: `48 h`, `11.5 h`."""
    return f"{round(length / timedelta(hours=1), 1):g} h"
