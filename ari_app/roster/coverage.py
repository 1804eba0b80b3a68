"""Is there somebody to ring at every instant? A line asks before it takes a roster into use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.findings import Finding
from .calendar import NEVER
from .duty import Duties
from .files import RosterFiles
from .team import Team
from .week import surely_covered

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
    if on_call is None or any(_is_always_there(teams[name], layer, at) for name, layer in on_call):
        return None
    duties = {name: Duties(teams[name], at) for name, _ in on_call}
    end = at + AHEAD
    while at < end:
        for each in duties.values():
            each.move_to(at)
        if not any(duties[name].is_there(layer) for name, layer in on_call):
            return at
        at = min((each.until for each in duties.values()), default=NEVER)
    return None


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


def _is_always_there(team: Team, layer: str | None, at: datetime) -> bool:
    """Tell whether it is plain, without looking at each day, that someone is on call from `at` on."""
    return surely_covered((each for each in team.layers if layer in (None, each.id)), at, NEVER)
