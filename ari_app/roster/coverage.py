"""Is there somebody to ring at every instant? A line asks before it takes a roster into use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.findings import Finding
from .calendar import NEVER
from .duty import Duties
from .files import RosterFiles
from .rotation import Rotation
from .team import Layer, Team

AHEAD = timedelta(days=366)
"""How far ahead it is looked: every window, handoff and public holiday comes within a year."""
_WEEK = 7 * 24 * 60  # minutes

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
    plain = [each for each in team.layers if layer in (None, each.id) and _is_plain(each, at)]
    if any(each.opening is None for each in plain):
        return True
    spans = sorted(
        (day * 24 * 60 + start, day * 24 * 60 + end)
        for each in plain
        for window in (each.opening.windows if each.opening is not None else ())
        for start, end in [(window.start, window.end + (0 if window.end > window.start else 24 * 60))]
        for weekday in window.days
        for day in (weekday - 7, weekday)
    )
    covered = 0
    for start, end in spans:
        if start > covered:
            return False
        covered = max(covered, end)
    return covered >= _WEEK


def _is_plain(layer: Layer, at: datetime) -> bool:
    """Tell whether a layer is in force for good, in the same hours of each week."""
    rotation = layer.groups
    if not isinstance(rotation, Rotation) or layer.start > at or layer.end < NEVER:
        return False
    if layer.opening is not None and layer.opening.closures is not None:
        return False
    begun = rotation.turns is None or rotation.turns.handoff(0) <= at
    return begun and rotation.versions[0].start <= at
