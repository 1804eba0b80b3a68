"""Is there somebody to ring at every instant? A line asks before it takes a roster into use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.findings import Finding
from .calendar import NEVER
from .duty import Duties
from .files import RosterFiles
from .team import Layer, Team
from .week import days_to_look_at

AHEAD = timedelta(days=366)
"""How far ahead it is looked: every window, handoff and public holiday comes within a year."""

_OnCall = tuple[str, str | None]
"""Those on call in a team, by its id: in one of its layers, or in the one that wins."""


def somebody_is_rung(files: RosterFiles, teams: Mapping[str, Team], at: datetime) -> Iterator[Finding]:
    """Find each team whose plan is empty at some instant from `at` on, for a call that meets no condition."""
    for source in files.teams:
        team = teams[source.file.team]
        empty = first_empty(team, teams, at)
        if empty is not None:
            local = empty.astimezone(ZoneInfo(team.timezone))
            yield source.document.finding(
                ("escalation",),
                f"a call for `{team.id}` would ring nobody",
                found=f"nobody in any step on {local:%a %d %b %Y at %H:%M %z}",
                expected="somebody at every instant, also for calls that meet no `when`",
                remedy="end with people who can always be rung, `- {ring: [alice]}`, or with `- voicemail`",
            )


def first_empty(team: Team, teams: Mapping[str, Team], at: datetime) -> datetime | None:
    """Return the first instant, within a year, at which a team's plan is empty; None when there is none."""
    on_call = _on_call(team, teams)
    if on_call is None:
        return None
    end_of_year = at + AHEAD
    found = [days_to_look_at(_layers(teams[name], layer), at, end_of_year) for name, layer in on_call]
    days = min((each for each in found if each is not None), key=len, default=None)
    duties = {name: Duties(teams[name], at) for name, _ in on_call}
    for start, end in [(at, end_of_year)] if days is None else _around(days, at, end_of_year):
        now = start
        while now < end:
            for each in duties.values():
                each.move_to(now)
            if not any(duties[name].is_there(layer) for name, layer in on_call):
                return now
            now = min((each.until for each in duties.values()), default=NEVER)
    return None


def _layers(team: Team, layer: str | None) -> Iterator[Layer]:
    return (each for each in team.layers if layer in (None, each.id))


def _around(days: Iterable[int], first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the time around each day (its ordinal) in which its windows, in any time zone, may be."""
    for day in sorted(days):
        midnight = datetime.fromordinal(day).replace(tzinfo=UTC)
        yield max(first, midnight - timedelta(days=1)), min(midnight + timedelta(days=3), last)


def _on_call(team: Team, teams: Mapping[str, Team]) -> set[_OnCall] | None:
    """Return whom the steps without a condition ring, None when it is somebody at any time."""
    if team.voicemail is not None:
        return None
    return _rung(team, teams)


def _rung(team: Team, teams: Mapping[str, Team]) -> set[_OnCall] | None:
    found = set[_OnCall]()
    for ring in team.escalation:
        if ring.when is not None:
            continue
        if ring.agents is not None:
            return None
        if ring.team is not None:
            others = _rung(teams[ring.team], teams)
            if others is None:
                return None
            found |= others
        else:
            found.add((team.id, ring.layer))
    return found
