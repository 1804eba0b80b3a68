"""When a layer is there: windows of the week, on the days that its closures leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.times import DAYS
from .calendar import first_instant, last_instant, offset_all_day
from .closures import Closures


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the day that recurs on some days of the week; it belongs to the day on which it starts.

    Times are minutes after midnight. An end that is not after the start is on the next day (equal: 24 h).
    """

    days: frozenset[int]  # Monday is 0, as in `date.weekday()`
    start: int
    end: int
    on_wall: tuple[timedelta, timedelta] = field(init=False, repr=False, compare=False)
    """When it starts and ends, counted from midnight on the clock of the wall."""

    def __post_init__(self) -> None:
        """Count from midnight."""
        nights = 0 if self.end > self.start else 1
        on_wall = timedelta(minutes=self.start), timedelta(days=nights, minutes=self.end)
        object.__setattr__(self, "on_wall", on_wall)

    def __str__(self) -> str:
        """Return it in a few words: "sat, sun 08:00-20:00"."""
        days = "" if len(self.days) == len(DAYS) else ", ".join(DAYS[day] for day in sorted(self.days)) + " "
        start, end = (f"{at // 60:02}:{at % 60:02}" for at in (self.start, self.end))
        return f"{days}{start}-{end}"

    def span(self, day: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the instants [start, end) of a day's (an ordinal) window; equal if the clock skips it."""
        midnight = datetime.fromordinal(day)
        start = first_instant(midnight + self.on_wall[0], zone)
        return start, max(start, last_instant(midnight + self.on_wall[1], zone))


WHOLE_DAYS = Window(frozenset(range(7)), 0, 0)
"""Midnight to midnight, every day."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The windows of a layer, in `zone`, on the days that its closures leave open."""

    windows: tuple[Window, ...]
    zone: ZoneInfo
    closures: Closures | None = None
    _by_weekday: tuple[tuple[Window, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the windows by the days on which they start."""
        by_start = sorted(self.windows, key=lambda window: window.start)
        by_weekday = (tuple(each for each in by_start if weekday in each.days) for weekday in range(7))
        object.__setattr__(self, "_by_weekday", tuple(by_weekday))

    def windows_of(self, day: int) -> tuple[Window, ...]:
        """Return the windows that start on a day (its ordinal), in the order of their starts."""
        windows = self._by_weekday[(day + 6) % 7]  # the ordinal 1 is a Monday
        return windows if self.closures is None or self.closures.is_open(day) else ()

    def at(self, at: datetime) -> tuple[bool, datetime]:
        """Return whether an instant is within a window, and the next instant at which that may change."""
        today = at.astimezone(self.zone).toordinal()
        # A window that still runs began yesterday at the earliest; one day more where clocks are set back.
        first = today - (1 if offset_all_day(today, self.zone) is not None else 2)
        for day in range(first, today + _FAR_DAYS):
            for window in self.windows_of(day):
                start, end = window.span(day, self.zone)
                if start <= at < end:
                    return True, end
                if at < start < end:
                    return False, start
        return False, at + timedelta(days=_FAR_DAYS - 2)

    def is_open_within(self, start: datetime, end: datetime) -> bool:
        """Tell whether a window is there at some instant from `start` until `end`."""
        while start < end:
            inside, start = self.at(start)
            if inside:
                return True
        return False


_FAR_DAYS = 32  # how far to look for the next window; beyond it, the answer is "ask again"
