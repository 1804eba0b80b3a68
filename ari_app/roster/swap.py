"""An exchange of shifts between two agents: what each of them gives the other.

Pure: a function of a team and dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .assignments import Assignment, assignments
from .calendar import first_instant
from .schedule import expand_layer
from .spans import Span, merged
from .team import Team

HORIZON = timedelta(days=400)
"""How far is looked for the end of a shift, and for the next one."""
_BEFORE = timedelta(minutes=1)  # enough to see that a shift began earlier


@dataclass(frozen=True, slots=True)
class Gift:
    """Shifts that `giver` has and `taker` is to have instead, in the order of time."""

    giver: str
    taker: str
    shifts: tuple[Assignment, ...]

    def spans(self) -> list[Span]:
        """Return when it is, as spans that do not touch."""
        return merged((shift.start, shift.end) for shift in self.shifts)


def shifts_of_day(team: Team, agent: str, day: date) -> list[Assignment]:
    """Return an agent's shifts that begin on a day, as a clock in the team's time zone shows it."""
    start, end = (_midnight(each, team) for each in (day, day + timedelta(days=1)))
    if not any(start <= shift.start for shift in _shifts(team, agent, start - _BEFORE, end)):
        return []
    until_their_ends = _shifts(team, agent, start - _BEFORE, end + HORIZON)
    return [shift for shift in until_their_ends if start <= shift.start < end]


def gift(team: Team, giver: str, taker: str, day: date) -> Gift:
    """Return what an agent can give another of a day: the shifts that the two do not have together."""
    own = shifts_of_day(team, giver, day)
    return Gift(giver, taker, tuple(shift for shift in own if taker not in shift.beside))


def next_to_give(team: Team, giver: str, taker: str, day: date) -> Assignment | None:
    """Return what the giver could give: the shift that a day begins in, or else the first one later."""
    start = _midnight(day, team)
    around = _shifts(team, giver, start - HORIZON, start + HORIZON)
    return next((shift for shift in around if shift.end > start and taker not in shift.beside), None)


def is_given(team: Team, gift: Gift) -> bool:
    """Tell whether the taker is there instead of the giver, in a team with overrides for it."""
    return all(_has_changed_hands(team, gift, shift) for shift in gift.shifts)


def _has_changed_hands(team: Team, gift: Gift, shift: Assignment) -> bool:
    there = expand_layer(team, shift.layer, shift.start, shift.end)
    if any(gift.giver in each.agents or gift.taker not in each.agents for each in there):
        return False
    return merged((each.start, each.end) for each in there) == [(shift.start, shift.end)]


def _shifts(team: Team, agent: str, start: datetime, end: datetime) -> Iterator[Assignment]:
    """Yield an agent's shifts: it is the same one while nothing but who else is there changes."""
    pieces = [one for one in assignments(team, start, end) if one.agent == agent]
    yield from sorted(_joined(pieces))


def _joined(pieces: Sequence[Assignment]) -> list[Assignment]:
    open_ones: dict[tuple[str, bool], Assignment] = {}
    whole: list[Assignment] = []
    for piece in pieces:
        place = (piece.layer, piece.backup)
        before = open_ones.get(place)
        if before is not None and before.end == piece.start:
            beside = tuple(agent for agent in before.beside if agent in piece.beside)  # all the time
            open_ones[place] = replace(before, end=piece.end, beside=beside)
            continue
        if before is not None:
            whole.append(before)
        open_ones[place] = piece
    return [*whole, *open_ones.values()]


def _midnight(day: date, team: Team) -> datetime:
    return first_instant(datetime.combine(day, time()), ZoneInfo(team.timezone))
