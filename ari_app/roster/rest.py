"""Warns of people who have too little rest between their work and their duty at work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from ..core.findings import Finding
from .files import AgentSource
from .outlook import Outlook, Prospect, hours, told
from .schedule import Shift
from .spans import Span, merged
from .team import build_window

DAY, REST = timedelta(hours=24), timedelta(hours=11)
"""Every day has a rest of 11 hours at one go (Code du travail, L3131-1). To be on call at home is rest, but
for the interventions (L3121-10); a `permanence` is work."""

_Duty = tuple[Prospect, Shift]


def too_little_rest(outlook: Outlook) -> Iterator[Finding]:
    """Warn of a `permanence` that leaves less than 11 h of rest a day to somebody who has `work_hours`."""
    working = {name: agent for name, agent in outlook.agents.items() if agent.entry.work_hours}
    duties: dict[str, list[_Duty]] = defaultdict(list)
    for prospect in outlook.prospects if working else ():
        team = prospect.team
        if team.agents.keys() & working.keys() and any(layer.kind == "permanence" for layer in team.layers):
            for shift in outlook.shifts(team):
                for name in shift.agents if shift.kind == "permanence" else ():
                    duties[name].append((prospect, shift))
    for name, agent in working.items():
        if duties[name]:
            yield from _of_agent(outlook, agent, duties[name])


def _of_agent(outlook: Outlook, agent: AgentSource, duties: list[_Duty]) -> Iterator[Finding]:
    work = merged(
        [
            *((shift.start, shift.end) for _, shift in duties),
            *_hours_of_work(outlook, agent, agent.entry.timezone or duties[0][0].zone),
        ]
    )
    by_layer: dict[tuple[str, int], list[tuple[_Duty, list[Span]]]] = defaultdict(list)
    for stretch in _stretches(work):
        if stretch[-1][1] - stretch[0][0] <= DAY - REST:
            continue
        for prospect, shift in duties:
            if stretch[0][0] <= shift.start < stretch[-1][1]:
                place = (prospect.team.id, prospect.layer_index(shift.layer))
                by_layer[place].append(((prospect, shift), stretch))
    for (_, index), found in by_layer.items():
        (prospect, shift), stretch = found[0]
        begin, end = _around(stretch, shift)
        rest = max((after[0] - before[1] for before, after in pairwise(stretch)), default=timedelta())
        yield prospect.source.document.finding(
            ("layers", index, "id"),
            f"`{agent.id}` has less than 11 h of rest around the permanence `{shift.layer}`",
            found=f"{told((begin, end), prospect.zone)}, with {hours(rest)} of rest at most; "
            f"{len(found)} times in the next 60 days",
            expected="11 h of rest at one go within 24 h (Code du travail, L3131-1)",
            remedy=f"let somebody else have these shifts, or correct the `work_hours` of `{agent.id}`",
            severity="warning",
        )


def _around(stretch: list[Span], shift: Shift) -> Span:
    """Return the work from before a shift until after it."""
    place = next(i for i, span in enumerate(stretch) if span[0] <= shift.start < span[1])
    return stretch[max(place - 1, 0)][0], stretch[min(place + 1, len(stretch) - 1)][1]


def _stretches(work: list[Span]) -> Iterator[list[Span]]:
    """Yield the spans of work that no long rest parts."""
    stretch: list[Span] = []
    for span in work:
        if stretch and span[0] - stretch[-1][1] >= REST:
            yield stretch
            stretch = []
        stretch.append(span)
    if stretch:
        yield stretch


def _hours_of_work(outlook: Outlook, agent: AgentSource, zone: ZoneInfo) -> Iterator[Span]:
    windows = [build_window(entry) for entry in agent.entry.work_hours or ()]
    first, last = outlook.start.toordinal() - 2, outlook.end.toordinal() + 2
    for day in range(first, last):
        for window in windows:
            if (day + 6) % 7 in window.days:  # the ordinal 1 is a Monday
                yield window.span(day, zone)
