"""How many turns were served: what `advance: active_shift` goes by.

A turn is served if a window of its layer is there at some instant of it. Counting does not replay the turns
from the anchor: on the wall's clock they repeat a weekly pattern, and only turns near days that are unlike
others (named by closures, or with a clock change) are looked at one by one, each once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from math import gcd

from .calendar import ALWAYS, LENGTHS, Turns, clock_changes
from .opening import Opening, Window

_MINUTE, _DAY, _WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
_MONDAY = datetime(1, 1, 1)  # noqa: DTZ001 - a wall time: the calendar's first day, a Monday


@dataclass(slots=True)
class _Known:
    """What was found out so far: turns that differ from the pattern, in order, and their sums."""

    until: int | None = None  # a year
    extra: dict[int, int] = field(default_factory=dict)
    turns: list[int] = field(default_factory=list)
    sums: list[int] = field(default_factory=lambda: [0])
    skipped: int | None = None


@dataclass(frozen=True, slots=True)
class ServedTurns:
    """Counts the turns in which a window of `opening` is there; none of those before `start`."""

    turns: Turns
    opening: Opening
    start: datetime = ALWAYS
    _pattern: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _known: _Known = field(default_factory=_Known, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the pattern: for each number of turns, how many of them a usual week serves."""
        object.__setattr__(self, "_pattern", tuple(accumulate(self._usual_weeks(), initial=0)))

    def before(self, turn: int) -> int:
        """Return how many turns were served before a turn that has begun since `start`."""
        if self._known.skipped is None:
            self._known.skipped = self._served_before_start()
        return self._count(turn) - self._known.skipped

    def _served_before_start(self) -> int:
        begun = self.turns.turn_at(self.start) if self.start > self.turns.handoff(0) else None
        if begun is None:
            return 0
        turn, end = begun
        return self._count(turn + 1) - self.opening.is_open_within(self.start, end)

    def _count(self, turn: int) -> int:
        """Return how many of the first turns, so many, were served."""
        known = self._known
        year = self.turns.wall(turn).year
        if known.until is None or known.until < year:
            self._look_until(year)
        return self._usually(turn) + known.sums[bisect_left(known.turns, turn)]

    def _usually(self, turn: int) -> int:
        weeks, rest = divmod(turn, len(self._pattern) - 1)
        return weeks * self._pattern[-1] + self._pattern[rest]

    def _usual_weeks(self) -> Iterator[bool]:
        """Yield whether each turn is served in weeks without holidays and clock changes, until it repeats."""
        closures = self.opening.closures
        if closures is not None and closures.only_on:
            yield False
            return
        length = LENGTHS[self.turns.unit] * self.turns.count if self.turns.unit != "months" else _WEEK
        if length >= _WEEK:
            yield True
            return
        windows = [(start, end) for window in self.opening.windows for start, end in _in_week(window)]
        for turn in range(_WEEK // _MINUTE // gcd(_WEEK // _MINUTE, length // _MINUTE)):
            begin = (self.turns.anchor - _MONDAY + turn * length) % _WEEK
            yield any(start < begin + length and begin < end for start, end in windows)

    def _look_until(self, year: int) -> None:
        """Look at the turns near unusual days, from the anchor until the end of a year."""
        known = self._known
        first = self.turns.anchor.year - 1 if known.until is None else known.until + 1
        years = range(first, year + 2)
        near_changes = {turn for each in years for turn in self._near_clock_changes(each)}
        near_closures = {turn for each in years for turn in self._near_closures(each)}
        served = {turn: self._is_served_on_wall(turn) for turn in near_closures}
        served |= {turn: self._is_served(turn) for turn in near_changes}
        for turn, is_served in served.items():
            more = is_served - (self._usually(turn + 1) - self._usually(turn))
            if more and turn >= 0:
                known.extra[turn] = more
        known.until = year + 1
        known.turns = sorted(known.extra)
        known.sums = list(accumulate((known.extra[turn] for turn in known.turns), initial=0))

    def _is_served(self, turn: int) -> bool:
        return self.opening.is_open_within(self.turns.handoff(turn), self.turns.handoff(turn + 1))

    def _is_served_on_wall(self, turn: int) -> bool:
        """The same, far quicker, for a turn that no clock change is near to."""
        begin, end = self.turns.wall(turn), self.turns.wall(turn + 1)
        closures = self.opening.closures
        return any(
            opens < end and begin < closes and (closures is None or closures.is_open(day))
            for day in range(begin.toordinal() - 1, end.toordinal() + 1)
            for opens, closes in self._spans(day)
        )

    def _near_clock_changes(self, year: int) -> Iterator[int]:
        """Yield the turns that a clock change may make other than usual: it is in a window's start or end,
        or in a turn that is no longer than it."""
        length = self.turns.wall(1) - self.turns.anchor
        for start, end in clock_changes(year, self.opening.zone):
            first, last = start.toordinal() - 1, end.toordinal()
            edges = (edge for day in range(first, last + 1) for span in self._spans(day) for edge in span)
            if length <= end - start or any(start <= edge <= end for edge in edges):
                yield from self._turns_between(start - _MINUTE, end)

    def _near_closures(self, year: int) -> Iterator[int]:
        """Yield the turns in which there is a window of a day that closures name."""
        closures = self.opening.closures
        for day in closures.days_named(year) if closures is not None else ():
            for opens, closes in self._spans(day):
                yield from self._turns_between(opens, closes - _MINUTE)

    def _spans(self, day: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield the wall times of the windows that start on a day (its ordinal), closed or not."""
        midnight = datetime.fromordinal(day)
        weekday = midnight.weekday()
        for window in self.opening.windows:
            if weekday in window.days:
                yield midnight + window.on_wall[0], midnight + window.on_wall[1]

    def _turns_between(self, first: datetime, last: datetime) -> range:
        return range(self.turns.turn_on_wall(first), self.turns.turn_on_wall(last) + 1)


def _in_week(window: Window) -> Iterator[tuple[timedelta, timedelta]]:
    """Yield a window's spans counted from a Monday's midnight, also those of the weeks around."""
    start, end = window.on_wall
    for day in window.days:
        for week in (-1, 0, 1):
            midnight = day * _DAY + week * _WEEK
            yield midnight + start, midnight + end
