"""Warns of changes that come too late for those whom they put on call.

French law (Code du travail, L3121-12): who is on call at home is told 15 days ahead, or, in exceptional
circumstances, one clear day ahead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..core.documents import Loc
from ..core.findings import Finding
from .calendar import first_instant, wall_time
from .outlook import Outlook, Prospect, hours, told
from .schedule import Shift
from .spans import Span, merged, total, without

NOTICE_DAYS = 15
EXCEPTIONAL_DAYS = 2
"""One clear day: neither the day on which somebody is told counts, nor that of the shift."""


class Announced(Protocol):
    """A shift as it was published: `agents` are on call [`start`, `end`)."""

    @property
    def start(self) -> datetime: ...

    @property
    def end(self) -> datetime: ...

    @property
    def agents(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Published:
    """Who was to be on call, until `until`, by what was published before the files that are checked.

    `told_at` is when people are told of what is checked: now, unless it has been published since.
    """

    shifts: Sequence[Announced]
    until: datetime
    told_at: datetime


Before = Callable[[str], Published | None]
"""Tells what was published before files with this hash (`RosterBook.hash`), None when that is not known."""


def unknown_before(_hash: str) -> None:
    """Tell that nothing is known of what was published before."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """What puts somebody on call: where it stands, and how many days before they must know."""

    loc: Loc
    days: int


def notice_findings(before: Published, outlook: Outlook) -> Iterator[Finding]:
    """Warn of each agent whom a change since `before` puts on call sooner than the law allows."""
    known: dict[str, list[Span]] = defaultdict(list)
    for shift in before.shifts:
        for name in shift.agents:
            known[name].append((shift.start, shift.end))
    for prospect in outlook.prospects:
        late: dict[tuple[_Cause, str], list[Span]] = defaultdict(list)
        for shift in outlook.shifts(prospect.team):
            for name in shift.agents if shift.kind == "astreinte" else ():
                cause = _cause(prospect, shift, name)
                end = min(shift.end, before.until, _first_day(before.told_at, cause.days, prospect))
                if shift.start < end:
                    late[cause, name] += without((shift.start, end), merged(known[name]))
        for (cause, name), spans in late.items():
            if spans:
                yield _too_late(prospect, cause, name, spans, before.told_at)


def _cause(prospect: Prospect, shift: Shift, name: str) -> _Cause:
    for index, override in enumerate(prospect.source.file.overrides):
        if override.id in shift.overrides and override.with_ == name:
            days = EXCEPTIONAL_DAYS if override.exceptional else NOTICE_DAYS
            return _Cause(("overrides", index, "with"), days)
    return _Cause(("layers", prospect.layer_index(shift.layer), "id"), NOTICE_DAYS)


def _first_day(told_at: datetime, days: int, prospect: Prospect) -> datetime:
    """Return the beginning of the first day on which somebody may be on call who is told at an instant."""
    day = wall_time(told_at, prospect.zone).toordinal() + days
    return first_instant(datetime.fromordinal(day), prospect.zone)


def _too_late(prospect: Prospect, cause: _Cause, name: str, spans: list[Span], told_at: datetime) -> Finding:
    law, remedy = "15 days before (Code du travail, L3121-12)", "let it begin later, or agree with them"
    if cause.days == EXCEPTIONAL_DAYS:
        law = "one clear day before, as it is `exceptional` (Code du travail, L3121-12)"
    elif cause.loc[0] == "overrides":
        remedy = "let it begin later, or add `exceptional: true` where the circumstances are"
    day = wall_time(told_at, prospect.zone)
    return prospect.source.document.finding(
        cause.loc,
        f"`{name}` is told too late of being on call",
        found=f"told on {day:%Y-%m-%d} of {told(spans[0], prospect.zone)}"
        + (f", and more: {hours(total(spans))} in all" if len(spans) > 1 else ""),
        expected=f"told {law}",
        remedy=remedy,
        severity="warning",
    )
