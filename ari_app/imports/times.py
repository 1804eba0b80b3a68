"""The times of exports: instants and lengths in seconds become what a clock on the wall shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .export import NotAnExport
from .model import Imported, Layer, Window

HOUR, DAY, WEEK = 3600, 86_400, 604_800  # seconds
MINUTES_A_DAY, MINUTES_A_WEEK = 1440, 10_080
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def zone_of(name: str | None, where: str) -> ZoneInfo:
    """Return a time zone. Raises `NotAnExport`."""
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, LookupError):
        raise NotAnExport(
            f"the time zone {str(name)[:60]!r} of {where} is unknown",
            remedy="write an IANA name into the file",
        ) from None


def instant(text: str, zone: ZoneInfo, where: str) -> datetime:
    """Return the instant that a text stands for; without an offset it is a time of `zone`."""
    try:
        at = datetime.fromisoformat(text.strip())
        at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
        at.astimezone(zone)
    except (ValueError, OverflowError):
        raise NotAnExport(f"{text[:40]!r} of {where} is not a time", remedy="export it again") from None
    if not 1970 <= at.year < 2199:
        raise NotAnExport(
            f"{text[:40]!r} of {where} is out of range", remedy="correct it where it comes from"
        )
    return at


def wall(at: datetime, zone: ZoneInfo, where: str, imported: Imported) -> datetime:
    """Return what a clock in `zone` shows at an instant, to the minute."""
    local = at.astimezone(zone)
    if local.fold or local.second or local.microsecond:
        imported.lose(
            where,
            f"the instant {local.isoformat()}",
            "rosters write what a clock shows, in minutes; of a time that comes twice, the first is meant",
            "look at that time in the file",
        )
    return local.replace(tzinfo=None, fold=0, second=0, microsecond=0)


def turn(seconds: int) -> tuple[int, str] | None:
    """Return a turn's length as rosters write it, None if they cannot."""
    for unit, length in (("weeks", WEEK), ("days", DAY), ("hours", HOUR)):
        if seconds > 0 and seconds % length == 0:
            return seconds // length, unit
    return None


def windows(day: int, start: int, minutes: int) -> list[Window]:
    """Return the windows that cover so many minutes from a time of a day on; each is a day at most."""
    found = []
    while minutes > 0:
        length = min(minutes, MINUTES_A_DAY)
        found.append(Window((day % 7,), start, (start + length) % MINUTES_A_DAY))
        day, minutes = day + 1, minutes - length
    return found


def joined(pieces: list[Window]) -> list[Window]:
    """Return windows with those of the same hours as one; none if they are all the time there is."""
    hours: dict[tuple[int, int], set[int]] = {}
    for piece in pieces:
        hours.setdefault((piece.start, piece.end), set()).update(piece.days)
    found = [Window(tuple(sorted(days)), start, end) for (start, end), days in hours.items()]
    return [] if covered(found) == (1 << MINUTES_A_WEEK) - 1 else found


def covered(pieces: list[Window]) -> int:
    """Return the minutes of the week, as bits, in which windows are open; without windows all of them."""
    if not pieces:
        return (1 << MINUTES_A_WEEK) - 1
    bits = 0
    for piece in pieces:
        length = (piece.end - piece.start) % MINUTES_A_DAY or MINUTES_A_DAY
        for day in piece.days:
            shifted = ((1 << length) - 1) << (day * MINUTES_A_DAY + piece.start)
            bits |= shifted & ((1 << MINUTES_A_WEEK) - 1) | shifted >> MINUTES_A_WEEK
    return bits


def overlap(one: Layer, other: Layer) -> bool:
    """Tell whether two layers may have somebody at the same time."""
    starts = [each.start or each.anchor or datetime.min for each in (one, other)]  # noqa: DTZ901 - wall times
    ends = [each.end or datetime.max for each in (one, other)]  # noqa: DTZ901 - wall times
    return max(starts) < min(ends) and bool(covered(one.windows) & covered(other.windows))


def begin_before(layer: Layer) -> None:
    """Move the first handoff back by whole rounds of all members until it is not after the layer's start."""
    if layer.anchor is None or layer.every is None or layer.start is None or layer.anchor <= layer.start:
        return
    count, unit = layer.every
    if unit != "months":
        round_ = timedelta(**{unit: count * len(layer.members)})
        layer.anchor -= -((layer.start - layer.anchor) // round_) * round_
