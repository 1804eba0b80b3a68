"""A schedule as it is shown: a team's, one layer's of it, or one agent's over all teams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.errors import AstreinteError
from ..core.suggest import one_of
from ..roster.assignments import Assignment, assignments
from ..roster.book import RosterBook, check_instant
from ..roster.plan import Kind
from ..roster.schedule import Shift, expand_layer
from ..roster.spans import Span, merged, without

MARGIN = timedelta(minutes=1)
"""How far beyond the range it is looked, to tell a shift that begins there from one that goes on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One span of a timetable, [`start`, `end`) in UTC.

    `labels` are the agents of a team's timetable, or the team in an agent's. `earlier` and `later`: it began
    before what is shown, or goes on after it. `beside` are the others who are on call with the agent.
    """

    start: datetime
    end: datetime
    labels: tuple[str, ...]
    team: str
    layer: str
    kind: Kind
    overrides: tuple[str, ...]
    backup: bool = False
    beside: tuple[str, ...] = ()
    earlier: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """Who is on call from `start` until `end`.

    `names` has what each label stands for. `gaps` is None where time without anybody means nothing: in an
    agent's own timetable, and for a team without layers.
    """

    title: str
    zone: ZoneInfo
    start: datetime
    end: datetime
    entries: tuple[Entry, ...]
    names: dict[str, str]
    gaps: list[Span] | None
    team: str | None = None
    layer: str | None = None
    agent: str | None = None


class UnknownLayer(AstreinteError):
    """The team has no layer of that name."""


def of_team(rosters: RosterBook, name: str, layer: str | None, start: datetime, end: datetime) -> Timetable:
    """Return the final schedule of a team, or that of one of its layers by itself."""
    team = rosters.teams[name]
    shifts = rosters.schedule(name, start - MARGIN, end + MARGIN)
    if layer is not None:
        layers = [each.id for each in team.layers]
        if layer not in layers:
            remedy = f"its layers: {one_of(layers) or 'none'}"
            raise UnknownLayer(f"the team {name} has no layer `{layer}`", remedy=remedy)
        shifts = expand_layer(team, layer, start - MARGIN, end + MARGIN)
    entries = _within(start, end, shifts)
    gaps = without((start, end), merged((entry.start, entry.end) for entry in entries))
    return Timetable(
        title=f"{name}, layer {layer} by itself" if layer else name,
        zone=ZoneInfo(team.timezone),
        start=start,
        end=end,
        entries=entries,
        names={agent: rosters.agents[agent].name for agent in sorted(team.agents)},
        gaps=gaps if team.layers else None,
        team=name,
        layer=layer,
    )


def with_whole_shifts(timetable: Timetable, start: datetime, end: datetime) -> Timetable:
    """Return what of a timetable is within a shorter range, without cutting a shift in two."""
    entries = tuple(each for each in timetable.entries if each.start < end and each.end > start)
    return replace(timetable, start=start, end=end, entries=entries)


def of_agent(
    rosters: RosterBook, agent: str, teams: Iterable[str], start: datetime, end: datetime
) -> Timetable:
    """Return when an agent is on call, or backup, for teams."""
    for at in (start, end):
        check_instant(at)
    its_teams = [rosters.teams[name] for name in teams if agent in rosters.teams[name].agents]
    everybody = (one for team in its_teams for one in assignments(team, start - MARGIN, end + MARGIN))
    return Timetable(
        title=f"{rosters.agents[agent].name} ({agent})",
        zone=zone_of(rosters, agent, teams),
        start=start,
        end=end,
        entries=_within(start, end, sorted(one for one in everybody if one.agent == agent)),
        names={team.id: ", ".join(team.reasons) for team in its_teams},
        gaps=None,
        agent=agent,
    )


def zone_of(rosters: RosterBook, agent: str, teams: Iterable[str]) -> ZoneInfo:
    """Return the zone that an agent's times are shown in: their own, or that of the first of their teams."""
    theirs = rosters.agents[agent].timezone
    if theirs is not None:
        return ZoneInfo(theirs)
    own = [name for name in teams if agent in rosters.teams[name].agents]
    return ZoneInfo(rosters.teams[(own or list(teams))[0]].timezone)


def _within(start: datetime, end: datetime, spans: Iterable[Shift | Assignment]) -> tuple[Entry, ...]:
    return tuple(_entry(each, start, end) for each in spans if each.start < end and each.end > start)


def _entry(each: Shift | Assignment, start: datetime, end: datetime) -> Entry:
    return Entry(
        start=max(each.start, start),
        end=min(each.end, end),
        labels=(each.team,) if isinstance(each, Assignment) else each.agents,
        team=each.team,
        layer=each.layer,
        kind=each.kind,
        overrides=each.overrides,
        backup=isinstance(each, Assignment) and each.backup,
        beside=each.beside if isinstance(each, Assignment) else (),
        earlier=each.start < start,
        later=each.end > end,
    )
