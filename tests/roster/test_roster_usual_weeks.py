"""What is known of a roster without expanding it is what its schedule says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import lcm
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ari_app.roster.book import load_rosters
from ari_app.roster.calendar import LENGTHS
from ari_app.roster.rotation import Rotation
from ari_app.roster.schedule import expand, gaps
from ari_app.roster.shares import YEAR, yearly_hours
from ari_app.roster.team import Team
from ari_app.roster.week import WHOLE, of_layer, surely_covered

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PEOPLE = [f"a{number}" for number in range(9)]
ANCHOR = datetime(2026, 1, 7, 5, 30, tzinfo=UTC)
"""A Wednesday."""


@st.composite
def windows(draw: st.DrawFn) -> str:
    """Return a window as a file has it."""
    days = ", ".join(sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1))))
    start, end = (f"{half // 2:02}:{half % 2 * 30:02}" for half in draw(st.tuples(*[st.integers(0, 47)] * 2)))
    return f'{{days: [{days}], from: "{start}", to: "{end}"}}'


def layer(of: list[str], rotation: str) -> str:
    """Return a layer as a file has it; without windows it is always there."""
    return (f"window: [{', '.join(of)}], " if of else "") + f"rotation: {rotation}"


def team(folder: Path, layers: list[str], zone: str = "UTC") -> Team:
    agents = ", ".join(f"{name}: {{phones: [sip:{name}]}}" for name in PEOPLE)
    (folder / "t.yaml").write_text(
        f"team: t\ntimezone: {zone}\nagents: {{{agents}}}\nescalation: [{{ring: on-call}}]\nlayers:\n"
        + "".join(f"  - {{id: l{number}, {each}}}\n" for number, each in enumerate(layers))
    )
    book, findings = load_rosters(folder)
    assert book is not None, findings
    return book.teams["t"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weeks")


bounded = settings(
    derandomize=True, max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(
    st.lists(st.lists(windows(), max_size=4), min_size=1, max_size=3),
    st.sampled_from(["UTC", "Europe/Paris", "Australia/Lord_Howe", "America/Chicago"]),
    st.integers(0, 365),
)
@bounded
def test_who_is_surely_covered_has_no_gap(folder: Path, layers: list[list[str]], zone: str, day: int) -> None:
    roster = team(folder, [layer(of, "{members: [a0]}") for of in layers], zone)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    end = start + timedelta(days=15)
    sure, covered = surely_covered(roster.layers, start, end), not gaps(roster, start, end)
    assert covered or not sure
    assert covered == sure or zone != "UTC"  # a clock change may close a gap, too


@given(
    st.lists(windows(), max_size=3),
    st.sampled_from(
        ["hours: 6", "hours: 8", "hours: 36", "days: 1", "days: 2", "days: 5", "weeks: 1", "weeks: 2"]
    ),
    st.integers(1, 9),
    st.sampled_from(["calendar", "active_shift"]),
)
@bounded
def test_shares_of_a_year_are_those_of_the_schedule(
    folder: Path, of: list[str], every: str, groups: int, advance: str
) -> None:
    members = ", ".join(PEOPLE[:groups])
    rotation = (
        f"{{anchor: {ANCHOR:%Y-%m-%dT%H:%M}, every: {{{every}}}, advance: {advance}, members: [{members}]}}"
    )
    roster = team(folder, [layer(of, rotation)])
    turning = roster.layers[0].groups
    assert isinstance(turning, Rotation)
    assert turning.turns is not None
    served = of_layer(roster.layers[0])
    shares = yearly_hours(turning.turns, groups, served, served if turning.served else WHOLE)
    turn = turning.turns.count * LENGTHS[turning.turns.unit]
    hour = timedelta(hours=1)
    cycle = lcm(turn // hour, 168) * groups * hour  # after it, all is as it was
    start = ANCHOR + timedelta(weeks=4)
    hours = dict.fromkeys(PEOPLE[:groups], 0.0)
    for shift in expand(roster, start, start + cycle):
        hours[shift.agents[0]] += (shift.end - shift.start) / hour
    year = YEAR / 60 / (cycle / hour)
    assert shares == pytest.approx([each * year for each in hours.values()])
