"""Spans of time that come at the same hours of every week, told apart from those that do not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.times import DAYS
from .calendar import first_instant, last_instant, wall_time
from .spans import Span, merged, without

MISSED_AT_MOST, SEEN_AT_LEAST = 2, 4
"""Hours that fewer weeks lack, and as many have, are usual: in two months there are some odd weeks."""
_WEEK = timedelta(weeks=1)
_A_MONDAY = datetime(1, 1, 1)  # noqa: DTZ001 - a wall time
_MINUTE = timedelta(minutes=1)
_MINUTES = _WEEK // _MINUTE

Minutes = tuple[int, int]
"""When a span starts and ends on the wall, in minutes after some Monday 00:00."""


@dataclass(frozen=True, slots=True, order=True)
class WeekTimes:
    """Hours of every week: minutes after Monday 00:00. An end that is not after the start is in the next."""

    start: int
    end: int

    @property
    def length(self) -> timedelta:
        """How long they are when no clock changes."""
        return ((self.end - self.start) % _MINUTES) * _MINUTE

    def __str__(self) -> str:
        return f"{_of_week(self.start)} to {_of_week(self.end)}"


def every_week(spans: Sequence[Span], within: Span, zone: ZoneInfo) -> tuple[list[WeekTimes], list[Span]]:
    """Return the hours that spans (in order, `within` some weeks) fill in nearly every week, and what is left
    without them.

    A span of a week or more is no matter of hours: it is left as it is.
    """
    short = [_minutes(span, zone) for span in spans if span[1] - span[0] < _WEEK]
    long = [_minutes(span, zone) for span in spans if span[1] - span[0] >= _WEEK]
    first, last = _minutes(within, zone)
    times = _joined(_usual(short, long, (first, last)))
    if not times:
        return [], list(spans)
    weeks = range(first // _MINUTES - 1, last // _MINUTES + 1)
    filled = merged(_instants(each, week, zone) for week in weeks for each in times)
    left = [
        piece for span in spans for piece in (without(span, filled) if span[1] - span[0] < _WEEK else [span])
    ]
    return times, left


def _minutes(span: Span, zone: ZoneInfo) -> Minutes:
    start, end = ((wall_time(at, zone) - _A_MONDAY) // _MINUTE for at in span)
    return start, end


def _usual(short: Sequence[Minutes], long: Sequence[Minutes], within: Minutes) -> Iterator[tuple[int, int]]:
    """Yield the pieces of the week, in order, that nearly every week has within one of the spans."""
    edges = sorted({0, _MINUTES, *(at % _MINUTES for span in short for at in span)})
    seen, filled, there = (_times_within(edges, each) for each in (short, [*short, *long], [within]))
    for piece in range(len(edges) - 1):
        if there[piece] - filled[piece] <= MISSED_AT_MOST and seen[piece] >= SEEN_AT_LEAST:
            yield edges[piece], edges[piece + 1]


def _times_within(edges: Sequence[int], spans: Sequence[Minutes]) -> Counter[int]:
    """Return how often each piece of the week is within one of the spans."""
    times = Counter[int]()
    for start, end in spans:
        for week in range(start // _MINUTES, end // _MINUTES + 1):
            first = bisect_left(edges, start - week * _MINUTES)
            last = bisect_right(edges, end - week * _MINUTES) - 1
            times.update(range(first, last))
    return times


def _joined(pieces: Iterator[tuple[int, int]]) -> list[WeekTimes]:
    """Return pieces of the week as they go on, over Sunday night too; the whole week is no hours of it."""
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        goes_on = joined and joined[-1][1] == start
        joined.append((joined.pop()[0] if goes_on else start, end))
    if joined == [(0, _MINUTES)]:
        return []
    if len(joined) > 1 and joined[0][0] == 0 and joined[-1][1] == _MINUTES:
        joined = [*joined[1:-1], (joined[-1][0], joined[0][1])]
    return [WeekTimes(start, end % _MINUTES) for start, end in joined]


def _instants(times: WeekTimes, week: int, zone: ZoneInfo) -> Span:
    start = _A_MONDAY + week * _WEEK + times.start * _MINUTE
    return first_instant(start, zone), last_instant(start + times.length, zone)


def _of_week(minute: int) -> str:
    day, minute = divmod(minute, 24 * 60)
    return f"{DAYS[day].title()} {minute // 60:02}:{minute % 60:02}"
