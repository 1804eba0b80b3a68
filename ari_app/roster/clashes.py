"""Warns of people who would have to be in two places at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, cycle, islice
from math import lcm
from typing import NamedTuple

from ..core.findings import Finding
from .duty import Duties, Duty
from .escalation import Ring
from .outlook import Outlook, Prospect, hours, overlaps, rings_on_call, told
from .rotation import Groups, Rotation
from .schedule import Shift
from .spans import Span, merged, total
from .team import Team

MOST_PAIRS = 3
"""Pairs of teams that are told of one agent."""


@dataclass(frozen=True, slots=True)
class _Clash:
    """Two teams that somebody is on call for during the same `spans`."""

    one: Prospect
    other: Prospect
    spans: list[Span]


def two_teams_at_once(outlook: Outlook) -> Iterator[Finding]:
    """Warn of agents on call for two teams at the same time."""
    teams_of: dict[str, list[Prospect]] = defaultdict(list)
    for prospect in outlook.prospects:
        for name in _may_serve(prospect.team):
            teams_of[name].append(prospect)
    shared = {name: prospects for name, prospects in teams_of.items() if len(prospects) > 1}
    mine = {
        (name, prospect.team.id): tuple(each for each in outlook.shifts(prospect.team) if name in each.agents)
        for name, prospects in shared.items()
        for prospect in prospects
    }
    for name, prospects in shared.items():
        if name not in outlook.agents:
            continue
        clashes = [
            _Clash(one, other, spans)
            for one, other in combinations(prospects, 2)
            if (spans := _common(mine[name, one.team.id], mine[name, other.team.id]))
        ]
        if clashes:
            yield _two_teams(outlook, name, clashes)


def _may_serve(team: Team) -> set[str]:
    """Return everybody who may be on call for a team."""
    members = {name for layer in team.layers for name in layer.groups.agents}
    return members | {override.stand_in for override in team.overrides}


def _common(some: tuple[Shift, ...], others: tuple[Shift, ...]) -> list[Span]:
    return merged((start, end) for start, end, _, _ in overlaps(some, others))


def _two_teams(outlook: Outlook, name: str, clashes: list[_Clash]) -> Finding:
    first = min(clashes, key=lambda clash: clash.spans[0])
    pairs = [
        f"`{each.one.team.id}` and `{each.other.team.id}` for {hours(total(each.spans))}" for each in clashes
    ]
    shown = ", ".join(pairs[:MOST_PAIRS]) + (f" … ({len(pairs)} pairs)" if len(pairs) > MOST_PAIRS else "")
    agent = outlook.agents[name]
    return agent.document.finding(
        agent.loc,
        f"`{name}` is on call for two teams at once",
        found=f"{shown} of the next 60 days; first {told(first.spans[0], first.one.zone)}",
        expected="one team at a time: who talks to a caller of one is engaged for the other",
        remedy="let somebody else stand in for one of them, or leave it if later steps ring others",
        key=True,
        severity="warning",
    )


def backups_that_are_no_others(outlook: Outlook) -> Iterator[Finding]:
    """Warn of steps that ring a layer in which, at times, only those are whom an earlier step has rung.

    The first such time is told: most teams have somebody behind somebody, and to look further takes long.
    """
    for prospect in outlook.prospects:
        rung: list[str | None] = []
        for ring in prospect.team.escalation:
            if not rings_on_call(ring):
                continue
            repeat = (
                _first_repeat(outlook, prospect.team, rung, ring.layer) if ring.layer is not None else None
            )
            if repeat is not None:
                yield _repeated(prospect, ring, repeat)
            rung.append(ring.layer)


class _Repeat(NamedTuple):
    """A time in which all those of a layer, `behind`, were rung in another one before."""

    span: Span
    first: Duty
    behind: Duty


def _first_repeat(outlook: Outlook, team: Team, rung: list[str | None], layer: str) -> _Repeat | None:
    earlier = [each for each in rung if each != layer and _may_repeat(team, each, layer)]
    at = outlook.start
    duties = Duties(team, at)
    while earlier and at < outlook.end:
        duties.move_to(at)
        behind = duties.of(layer)
        for each in earlier:
            first = duties.serving() if each is None else duties.of(each)
            if first is None or behind is None or first.layer == layer:
                continue
            if _names(behind) <= _names(first):
                return _Repeat((at, min(duties.until, outlook.end)), first, behind)
        at = duties.until
    return None


def _names(duty: Duty) -> set[str]:
    return {name for name, _ in duty.agents}


def _may_repeat(team: Team, rung: str | None, layer: str) -> bool:
    """Tell whether somebody of a layer may be on call in another one (None: any) at the same time."""
    if team.overrides:
        return True
    behind = next(each for each in team.layers if each.id == layer)
    return any(
        not behind.groups.agents.isdisjoint(each.groups.agents)
        and not _turn_about(each.groups, behind.groups)
        for each in team.layers
        if each.id != layer and rung in (None, each.id)
    )


def _turn_about(some: Groups, others: Groups) -> bool:
    """Tell that two rotations hand over together, and never to the same people: one is the other, shifted."""
    if not isinstance(some, Rotation) or not isinstance(others, Rotation):
        return False
    if some.turns is None or others.turns is None or some.served is not None or others.served is not None:
        return False
    if some.turns != others.turns or len(some.versions) > 1 or len(others.versions) > 1:
        return False
    pairs = zip(cycle(some.versions[0].groups), cycle(others.versions[0].groups), strict=False)
    count = lcm(len(some.versions[0].groups), len(others.versions[0].groups))
    return all(set(one).isdisjoint(other) for one, other in islice(pairs, count))


def _repeated(prospect: Prospect, ring: Ring, repeat: _Repeat) -> Finding:
    names = ", ".join(f"`{name}`" for name, _ in repeat.behind.agents)
    return prospect.source.document.finding(
        ("escalation", ring.index, "layer"),
        f"the layer `{ring.layer}` has only those, at times, who were rung before",
        found=f"first {names} in `{repeat.first.layer}` too, {told(repeat.span, prospect.zone)}",
        expected="somebody else behind those on call",
        remedy=f"order the turns of `{ring.layer}` so that they differ from those of `{repeat.first.layer}`",
        severity="warning",
    )
