"""Durations as admins write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from ari_app.core.durations import LONGEST_SECONDS, format_duration, parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("25s", 25),
        ("2m", 120),
        ("1m30s", 90),
        ("1h", 3600),
        ("500ms", 0.5),
        ("0s", 0),
        ("1h1m1s1ms", 3661.001),
    ],
)
def test_a_duration_is_read_in_seconds(written: str, seconds: float) -> None:
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written", ["", "25", "s", "25 s", "-5s", "1s1m", "25S", "٢s", 25, 2.5, None, True, [], "25h"]
)
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(PydanticCustomError):
        parse_duration(written)


def test_a_number_alone_is_told_to_take_a_unit() -> None:
    with pytest.raises(PydanticCustomError) as refused:
        parse_duration(25)
    assert refused.value.context is not None
    assert "`25s`" in refused.value.context["remedy"]


@given(st.integers(min_value=0, max_value=round(LONGEST_SECONDS * 1000)))
def test_a_duration_reads_as_it_was_formatted(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)
