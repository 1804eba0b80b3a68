"""Warns of turns that give some people more than others: hours, nights, weekends, public holidays.

The first three are those of a usual year, counted on the wall's clock: what the arithmetic of a rotation
brings for ever, not what the next weeks happen to bring. Seven people who take a day each, for instance, have
the same day every week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import gcd

from ..core.documents import Loc
from ..core.findings import Finding
from ..core.public_holidays import PublicHolidays
from .calendar import LENGTHS, Turns, first_instant
from .outlook import Outlook, Prospect
from .rotation import Group, Rotation
from .schedule import expand
from .team import Layer
from .week import DAY, NIGHT, WEEK, WEEKEND, WHOLE, is_sure, minutes, of_layer

MOST = 1.25
"""How many times the least share the greatest one may be."""
MATERIAL = 24.0
"""Hours a year; a smaller difference is not told."""
MANY_HOLIDAYS = (4, 3)
"""A year's public holidays are shared unfairly from so many more on, if it is that many times as many."""
YEAR = 365.2425 * DAY
"""Minutes."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Load:
    """Hours a year of something, by agent."""

    what: str
    by_agent: dict[str, float]

    @property
    def unfair(self) -> bool:
        """Whether somebody has much more of it than somebody else."""
        least, most = min(self.by_agent.values()), max(self.by_agent.values())
        return most > MOST * least and most - least >= MATERIAL

    def __str__(self) -> str:
        ranked = sorted(self.by_agent, key=lambda name: self.by_agent[name])
        most, least = (f"{self.by_agent[name]:,.0f} h for `{name}`" for name in (ranked[-1], ranked[0]))
        return f"{self.what} {most}, {least}"


def unfair_shares(outlook: Outlook) -> Iterator[Finding]:
    """Warn of layers in which some have much more hours, nights, weekends or public holidays than others."""
    for prospect in outlook.prospects:
        named = {ring.layer for ring in prospect.team.escalation}
        covered = 0  # by the layers that win over the one that is looked at
        for index, layer in reversed(list(enumerate(prospect.team.layers))):
            served = of_layer(layer) & (WHOLE if layer.id in named else ~covered)
            for version, groups in _versions(layer, outlook):
                loc: Loc = ("layers", index, "rotation", "members", *version)
                yield from _told_of(prospect, layer, groups, loc, served)
            if is_sure(layer, outlook.start, outlook.end):
                covered |= of_layer(layer)
        yield from _holidays(outlook, prospect)


def _versions(layer: Layer, outlook: Outlook) -> Iterator[tuple[tuple[int, ...], tuple[Group, ...]]]:
    """Yield the groups that take turns in the next weeks, each with its version's place among several."""
    if not isinstance(layer.groups, Rotation) or layer.groups.turns is None or layer.end <= outlook.start:
        return
    if layer.opening is not None and layer.opening.closures is not None and layer.opening.closures.only_on:
        return  # on holidays alone: those are counted one by one
    versions = layer.groups.versions
    ends = [version.start for version in versions[1:]] + [layer.end]
    for number, (version, end) in enumerate(zip(versions, ends, strict=True)):
        if version.start < outlook.end and end > outlook.start:
            yield (number,) if len(versions) > 1 else (), version.groups


def _told_of(
    prospect: Prospect, layer: Layer, groups: tuple[Group, ...], loc: Loc, served: int
) -> Iterator[Finding]:
    if len(groups) < 2 or not isinstance(layer.groups, Rotation) or layer.groups.turns is None:
        return
    turns = layer.groups.turns
    turning = of_layer(layer) if layer.groups.served is not None else WHOLE
    turns_of = Counter(name for group in groups for name in group)
    equal = len(set(turns_of.values())) == 1
    loads = []
    for what, which in (("in all", WHOLE), ("at night", NIGHT), ("at weekends", WEEKEND)):
        if what == "in all" and layer.kind == "permanence":
            continue  # how many hours somebody works is between them and their employer
        shares = yearly_hours(turns, len(groups), served & which, turning)
        if not (equal and len(set(shares)) == 1):
            loads.append(_Load(what, {name: _sum(shares, groups, name) for name in turns_of}))
    unfair = [load for load in loads if load.unfair]
    if not unfair:
        return
    yield prospect.source.document.finding(
        loc,
        f"the layer `{layer.id}` is shared unfairly",
        found="in a year: " + "; ".join(map(str, unfair)),
        expected="shares that differ by a quarter at most",
        remedy="change a turn's length or the number of groups: now the same days come to the same people"
        if equal
        else "name each as often as the others, or leave it if that is meant",
        severity="warning",
    )


