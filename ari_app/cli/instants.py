"""Instants as people write them on a command line, and as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.errors import AstreinteError
from ..roster.calendar import first_instant, last_instant, wall_time


class NotAnInstant(AstreinteError):
    """What an option was given is not a date and time."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not an instant",
            remedy="write it as 2026-12-25T03:00 (the team's own time) or 2026-12-25T03:00+01:00; "
            "2026-12-25 is its midnight",
        )


def read_instant(text: str, zone: ZoneInfo, option: str) -> tuple[datetime, list[str]]:
    """Return the instant that the text of an option stands for, and what to know if clocks change then.

    Without an offset it is what a clock in `zone` shows. Raises `NotAnInstant`.
    """
    try:
        written = datetime.fromisoformat(text.strip())
        if written.tzinfo is not None:
            return written.astimezone(UTC), []
        first, last = first_instant(written, zone), last_instant(written, zone)
        shown = wall_time(first, zone)
    except (ValueError, OverflowError):
        raise NotAnInstant(text) from None
    local = first.astimezone(zone)
    if shown != written:
        skipped = f"{written:%H:%M} does not exist on that day: the clock goes on to {local:%H:%M}"
        return first, [f"{skipped}, which is what you see"]
    if first != last:
        second = last.astimezone(zone).isoformat(timespec="minutes")
        twice = f"{written:%H:%M} comes twice on that day: this is the first ({local:%z})"
        return first, [f"{twice}; for the second, {option} {second}"]
    return first, []


class NotInRosters(AstreinteError):
    """An instant that a roster, which knows wall-clock times in whole minutes, cannot say."""


def read_wall_time(text: str, zone: ZoneInfo, option: str, *, end: bool) -> tuple[datetime, list[str]]:
    """Return the wall-clock time that a roster has to say to mean the instant that the text of an option
    stands for, and what to know if clocks change then.

    `end`: it is the end of a span, where a time that comes twice is the last, not the first. Raises
    `NotAnInstant` and `NotInRosters`.
    """
    instant, _ = read_instant(text, zone, option)
    written = datetime.fromisoformat(text.strip())
    wall = wall_time(instant, zone)
    if wall.second or wall.microsecond:
        raise NotInRosters(f"{option} {text} is no whole minute", remedy="leave the seconds out")
    if written.tzinfo is None and wall != written:
        skipped = f"{written:%H:%M} does not exist on that day: the clock goes on to {wall:%H:%M}"
        return wall, [f"{skipped}, which is written"]
    first, last = first_instant(wall, zone), last_instant(wall, zone)
    if first == last:
        return wall, []
    meant, which, other = (last, "last", "first") if end else (first, "first", "second")
    where = "end" if end else "beginning"
    local = meant.astimezone(zone)
    told = (
        f"{wall:%H:%M} comes twice on that day: as the {where} of an override it is the {which} ({local:%z})"
    )
    if written.tzinfo is not None and instant != meant:
        raise NotInRosters(f"{told}, never the {other}", remedy="write a time before or after the two hours")
    return wall, [told]


def length(duration: timedelta) -> str:
    """Return a duration as people say it: `12 h`, `9 h 30`, `45 min`."""
    minutes = round(duration.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02}" if rest else f"{hours} h"


def moment(at: datetime, zone: ZoneInfo, *, year: bool = False) -> str:
    """Return an instant in local time with its offset: `Tue 24 Nov 20:00 +0100`."""
    local = at.astimezone(zone)
    return f"{local:%a %d %b %Y %H:%M %z}" if year else f"{local:%a %d %b %H:%M %z}"


def iso(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as ISO 8601 in local time: `2026-11-24T20:00:00+01:00`."""
    return at.astimezone(zone).isoformat(timespec="seconds")
