"""When whose duty begins: whom duty calls ring, and which handoffs are told of.

Pure: functions of a team and an instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from .schedule import Shift, expand
from .spans import Span, merged
from .team import Team

LONGEST = timedelta(days=31)
"""How far ahead the end of somebody's duty is looked for; who is always on call has none."""
USUAL = timedelta(days=1)
"""How far is looked first."""
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class DutyShift:
    """An agent on call for a team from `start` until `end` (UTC, exclusive), without a break.

    A change of the layer, or of those who are on call beside the agent, is none.
    """

    start: datetime
    end: datetime
    team: str
    agent: str


@dataclass(frozen=True, slots=True)
class Handoff:
    """From `start` on others are on call for a team than before, until `end` (UTC)."""

    start: datetime
    end: datetime
    team: str
    agents: tuple[str, ...]


def beginning(team: Team, after: datetime, until: datetime) -> list[DutyShift]:
    """Return the duties that begin after an instant and not later than `until`, in order."""
    spans = _spans(expand(team, after, until + INSTANT))
    begun = [(start, agent) for agent, each in spans.items() for start, _ in each if start > after]
    return [DutyShift(start, _end(team, agent, start), team.id, agent) for start, agent in sorted(begun)]


def is_on_duty(team: Team, agent: str, at: datetime) -> bool:
    """Tell whether an agent is on call for a team at an instant."""
    return any(agent in shift.agents for shift in expand(team, at, at + INSTANT))


def handoffs(team: Team, after: datetime, until: datetime) -> list[Handoff]:
    """Return the handoffs after an instant, and not later than `until`.

    That nobody is on call for a while, such as by day, is none if the same people go on afterwards.
    """
    shifts = expand(team, after - LONGEST, until + LONGEST)
    turns = [list(turn) for _, turn in groupby(shifts, key=lambda shift: frozenset(shift.agents))]
    return [
        Handoff(turn[0].start, turn[-1].end, team.id, turn[0].agents)
        for turn in turns
        if after < turn[0].start <= until
    ]


def _end(team: Team, agent: str, start: datetime) -> datetime:
    end = start
    for length in (USUAL, LONGEST):
        end = _spans(expand(team, start, start + length))[agent][0][1]
        if end < start + length:
            break
    return end


def _spans(shifts: tuple[Shift, ...]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for shift in shifts:
        for agent in shift.agents:
            spans.setdefault(agent, []).append((shift.start, shift.end))
    return {agent: merged(each) for agent, each in spans.items()}
