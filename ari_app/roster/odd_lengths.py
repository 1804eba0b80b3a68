"""Notes the shifts that a clock change makes longer or shorter than usual."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..core.findings import Finding
from .calendar import clock_changes, last_instant, wall_time
from .outlook import Outlook, hours, told
from .schedule import expand

LONGEST = timedelta(days=8)
"""Longer shifts are not told of: nobody counts their hours."""


def shifts_of_odd_length(outlook: Outlook) -> Iterator[Finding]:
    """Note, for each team and clock change, the shift during which it happens."""
    for prospect in outlook.prospects:
        zone = prospect.zone
        for change in _changes(zone, outlook.start, outlook.end):
            around = expand(prospect.team, change - LONGEST, change + LONGEST)
            for shift in around:
                uncut = change - LONGEST < shift.start < change < shift.end < change + LONGEST
                usual = wall_time(shift.end, zone) - wall_time(shift.start, zone)
                if uncut and usual != shift.end - shift.start:
                    length = hours(shift.end - shift.start)
                    yield prospect.source.document.finding(
                        ("layers", prospect.layer_index(shift.layer), "window"),
                        f"a shift lasts {length} instead of {hours(usual)}: the clocks change",
                        found=f"{told((shift.start, shift.end), zone)}: {', '.join(shift.agents)}",
                        expected=f"{hours(usual)}, as on other days",
                        remedy=f"nothing is wrong: who counts hours counts {length}",
                        severity="note",
                    )


@lru_cache(maxsize=1024)
def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return the instants within [start, end) at which the clocks of a zone change."""
    years = range(start.astimezone(UTC).year, end.astimezone(UTC).year + 1)
    changes = [last_instant(wall, zone) for year in years for wall, _ in clock_changes(year, zone)]
    return tuple(change for change in changes if start <= change < end)
