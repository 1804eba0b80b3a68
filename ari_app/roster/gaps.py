"""Tells of times in which nobody is on call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..core.documents import Loc
from ..core.findings import Finding, Severity
from .calendar import wall_time
from .outlook import Outlook, Prospect, hours, rings_on_call, told
from .resolver import resolve
from .spans import Span, total, without
from .week import surely_covered
from .weekly import every_week

MOST_TOLD = 5
"""Gaps of one team that are told one by one; the others are counted."""
CLOSED = timedelta(hours=84)
"""Who has nobody for more than half of every week has opening hours: that is a note, not a warning."""


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
    weekly, single = every_week(spans, (outlook.start, outlook.end), prospect.zone)
    length = sum((each.length for each in weekly), timedelta())
    has_hours = length > CLOSED
    if weekly:
        words = f"{what} for {hours(length)} of every week", ", ".join(map(str, weekly))
        yield _finding(prospect, layers, words, "note" if has_hours else usual, rung=rung)
    closed = [span for span in single if has_hours and _is_closed(prospect, span)]
    if closed:
        words = (
            f"{what} for {hours(total(closed))} on days that `closures` leave out",
            f"first {told(closed[0], prospect.zone)}",
        )
        yield _finding(prospect, layers, words, "note", rung=rung)
    single = [span for span in single if span not in closed]
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


def _is_closed(prospect: Prospect, span: Span) -> bool:
    """Tell whether a gap is on a day that a layer's closures leave out, and nothing else explains it."""
    first, last = (wall_time(at, prospect.zone).toordinal() for at in span)
    closures = (layer.opening.closures for layer in prospect.team.layers if layer.opening is not None)
    return _cause(prospect, span) == _layers(prospect) and any(
        not each.is_open(day) for each in closures if each is not None for day in range(first, last + 1)
    )


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
        if severity == "note" and prospect.team.voicemail is not None:
            remedy = f"leave it if the team is closed then; else {remedy}"
    return prospect.source.document.finding(
        loc, message, found=found, expected=expected, remedy=remedy, key=len(loc) == 1, severity=severity
    )
