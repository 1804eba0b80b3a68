"""Recurrence rules of iCalendar (RFC 5545, 3.3.10): when an event happens again, as wall times.

`dateutil` knows them too, but looks for a match until the year 9999: a rule that matches nothing (30
February) would hold up a process for minutes. Here only the range that is asked for is looked at.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from .calendar import LATEST_YEAR

Frequency = Literal["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)
MOST_COUNTED = 100_000
"""Days looked at to find the last occurrence of a rule with COUNT: those of 270 years."""


class NotUnderstood(ValueError):
    """A rule that no calendar program makes for shifts, or that is no rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed RRULE. `until` is the last wall time at which an occurrence may start.

    `weekdays` (Monday is 0) and `by_day`, the same with ordinals in the month or year, are alternatives.
    `times` are those of each day, of an hourly rule those of each hour.
    """

    frequency: Frequency
    times: tuple[timedelta, ...]
    interval: int = 1
    until: datetime | None = None
    by_month: frozenset[int] = frozenset()
    by_month_day: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    by_day: frozenset[tuple[int, int]] = frozenset()
    by_hour: frozenset[int] = frozenset()  # of an hourly rule
    by_position: frozenset[int] = frozenset()
    week_start: int = 0

    @property
    def days_a_year(self) -> int:
        """About how many days are looked at to know a year's occurrences: what the rule costs."""
        return {"HOURLY": 24, "DAILY": 1}.get(self.frequency, 1) * 366 // self.interval + 1

    def between(self, first: datetime, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the occurrences in [start, end), in order; `first` is the event's own start, its DTSTART."""
        if self.until is not None:
            end = min(end, self.until + timedelta.resolution)
        start = max(start, first)
        index = max(_periods_between(self, first, start), 0)
        while (begin := _period(self, first, index)) is not None and begin < end:
            for occurrence in self.within(begin):
                if start <= occurrence < end:
                    yield occurrence
            index += 1

    def within(self, begin: datetime) -> list[datetime]:
        """Return the occurrences of the period that begins at `begin`."""
        if self.by_hour and begin.hour not in self.by_hour:
            return []
        found = [day + time for day in _days(self, begin) if self._matches(day) for time in self.times]
        if self.by_position:
            last = len(found)
            found = [
                each
                for place, each in enumerate(found, 1)
                if place in self.by_position or place - last - 1 in self.by_position
            ]
        return found

    def _matches(self, day: datetime) -> bool:
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if self.by_month and day.month not in self.by_month:
            return False
        if not self.by_month_day and not self.by_day:
            return True
        length = monthrange(day.year, day.month)[1]
        if self.by_month_day and self.by_month_day.isdisjoint((day.day, day.day - length - 1)):
            return False
        return not self.by_day or any(
            day.weekday() == weekday and (not ordinal or ordinal in self._ordinals(day, length))
            for ordinal, weekday in self.by_day
        )

    def _ordinals(self, day: datetime, month_length: int) -> tuple[int, int]:
        """Return the how-manieth of its weekday a day is, from the start and from the end."""
        if self.frequency == "YEARLY" and not self.by_month:
            number, length = day.timetuple().tm_yday, 366 if monthrange(day.year, 2)[1] == 29 else 365
        else:
            number, length = day.day, month_length
        return (number - 1) // 7 + 1, -((length - number) // 7 + 1)


def parse_rule(text: str, first: datetime, until: datetime | None) -> Rule:
    """Return the rule that an RRULE's text stands for; `until` is its UNTIL as a wall time.

    A COUNT becomes the time of the last occurrence. Raises `NotUnderstood`.
    """
    parts: dict[str, str] = {}
    for part in text.upper().strip().rstrip(";").split(";"):
        name, _, value = part.partition("=")
        parts[name] = value
    if unknown := parts.keys() - _PARTS:
        raise NotUnderstood(f"{sorted(unknown)[0]} in a recurrence rule")
    frequency = next((known for known in FREQUENCIES if known == parts.get("FREQ")), None)
    if frequency is None:
        raise NotUnderstood(f"FREQ={parts.get('FREQ', '')[:20]} in a recurrence rule")
    by_day = {_weekday(each) for each in _list(parts, "BYDAY")}
    ordinal = any(number for number, _ in by_day)
    if ordinal and frequency not in {"MONTHLY", "YEARLY"}:
        raise NotUnderstood(f"BYDAY={parts['BYDAY'][:20]} with FREQ={frequency}")
    by_hour, by_minute = _numbers(parts, "BYHOUR", 0, 23), _numbers(parts, "BYMINUTE", 0, 59)
    hours = {0} if frequency == "HOURLY" else by_hour or {first.hour}
    rule = Rule(
        frequency,
        tuple(
            timedelta(hours=hour, minutes=minute, seconds=first.second)
            for hour in sorted(hours)
            for minute in sorted(by_minute or {first.minute})
        ),
        interval=_number(parts.get("INTERVAL", "1"), 1, 10_000),
        until=until,
        by_month=frozenset(_numbers(parts, "BYMONTH", 1, 12)),
        by_month_day=frozenset(_numbers(parts, "BYMONTHDAY", -31, 31)),
        weekdays=frozenset() if ordinal else frozenset(weekday for _, weekday in by_day),
        by_day=frozenset(by_day) if ordinal else frozenset(),
        by_hour=frozenset(by_hour) if frequency == "HOURLY" else frozenset(),
        by_position=frozenset(_numbers(parts, "BYSETPOS", -366, 366)),
        week_start=_weekday(parts.get("WKST", "MO"))[1],
    )
    rule = _like_the_first(rule, first)
    if "COUNT" not in parts:
        return rule
    return replace(rule, until=_last(rule, first, _number(parts["COUNT"], 1, 10**9)))


def _like_the_first(rule: Rule, first: datetime) -> Rule:
    """Return the rule with what it does not say as it is in the first occurrence."""
    if rule.by_month_day or rule.weekdays or rule.by_day:
        return rule
    if rule.frequency == "YEARLY":
        by_month = rule.by_month or frozenset({first.month})
        return replace(rule, by_month=by_month, by_month_day=frozenset({first.day}))
    if rule.frequency == "MONTHLY":
        return replace(rule, by_month_day=frozenset({first.day}))
    if rule.frequency == "WEEKLY":
        return replace(rule, weekdays=frozenset({first.weekday()}))
    return rule


_PARTS = {
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"),
    *("BYMONTH", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE", "BYSETPOS"),
}


def _list(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _numbers(parts: dict[str, str], name: str, lowest: int, highest: int) -> set[int]:
    return {_number(each, lowest, highest) for each in _list(parts, name)}


def _number(text: str, lowest: int, highest: int) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,9}|1000000000", text) and lowest <= int(text) <= highest:
        return int(text)
    raise NotUnderstood(f"{text[:20]!r} as a number in a recurrence rule")


def _weekday(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", text)
    if match is None:
        raise NotUnderstood(f"{text[:20]!r} as a day in a recurrence rule")
    return int(match[1] or 0), WEEKDAYS.index(match[2])


def _last(rule: Rule, first: datetime, count: int) -> datetime | None:
    """Return when the last of `count` occurrences starts; None when that is after all time that we know."""
    looked_at = index = 0
    left = count
    while (begin := _period(rule, first, index)) is not None:
        looked_at += len(_days(rule, begin))
        if looked_at > MOST_COUNTED:
            raise NotUnderstood(f"COUNT={count}: more occurrences than can be counted")
        found = [each for each in rule.within(begin) if each >= first]
        if len(found) >= left:
            return found[left - 1]
        left -= len(found)
        index += 1
    return None


def _period(rule: Rule, first: datetime, index: int) -> datetime | None:
    """Return when a period (0 is the first occurrence's) begins; None after all time that we know."""
    steps = index * rule.interval
    midnight = first.replace(hour=0, minute=0, second=0)
    try:
        if rule.frequency == "YEARLY":
            begin = midnight.replace(year=first.year + steps, month=1, day=1)
        elif rule.frequency == "MONTHLY":
            months = first.month - 1 + steps
            begin = midnight.replace(year=first.year + months // 12, month=months % 12 + 1, day=1)
        elif rule.frequency == "WEEKLY":
            begin = midnight + ((rule.week_start - first.weekday() - 7) % -7 + 7 * steps) * DAY
        elif rule.frequency == "DAILY":
            begin = midnight + steps * DAY
        else:
            begin = midnight + timedelta(hours=first.hour + steps)
    except (ValueError, OverflowError):
        return None
    return begin if begin.year <= LATEST_YEAR else None


def _periods_between(rule: Rule, first: datetime, start: datetime) -> int:
    """Return the index of a period that begins no later than the first one that reaches past `start`."""
    if rule.frequency == "YEARLY":
        return (start.year - first.year) // rule.interval
    if rule.frequency == "MONTHLY":
        return ((start.year - first.year) * 12 + start.month - first.month) // rule.interval
    if rule.frequency == "HOURLY":
        return (start - first) // (timedelta(hours=1) * rule.interval)
    days = (start.replace(hour=0, minute=0, second=0) - first.replace(hour=0, minute=0, second=0)) // DAY
    return days // (rule.interval * (7 if rule.frequency == "WEEKLY" else 1))


def _days(rule: Rule, begin: datetime) -> list[datetime]:
    """Return when the days of the period that begins at `begin` begin; of an hourly rule its one hour."""
    if rule.frequency == "YEARLY":
        length = 366 if monthrange(begin.year, 2)[1] == 29 else 365
    elif rule.frequency == "MONTHLY":
        length = monthrange(begin.year, begin.month)[1]
    elif rule.frequency == "WEEKLY":
        length = 7
    else:
        return [begin]
    return [begin + day * DAY for day in range(length)]