def _sum(shares: list[float], groups: tuple[Group, ...], name: str) -> float:
    return sum(share for share, group in zip(shares, groups, strict=True) if name in group)


def yearly_hours(turns: Turns, groups: int, counted: int, turning: int) -> list[float]:
    """Return the hours a year, of the minutes `counted`, of each group's turns.

    A turn without any of the minutes `turning` is passed over: the next one is the same group's.
    """
    if turns.unit == "months":  # of any length, beginning on any day: each group has its part of everything
        return [counted.bit_count() / 60 * YEAR / WEEK / groups] * groups
    length = turns.count * LENGTHS[turns.unit] // _MINUTE
    begin = turns.anchor.weekday() * DAY + turns.anchor.hour * 60 + turns.anchor.minute
    pattern = WEEK // gcd(WEEK, length)  # so many turns, and the next begins at the same time of the week
    contents = []
    for turn in range(pattern):
        weeks, rest = divmod(length, WEEK)
        piece = minutes(begin + turn * length, rest)
        if weeks or piece & turning:
            contents.append(weeks * counted.bit_count() + (piece & counted).bit_count())
    if not contents:
        return [0.0] * groups
    # Group g has the turns g, g + groups ... of patterns without end: those that are g modulo `classes`.
    classes = gcd(len(contents), groups)
    times = YEAR / (pattern * length) * classes / groups / 60
    return [sum(contents[group % classes :: classes]) * times for group in range(groups)]


def _holidays(outlook: Outlook, prospect: Prospect) -> Iterator[Finding]:
    """Warn of the public holidays of the next 12 months, for teams whose file says which days those are."""
    team = prospect.team
    calendars = [
        calendar
        for layer in team.layers
        if layer.opening is not None and layer.opening.closures is not None
        for calendar in (*layer.opening.closures.only_on, *layer.opening.closures.except_on)
        if isinstance(calendar, PublicHolidays)
    ]
    if not calendars:
        return
    days = _next_year(outlook.start, calendars[0])
    on_call: dict[str, Counter[str]] = {layer.id: Counter() for layer in team.layers}
    for day in days:
        start, end = (first_instant(datetime.fromordinal(day + after), prospect.zone) for after in (0, 1))
        for served, name in {(each.layer, name) for each in expand(team, start, end) for name in each.agents}:
            on_call[served][name] += 1
    for index, layer in enumerate(team.layers):
        counts = {name: on_call[layer.id][name] for name in sorted(layer.groups.agents)}
        if len(counts) < 2:
            continue
        least, most = (extreme(counts, key=lambda name: counts[name]) for extreme in (min, max))
        more, times = MANY_HOLIDAYS
        if counts[most] - counts[least] >= more and counts[most] >= times * counts[least]:
            yield prospect.source.document.finding(
                ("layers", index, "id"),
                f"the public holidays of the layer `{layer.id}` are shared unfairly",
                found=f"of the {len(days)} of the next 12 months {counts[most]} for `{most}`, "
                f"{counts[least]} for `{least}`",
                expected=f"less than {times} times as many",
                remedy="let somebody else stand in on some of them, by overrides",
                severity="warning",
            )


def _next_year(at: datetime, calendar: PublicHolidays) -> list[int]:
    first = at.astimezone(UTC).toordinal()
    years = (at.year, at.year + 1)
    return sorted(day for year in years for day in calendar.of_year(year) if first <= day < first + 365)
