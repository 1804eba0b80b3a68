"""Wall clocks and instants: clock changes, handoffs and windows, case by case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.roster.calendar import Turns, Unit, first_instant, last_instant, wall_time
from ari_app.roster.opening import Opening, Window


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    PARIS,
    ZoneInfo("America/Chicago"),
    ZoneInfo("America/St_Johns"),  # until 2011 its clocks changed at one minute past midnight
    ZoneInfo("America/Havana"),  # its clocks change at midnight
    ZoneInfo("Australia/Lord_Howe"),  # by half an hour
    ZoneInfo("Asia/Kathmandu"),  # never
    ZoneInfo("Pacific/Apia"),  # it skipped 30 December 2011
]
zones = st.sampled_from(ZONES)
walls = st.datetimes(wall("2005-01-01"), wall("2030-01-01")).map(lambda wall: wall.replace(microsecond=0))
instants = walls.map(lambda wall: wall.replace(tzinfo=UTC))
units: st.SearchStrategy[Unit] = st.sampled_from(["hours", "days", "weeks", "months"])
turns = st.builds(
    Turns, st.datetimes(wall("2005-01-01"), wall("2012-01-01")), st.integers(1, 40), units, zones
)


@pytest.mark.parametrize(
    ("zone", "shown", "first", "last"),
    [
        ("Europe/Paris", "2026-07-01T12:00", "2026-07-01T10:00", "2026-07-01T10:00"),
        ("Europe/Paris", "2026-03-29T02:00", "2026-03-29T01:00", "2026-03-29T01:00"),  # skipped
        ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-29T03:00", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T01:30"),  # twice
        ("America/Chicago", "2026-03-08T02:59:59", "2026-03-08T08:00", "2026-03-08T08:00"),
        ("America/Chicago", "2026-11-01T01:00", "2026-11-01T06:00", "2026-11-01T07:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", "2026-04-04T15:15"),
        ("Asia/Kathmandu", "2026-03-29T02:30", "2026-03-28T20:45", "2026-03-28T20:45"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00", "2011-12-30T10:00"),  # a skipped day
    ],
)
def test_a_wall_time_is_the_instant_that_the_clock_first_and_last_shows_it(
    zone: str, shown: str, first: str, last: str
) -> None:
    assert first_instant(wall(shown), ZoneInfo(zone)) == utc(first)
    assert last_instant(wall(shown), ZoneInfo(zone)) == utc(last)


@given(instants, zones)
def test_the_first_and_the_last_instant_are_around_every_instant_that_shows_the_time(
    at: datetime, zone: ZoneInfo
) -> None:
    shown = wall_time(at, zone)
    assert first_instant(shown, zone) <= at <= last_instant(shown, zone)
    assert at in (first_instant(shown, zone), last_instant(shown, zone))


def handoffs(anchor: str, unit: Unit, first: int, count: int) -> list[datetime]:
    every = Turns(wall(anchor), 1, unit, PARIS)
    return [every.handoff(turn) for turn in range(first, first + count)]


def lengths(instants: list[datetime]) -> list[float]:
    return [(after - before) / timedelta(hours=1) for before, after in pairwise(instants)]


def test_a_daily_handoff_that_the_clock_skips_is_the_first_instant_after_the_gap() -> None:
    found = handoffs("2026-03-28T02:30", "days", 0, 3)
    assert found[1] == utc("2026-03-29T01:00")
    assert lengths(found) == [23.5, 23.5]


def test_a_daily_handoff_that_occurs_twice_is_its_first_occurrence() -> None:
    found = handoffs("2026-10-24T02:30", "days", 0, 3)
    assert found == [utc("2026-10-24T00:30"), utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]
    assert lengths(found) == [24, 25]


def test_nobody_takes_over_again_while_the_clock_shows_the_hour_a_second_time() -> None:
    daily = Turns(wall("2026-10-24T02:30"), 1, "days", PARIS)
    for minutes in range(0, 120, 5):
        at = utc("2026-10-25T00:30") + timedelta(minutes=minutes)
        assert daily.turn_at(at) == (1, utc("2026-10-26T01:30"))


def test_a_week_across_a_clock_change_has_167_or_169_hours() -> None:
    assert lengths(handoffs("2026-03-23T08:00", "weeks", 0, 2)) == [167]
    assert lengths(handoffs("2026-10-19T08:00", "weeks", 0, 2)) == [169]


def test_months_are_counted_from_the_anchor_and_clamp() -> None:
    found = [wall_time(at, PARIS) for at in handoffs("2026-01-31T08:00", "months", 0, 5)]
    assert [(each.month, each.day) for each in found] == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
    leap = Turns(wall("2027-12-31T08:00"), 2, "months", PARIS)
    assert wall_time(leap.handoff(1), PARIS) == wall("2028-02-29T08:00")


def test_two_take_turns_across_iso_week_53() -> None:
    weekly = Turns(wall("2026-01-05T08:00"), 1, "weeks", PARIS)
    found = [weekly.turn_at(utc(f"{day}T12:00")) for day in ("2026-12-22", "2026-12-29", "2027-01-05")]
    assert [turn[0] % 2 for turn in found if turn is not None] == [0, 1, 0]


def test_there_is_no_turn_before_the_anchor() -> None:
    weekly = Turns(wall("2026-01-05T08:00"), 1, "weeks", PARIS)
    assert weekly.turn_at(utc("2026-01-05T06:59:59")) is None
    assert weekly.turn_at(utc("2026-01-05T07:00")) == (0, utc("2026-01-12T07:00"))


@given(turns, st.integers(0, 1000))
def test_turns_tile_time_without_holes_or_overlaps(each: Turns, turn: int) -> None:
    start, end = each.handoff(turn), each.handoff(turn + 1)
    assert start <= end  # equal where the clock skipped a whole turn
    if start < end:
        assert each.turn_at(start) == (turn, end)
        assert each.turn_at(end - timedelta(seconds=1)) == (turn, end)
    found = each.turn_at(end)
    assert found is not None
    assert found[0] > turn
    assert each.handoff(found[0]) == end


@given(turns, instants)
def test_the_turn_at_an_instant_is_the_one_between_its_handoffs(each: Turns, at: datetime) -> None:
    found = each.turn_at(at)
    if found is None:
        assert at < each.handoff(0)
    else:
        turn, end = found
        assert each.handoff(turn) <= at < end == each.handoff(turn + 1)


def window(days: str, start: str, end: str, zone: ZoneInfo = PARIS) -> Opening:
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    minutes = [int(each[:2]) * 60 + int(each[3:]) for each in (start, end)]
    each = Window(frozenset(names.index(day) for day in days.split()), minutes[0], minutes[1])
    return Opening((each,), zone)


EVERY_DAY = "mon tue wed thu fri sat sun"


@pytest.mark.parametrize(
    ("start", "end", "day", "hours"),
    [
        ("20:00", "08:00", "2026-03-27", 12),
        ("20:00", "08:00", "2026-03-28", 11),
        ("20:00", "08:00", "2026-10-24", 13),
        ("02:00", "03:00", "2026-03-29", 0),  # the clock skips all of it
        ("02:30", "04:00", "2026-03-29", 1),
        ("01:00", "02:30", "2026-10-25", 2.5),  # it ends when the clock shows 02:30 for the last time
        ("02:30", "04:00", "2026-10-25", 2.5),
        ("00:00", "00:00", "2026-07-01", 24),
        ("08:00", "08:00", "2026-03-28", 23),
        ("18:00", "00:00", "2026-07-01", 6),
    ],
)
def test_a_window_lasts_as_long_as_the_clocks_say(start: str, end: str, day: str, hours: float) -> None:
    every_day = window(EVERY_DAY, start, end)
    begins, ends = every_day.windows[0].span(date.fromisoformat(day).toordinal(), every_day.zone)
    assert (ends - begins) / timedelta(hours=1) == hours


def test_a_window_that_the_clock_skips_is_nothing_and_comes_back_the_next_week() -> None:
    skipped = window("sun", "02:00", "03:00")
    assert skipped.at(utc("2026-03-29T01:00")) == (False, utc("2026-04-05T00:00"))
    assert skipped.at(utc("2026-03-28T12:00")) == (False, utc("2026-04-05T00:00"))


def test_a_window_belongs_to_the_day_on_which_it_starts() -> None:
    nights = window("mon tue wed thu fri", "20:00", "08:00")
    assert nights.at(utc("2026-11-28T06:00")) == (True, utc("2026-11-28T07:00"))  # Saturday, 07:00
    assert nights.at(utc("2026-11-23T06:00")) == (False, utc("2026-11-23T19:00"))  # Monday, 07:00


windows = st.builds(
    Window, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(0, 1439)
)
openings = st.builds(Opening, st.lists(windows, min_size=1, max_size=3).map(tuple), zones)


@given(openings, instants, st.floats(0, 1))
def test_a_windows_answer_holds_until_the_instant_that_it_names(
    each: Opening, at: datetime, part: float
) -> None:
    inside, until = each.at(at)
    assert until > at
    assert each.at(at + (until - at) * part * 0.999)[0] == inside
    days = [wall_time(at, each.zone).date() + timedelta(days=ago) for ago in range(-4, 4)]
    spans = [
        window.span(day.toordinal(), each.zone)
        for window in each.windows
        for day in days
        if day.weekday() in window.days
    ]
    assert inside == any(begins <= at < ends for begins, ends in spans)
