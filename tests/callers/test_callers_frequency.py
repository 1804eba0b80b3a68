"""How often a number may call, and how little a flood of numbers costs."""

from __future__ import annotations

import pytest

from ari_app.callers.book import Limit
from ari_app.callers.frequency import MOST_NUMBERS, RecentCalls

THREE = Limit("", 3, 60.0, "say")
TWO_HERE = Limit("+33199000100", 2, 60.0, "say")


@pytest.mark.parametrize(
    ("calls", "let_in"),
    [
        # seconds at which somebody calls who may call three times a minute, whether they are let in
        ([0, 1, 2, 3], "yes yes yes no"),
        ([0, 1, 2, 59.9, 60, 60.5, 61], "yes yes yes no yes no yes"),
        ([0, 30, 45, 61, 89, 91], "yes yes yes yes no yes"),
        (
            [0, 1, 2, 10, 20, 30, 40, 50, 60],
            "yes yes yes no no no no no yes",
        ),  # refused ones do not count
        ([0, 100, 200, 300], "yes yes yes yes"),
    ],
)
def test_so_many_calls_are_let_in_in_any_span_of_that_length(calls: list[float], let_in: str) -> None:
    recent = RecentCalls()
    answers = [recent.admits("+33199006666", THREE, at) for at in calls]
    assert answers == [word == "yes" for word in let_in.split()]


def test_each_number_is_counted_by_itself_and_those_without_one_together() -> None:
    recent = RecentCalls()
    for number in ("+33199006666", "+33199007777", None):
        assert [recent.admits(number, THREE, 0) for _ in range(4)] == [True, True, True, False]


def test_a_line_with_a_limit_of_its_own_counts_by_itself() -> None:
    recent = RecentCalls()
    assert [recent.admits("+33199006666", TWO_HERE, 0) for _ in range(3)] == [True, True, False]
    assert recent.admits("+33199006666", THREE, 0)


def test_a_flood_of_numbers_is_forgotten_but_for_the_last_ones() -> None:
    recent = RecentCalls()
    for number in range(3 * MOST_NUMBERS):
        assert recent.admits(f"+{number}", THREE, number / 1000)
    assert len(recent) == MOST_NUMBERS


def test_who_calls_all_the_time_is_not_forgotten_in_a_flood() -> None:
    recent = RecentCalls()
    for _ in range(3):
        recent.admits("+33199006666", THREE, 0)
    for number in range(2 * MOST_NUMBERS):
        recent.admits(f"+{number}", THREE, 1)
        if number % 1000 == 0:
            assert not recent.admits("+33199006666", THREE, 1)
