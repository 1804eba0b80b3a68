"""Hours that come every week are told apart from those that do not, and no time is lost between the two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ari_app.roster.calendar import wall_time
from ari_app.roster.spans import Span, merged, total, without
from ari_app.roster.weekly import WeekTimes, every_week

START = datetime(2026, 9, 27, 22, tzinfo=UTC)
"""A Monday at midnight in Paris; the clocks change within the weeks that follow."""
WHOLE: Span = (START, START + timedelta(days=60))
MINUTES_A_WEEK = 7 * 24 * 60


def in_paris(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


spans = st.lists(
    st.tuples(st.integers(0, 60 * 24 * 60 - 1), st.integers(1, 9 * 24 * 60)).map(
        lambda pair: (in_paris(pair[0]), min(in_paris(sum(pair)), WHOLE[1]))
    ),
    max_size=30,
)
nights = st.tuples(st.integers(0, MINUTES_A_WEEK - 1), st.integers(1, 24 * 60)).map(
    lambda pair: [
        (in_paris(week * MINUTES_A_WEEK + pair[0]), in_paris(week * MINUTES_A_WEEK + sum(pair)))
        for week in range(8)
    ]
)


def is_at(times: list[WeekTimes], at: datetime, zone: ZoneInfo) -> bool:
    wall = wall_time(at, zone)
    minute = wall.weekday() * 24 * 60 + wall.hour * 60 + wall.minute
    return any((minute - each.start) % MINUTES_A_WEEK < each.length / timedelta(minutes=1) for each in times)


@given(
    odd=spans, usual=st.lists(nights, max_size=3), zone=st.sampled_from(["Europe/Paris", "Asia/Kathmandu"])
)
def test_what_is_left_and_the_hours_of_every_week_are_all_of_it(
    odd: list[Span], usual: list[list[Span]], zone: str
) -> None:
    given_ = [
        piece for span in merged([*odd, *(each for night in usual for each in night)]) for piece in [span]
    ]
    times, left = every_week(given_, WHOLE, ZoneInfo(zone))
    assert all(not without(piece, given_) for piece in left)
    gone = [piece for span in given_ for piece in without(span, merged(left))]
    assert all(
        is_at(times, at, ZoneInfo(zone)) for start, end in gone for at in (start, end - timedelta(minutes=1))
    )
    assert total(gone) == timedelta() or times
