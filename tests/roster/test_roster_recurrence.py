"""Recurrence rules: what happens again, and when."""
# ruff: noqa: E501 - the table reads one rule a line

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import dropwhile, takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.roster.recurrence import WEEKDAYS, NotUnderstood, parse_rule

# fmt: off
DATES: dict[str, tuple[str, str, str]] = {
    # what is meant: (the rule, its first occurrence, the first four)
    "every other Monday": ("FREQ=WEEKLY;INTERVAL=2", "2026-01-05", "01-05 01-19 02-02 02-16"),
    "weekdays": ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-01-08", "01-08 01-09 01-12 01-13"),
    "every other week, which begins on Sunday": ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "2026-01-04", "01-04 01-05 01-18 01-19"),
    "every other week, which begins on Monday": ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO", "2026-01-04", "01-04 01-12 01-18 01-26"),
    "the last Friday of the month": ("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30", "01-30 02-27 03-27 04-24"),
    "the first working day": ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-01-01", "01-01 02-02 03-02 04-01"),
    "the 31st": ("FREQ=MONTHLY", "2026-01-31", "01-31 03-31 05-31 07-31"),
    "the last day": ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", "01-31 02-28 03-31 04-30"),
    "every third day": ("FREQ=DAILY;INTERVAL=3", "2026-02-27", "02-27 03-02 03-05 03-08"),
    "Thanksgiving": ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2025-11-27", "11-27 11-26 11-25 11-23"),
    "29 February": ("FREQ=YEARLY", "2024-02-29", "02-29 02-29 02-29 02-29"),
    "three times only": ("FREQ=DAILY;COUNT=3", "2026-01-01", "01-01 01-02 01-03"),
}
# fmt: on


@pytest.mark.parametrize(("rule", "first", "expected"), DATES.values(), ids=DATES.keys())
def test_the_days_of_a_rule(rule: str, first: str, expected: str) -> None:
    start = datetime.fromisoformat(f"{first}T20:00")
    found = parse_rule(rule, start, None).between(start, start, start + timedelta(days=366 * 13))
    assert " ".join(f"{each:%m-%d}" for each, _ in zip(found, range(4), strict=False)) == expected


@pytest.mark.parametrize(
    "rule",
    [
        *(
            "",
            "FREQ=MINUTELY",
            "FREQ=SECONDLY",
            "INTERVAL=2",
            "FREQ=DAILY;BYEASTER=1",
            "FREQ=DAILY;INTERVAL=0",
        ),
        *("FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;INTERVAL=x", "FREQ=WEEKLY;BYDAY=XX"),
        *("FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYMONTH=13", "FREQ=DAILY;COUNT=" + "9" * 5000, "=;=;="),
    ],
)
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_rule(rule, datetime.fromisoformat("2026-01-01T20:00"), None)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules whose meaning RFC 5545 leaves no doubt about, and that match something within a few years."""
    days = st.sampled_from(WEEKDAYS)
    frequency = draw(st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}", f"WKST={draw(days)}"]
    if draw(st.booleans()):
        months = draw(st.sets(st.integers(1, 12), min_size=4, max_size=9))
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    by = draw(st.sampled_from(["", "BYDAY", "BYMONTHDAY"]))
    if by == "BYDAY":
        ordinals = ["", "1", "2", "-1", "-2"] if frequency in {"MONTHLY", "YEARLY"} else [""]
        ordinal = draw(st.sampled_from(ordinals))
        parts.append(f"BYDAY={','.join(ordinal + day for day in draw(st.sets(days, min_size=1)))}")
    elif by == "BYMONTHDAY":
        numbers = draw(st.sets(st.integers(1, 28) | st.integers(-28, -1), min_size=3, max_size=9))
        parts.append(f"BYMONTHDAY={','.join(map(str, numbers))}")
    hours: set[int] = set()
    if frequency != "HOURLY" and draw(st.booleans()):
        hours = draw(st.sets(st.integers(0, 23), min_size=1, max_size=3))
        parts.append(f"BYHOUR={','.join(map(str, hours))}")
    if by and frequency in {"DAILY", "MONTHLY", "YEARLY"} and draw(st.booleans()):
        # A day has a second one of several hours alone: for another the library looks on to the year 9999.
        positions = [1, -1] if frequency == "DAILY" and len(hours) < 2 else [1, 2, -1]
        parts.append(f"BYSETPOS={draw(st.sampled_from(positions))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    return ";".join(parts)


_MORNINGS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001 - wall times


@settings(deadline=None)
@given(rules(), _MORNINGS, st.integers(0, 900), st.integers(1, 400))
def test_any_range_holds_what_the_library_finds_from_the_beginning_on(
    rule: str, first: datetime, days: int, length: int
) -> None:
    start = first.replace(hour=0) + timedelta(days=days)
    end = start + timedelta(days=length)
    theirs = dropwhile(lambda at: at < start, rrulestr(rule, dtstart=first))
    assert list(parse_rule(rule, first, None).between(first, start, end)) == list(
        takewhile(lambda at: at < end, theirs)
    )
