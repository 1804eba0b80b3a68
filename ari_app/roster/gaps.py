"""Tells of times in which nobody is on call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.documents import Loc
from ..core.findings import Finding, Severity
from .outlook import WEEKDAYS, Outlook, Prospect, hours, rings_on_call, told, total
from .resolver import resolve
from .spans import Span, without
from .week import surely_covered

WEEKLY_FROM = 6
"""Gaps at the same times of the week, in so many of the eight weeks, are told as one."""
MOST_TOLD = 5
"""Gaps of one team that are told one by one; the others are counted."""
CLOSED = timedelta(hours=84)
"""Who has nobody for more than half of every week has opening hours: that is a note, not a warning."""


@dataclass(frozen=True, slots=True, order=True)
class _WeekTimes:
    """When a gap is in the week: minutes after Monday 00:00."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_of_week(self.start)} to {_of_week(self.end)}"


def times_without_anybody(outlook: Outlook) -> Iterator[Finding]:
    """Warn of times in which nobody would be rung; note those in which only agents named in a step are."""
    for prospect in outlook.prospects:
        team = prospect.team
        always = [ring for ring in team.escalation if ring.when is None]
        all_layers = any(rings_on_call(ring) and ring.layer is None for ring in always)
        if all_layers and surely_covered(team.layers, outlook.start, outlook.end):
            continue
        if not all_layers and any(ring.agents for ring in always):
            continue  # agents by name, at any instant
        whole = (outlook.start, outlook.end)
        on_call = [(shift.start, shift.end) for shift in outlook.shifts(team)]
        empty = without(whole, on_call) if all_layers else [whole]
        nobody, others = _apart(outlook, prospect, empty)
        yield from _told_of(outlook, prospect, nobody, rung=False)
        yield from _told_of(outlook, prospect, others if all_layers else [], rung=True)


def _apart(outlook: Outlook, prospect: Prospect, spans: list[Span]) -> tuple[list[Span], list[Span]]:
    """Return the times, of those in `spans`, in which no step is there for usual callers, and the others."""
    nobody, others = list[Span](), list[Span]()
    for start, end in spans:
        at = start
        while at < end:
            resolution = resolve(prospect.team, at, outlook.teams)
            until = min(resolution.until, end)
            rung = any(not any(each.vip for each in offer.conditions) for offer in resolution.offers)
            _append(others if rung else nobody, at, until)
            at = until
    return nobody, others


def _append(spans: list[Span], start: datetime, end: datetime) -> None:
    if spans and spans[-1][1] == start:
        start = spans.pop()[0]
    spans.append((start, end))


def _told_of(outlook: Outlook, prospect: Prospect, spans: list[Span], *, rung: bool) -> Iterator[Finding]:
    what = "nobody is on call" if rung else "nobody would be rung"
    usual: Severity = "note" if rung else "warning"
    layers = _layers(prospect)
    weekly, single = _by_week(outlook, prospect, spans)
    if weekly:
        length = total(list(weekly.values()))
        words = f"{what} for {hours(length)} of every week", ", ".join(map(str, sorted(weekly)))
        yield _finding(prospect, layers, words, "note" if length > CLOSED else usual, rung=rung)
    for span in single[:MOST_TOLD]:
        whole = span == (outlook.start, outlook.end)
        when = "in the next 60 days" if whole else f"for {hours(span[1] - span[0])}"
        words = f"{what} {when}", told(span, prospect.zone)
        yield _finding(prospect, _cause(prospect, span), words, usual, rung=rung)
    if rest := single[MOST_TOLD:]:
        words = (
            f"{what} at {len(rest)} more times",
            f"{hours(total(rest))}; the last {told(rest[-1], prospect.zone)}",
        )
        yield _finding(prospect, layers, words, usual, rung=rung)


def _by_week(
    outlook: Outlook, prospect: Prospect, spans: list[Span]
) -> tuple[dict[_WeekTimes, Span], list[Span]]:
    """Return the gaps that come every week, with an example of each, and those that do not.

    Of a gap that the first or last instant of the outlook cuts, the other end tells which it is.
    """
    kinds: dict[_WeekTimes, list[Span]] = defaultdict(list)
    for span in spans:
        kinds[_week_times(span, prospect)].append(span)
    weekly = {kind: found[0] for kind, found in kinds.items() if len(found) >= WEEKLY_FROM}
    starts, ends = {kind.start for kind in weekly}, {kind.end for kind in weekly}
    single = [
        span
        for kind, found in kinds.items()
        if kind not in weekly
        for span in found
        if not (span[0] == outlook.start and kind.end in ends)
        and not (span[1] == outlook.end and kind.start in starts)
    ]
    return weekly, sorted(single)


def _week_times(span: Span, prospect: Prospect) -> _WeekTimes:
    start, end = (at.astimezone(prospect.zone) for at in span)
    return _WeekTimes(
        *(wall.weekday() * 24 * 60 + wall.hour * 60 + wall.minute for wall in (start, end)),
    )


def _of_week(minute: int) -> str:
    day, minute = divmod(minute, 24 * 60)
    return f"{WEEKDAYS[day]} {minute // 60:02}:{minute % 60:02}"


def _layers(prospect: Prospect) -> Loc:
    return ("layers",) if prospect.team.layers else ("escalation",)


def _cause(prospect: Prospect, span: Span) -> Loc:
    """Return what a gap points to: a layer that ends where it begins, or begins where it ends; else all."""
    for index, layer in enumerate(prospect.team.layers):
        if layer.end == span[0]:
            return ("layers", index, "effective", "until")
        if layer.start == span[1]:
            return ("layers", index, "effective", "from")
        if layer.groups.at(span[0]) == ((), span[1]):
            return ("layers", index, "rotation")
    return _layers(prospect)


def _finding(
    prospect: Prospect, loc: Loc, words: tuple[str, str], severity: Severity, *, rung: bool
) -> Finding:
    message, found = words
    if rung:
        expected = "somebody on call; a later step rings agents by name then"
        remedy = "leave it if that step is meant to answer; else let a layer cover the time"
    else:
        expected = "somebody on call, or a step of the escalation that rings agents by name"
        remedy = "let a layer cover the time, or end the escalation with `ring: [NAME]`"
    return prospect.source.document.finding(
        loc, message, found=found, expected=expected, remedy=remedy, key=len(loc) == 1, severity=severity
    )
