"""Wall-clock arithmetic: what a clock on the wall shows, and the instant that it stands for.

A wall time is a naive `datetime`; an instant is an aware one, in UTC. Clocks that change make two hard cases
(PEP 495): a time that the clock skips, and a time that it shows twice.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of what does not end."""
EARLIEST_YEAR, LATEST_YEAR = 1970, 2199
"""What is outside of these years is refused, so that arithmetic stays within what `datetime` can hold."""

Unit = Literal["hours", "days", "weeks", "months"]


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock in `zone` first shows `wall`.

    A skipped time is the first instant after the gap; a time shown twice is its first occurrence.
    """
    early, late = _offsets(wall, zone)
    if early < late:
        return _end_of_gap(wall, zone, early, late)
    return (wall - early).replace(tzinfo=UTC)


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock in `zone` last shows `wall`; a skipped time is the first instant after the gap."""
    early, late = _offsets(wall, zone)
    if early < late:
        return _end_of_gap(wall, zone, early, late)
    return (wall - late).replace(tzinfo=UTC)


def wall_time(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock in `zone` shows at an instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _offsets(wall: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """Return the offsets from UTC that hold for the first and for the second reading of a wall time."""
    early = zone.utcoffset(wall)
    late = zone.utcoffset(wall.replace(fold=1))
    assert early is not None  # noqa: S101 - a ZoneInfo has an offset for every time
    assert late is not None  # noqa: S101 - the same
    return early, late


def _end_of_gap(wall: datetime, zone: ZoneInfo, before: timedelta, after: timedelta) -> datetime:
    """Return the instant at which the clock jumped over `wall`. Zones change on whole seconds."""
    low = (wall - after).replace(tzinfo=UTC, microsecond=0)  # still before the jump
    high = (wall - before).replace(tzinfo=UTC, microsecond=0) + timedelta(seconds=1)  # after it
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Turns:
    """A rotation's handoffs: the wall times `anchor`, `anchor` + 1 step, `anchor` + 2 steps, ...

    Each is counted from the anchor, so that no error adds up; months clamp (31 Jan, 28 Feb, 31 Mar).
    """

    anchor: datetime
    count: int
    unit: Unit
    zone: ZoneInfo

    def handoff(self, turn: int) -> datetime:
        """Return the instant at which a turn (0 is the anchor's) begins."""
        return first_instant(self._wall(turn), self.zone)

    def turn_at(self, at: datetime) -> tuple[int, datetime] | None:
        """Return the turn that holds at an instant and when it ends; None before the anchor."""
        turn = max(self._estimate(wall_time(at, self.zone)), 0)
        while turn >= 0 and self.handoff(turn) > at:
            turn -= 1
        if turn < 0:
            return None
        end = self.handoff(turn + 1)
        while end <= at:
            turn += 1
            end = self.handoff(turn + 1)
        return turn, end

    def _wall(self, turn: int) -> datetime:
        steps = turn * self.count
        if self.unit == "months":
            months = self.anchor.month - 1 + steps
            year, month = self.anchor.year + months // 12, months % 12 + 1
            return self.anchor.replace(
                year=year, month=month, day=min(self.anchor.day, monthrange(year, month)[1])
            )
        return self.anchor + steps * _LENGTHS[self.unit]

    def _estimate(self, wall: datetime) -> int:
        if self.unit == "months":
            months = (wall.year - self.anchor.year) * 12 + wall.month - self.anchor.month
            return months // self.count
        return (wall - self.anchor) // (_LENGTHS[self.unit] * self.count)


_LENGTHS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the day that recurs on some days of the week; it belongs to the day on which it starts.

    Times are minutes after midnight. An end that is not after the start is on the next day (equal: 24 h).
    """

    days: frozenset[int]  # Monday is 0, as in `date.weekday()`
    start: int
    end: int
    zone: ZoneInfo

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Return the instants [start, end) of the window of `day`; equal if the clock skipped it."""
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time
        start = first_instant(midnight + timedelta(minutes=self.start), self.zone)
        nights = 0 if self.end > self.start else 1
        end = last_instant(midnight + timedelta(days=nights, minutes=self.end), self.zone)
        return start, max(start, end)

    def at(self, at: datetime) -> tuple[bool, datetime]:
        """Return whether an instant is within the window, and the next instant at which that may change."""
        today = wall_time(at, self.zone).date()
        for days in range(-_NEAR_DAYS, _FAR_DAYS):
            day = today + timedelta(days=days)
            if day.weekday() not in self.days:
                continue
            start, end = self.span(day)
            if start <= at < end:
                return True, end
            if at < start < end:
                return False, start
        return False, at + timedelta(days=_FAR_DAYS - 2)


_NEAR_DAYS = 2  # a window that still runs began yesterday at the earliest; one more where a clock skips a day
_FAR_DAYS = 32  # a window recurs within a week, or within a few where clock changes swallow it
