"""Wall-clock arithmetic: what a clock on the wall shows, and the instant that it stands for.

A wall time is a naive `datetime`; an instant is an aware one, in UTC. Clocks that change make two hard cases
(PEP 495): a time that the clock skips, and a time that it shows twice.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of what does not end."""
EARLIEST_YEAR, LATEST_YEAR = 1970, 2199
"""What is outside of these years is refused, so that arithmetic stays within what `datetime` can hold."""
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
"""The start of what has no start."""

Unit = Literal["hours", "days", "weeks", "months"]

_ZERO = datetime(1, 1, 1)  # noqa: DTZ001 - a wall time
_ZERO_UTC = ALWAYS


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock in `zone` first shows `wall`.

    A skipped time is the first instant after the gap; a time shown twice is its first occurrence.
    """
    steady = offset_all_day(wall.toordinal(), zone)
    if steady is not None:
        return _less(wall, steady)
    early, late = _offsets(wall, zone)
    return _end_of_gap(wall, zone, early, late) if early < late else _less(wall, early)


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock in `zone` last shows `wall`; a skipped time is the first instant after the gap."""
    steady = offset_all_day(wall.toordinal(), zone)
    if steady is not None:
        return _less(wall, steady)
    early, late = _offsets(wall, zone)
    return _end_of_gap(wall, zone, early, late) if early < late else _less(wall, late)


def wall_time(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock in `zone` shows at an instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=1 << 14)
def offset_all_day(day: int, zone: ZoneInfo) -> timedelta | None:
    """Return the offset from UTC that holds on a whole day (its ordinal), None if clocks change on it.

    Most days are like that, and many windows and handoffs ask for the same ones.
    """
    midnight = datetime.fromordinal(day)
    probes = (midnight + timedelta(hours=hours) for hours in (0, 6, 12, 18, 24))
    offsets = {offset for probe in probes for offset in _offsets(probe, zone)}
    return offsets.pop() if len(offsets) == 1 else None


@lru_cache(maxsize=1 << 12)
def clock_changes(year: int, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """Return the wall times [start, end) that a clock skips or shows twice in a year (of UTC)."""
    changes = []
    step, second = timedelta(weeks=2), timedelta(seconds=1)
    low, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while low < end:  # no zone changes its clocks twice within two weeks
        high = min(low + step, end)
        before, after = _offset_at(low, zone), _offset_at(high, zone)
        if before != after:
            begin, change = low, high
            while change - begin > second:
                middle = begin + timedelta(seconds=(change - begin) // (2 * second))
                begin, change = (middle, change) if _offset_at(middle, zone) == before else (begin, middle)
            wall = change.replace(tzinfo=None)
            changes.append((wall + min(before, after), wall + max(before, after)))
        low = high
    return tuple(changes)


def _offset_at(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo has an offset for every instant
    return offset


def _less(wall: datetime, offset: timedelta) -> datetime:
    return _ZERO_UTC + (wall - _ZERO - offset)  # `replace(tzinfo=UTC)` takes ten times as long


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
        return first_instant(self.wall(turn), self.zone)

    def turn_at(self, at: datetime) -> tuple[int, datetime] | None:
        """Return the turn that holds at an instant and when it ends; None before the anchor."""
        turn = max(self.turn_on_wall(wall_time(at, self.zone)), 0)
        while turn >= 0 and self.handoff(turn) > at:
            turn -= 1
        if turn < 0:
            return None
        end = self.handoff(turn + 1)
        while end <= at:
            turn += 1
            end = self.handoff(turn + 1)
        return turn, end

    def wall(self, turn: int) -> datetime:
        """Return the wall time at which a turn begins."""
        steps = turn * self.count
        if self.unit == "months":
            months = self.anchor.month - 1 + steps
            year, month = self.anchor.year + months // 12, months % 12 + 1
            return self.anchor.replace(
                year=year, month=month, day=min(self.anchor.day, monthrange(year, month)[1])
            )
        return self.anchor + steps * LENGTHS[self.unit]

    def turn_on_wall(self, wall: datetime) -> int:
        """Return the turn that a wall time is in; it may be negative."""
        if self.unit == "months":
            months = (wall.year - self.anchor.year) * 12 + wall.month - self.anchor.month
            turn = months // self.count
            return turn if self.wall(turn) <= wall else turn - 1
        return (wall - self.anchor) // (LENGTHS[self.unit] * self.count)


LENGTHS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}
