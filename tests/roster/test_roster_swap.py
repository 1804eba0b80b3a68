"""Who can give whom what: the shifts that begin on a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ari_app.roster.book import load_rosters
from ari_app.roster.swap import gift, is_given, next_to_give, shifts_of_day
from ari_app.roster.team import Team

ROSTER = """
team: support
timezone: Europe/Paris
agents:
  {alice: {phones: [sip:a]}, bruno: {phones: [sip:b]}, chloe: {phones: [sip:c]}, david: {phones: [sip:d]}}
layers:
  - id: renfort
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [david, alice]}
  - id: jour
    window: {days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}
    rotation: {members: [[alice, bruno]]}
  - id: nuit
    window: {days: [mon, tue, wed, thu, fri], from: "20:00", to: "08:00"}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [bruno, chloe]}
  - id: week-end
    window: {days: [sat, sun], from: "08:00", to: "08:00"}
    rotation: {anchor: 2026-01-03T08:00, every: {weeks: 1}, members: [chloe, bruno]}
escalation: [{ring: on-call}, {ring: on-call, layer: renfort}]
overrides:
  - {id: away, from: 2026-01-09T22:00, to: 2026-01-10T02:00, replace: bruno, with: david}
"""
PARIS = ZoneInfo("Europe/Paris")


def team_of(folder: Path, more: str = "") -> Team:
    (folder / "support.yaml").write_text(ROSTER + more)
    book, findings = load_rosters(folder)
    assert book is not None, findings
    return book.teams["support"]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return team_of(tmp_path)


def shown(start: datetime, end: datetime) -> str:
    return " to ".join(f"{at.astimezone(PARIS):%a %d %H:%M}" for at in (start, end))


@pytest.mark.parametrize(
    ("agent", "day", "shifts"),
    [
        ("bruno", "2026-01-05", ["jour Mon 05 08:00 to Mon 05 20:00", "nuit Mon 05 20:00 to Tue 06 08:00"]),
        ("bruno", "2026-01-12", ["jour Mon 12 08:00 to Mon 12 20:00"]),
        ("chloe", "2026-01-12", ["nuit Mon 12 20:00 to Tue 13 08:00"]),
        (
            "bruno",
            "2026-01-10",
            ["nuit Sat 10 02:00 to Sat 10 08:00", "week-end Sat 10 08:00 to Mon 12 08:00"],
        ),
        ("bruno", "2026-01-11", []),  # it began the day before
        ("chloe", "2026-01-05", []),
        ("bruno", "2026-01-09", ["jour Fri 09 08:00 to Fri 09 20:00", "nuit Fri 09 20:00 to Fri 09 22:00"]),
        ("david", "2026-01-09", ["nuit Fri 09 22:00 to Sat 10 02:00"]),  # who stands in has a shift
        ("david", "2026-01-05", ["renfort Mon 05 08:00 to Fri 09 22:00"]),  # a second line is one too
    ],
)
def test_the_shifts_of_a_day_are_those_that_begin_on_it_and_are_whole(
    team: Team, agent: str, day: str, shifts: list[str]
) -> None:
    found = shifts_of_day(team, agent, date.fromisoformat(day))
    assert [f"{each.layer} {shown(each.start, each.end)}" for each in found] == shifts


def test_what_two_have_together_is_not_given(team: Team) -> None:
    day = date(2026, 1, 5)
    assert gift(team, "alice", "bruno", day).shifts == ()
    (night,) = gift(team, "bruno", "alice", day).shifts
    assert night.layer == "nuit"


def test_shifts_that_touch_are_given_as_one_span(team: Team) -> None:
    (span,) = gift(team, "bruno", "chloe", date(2026, 1, 6)).spans()
    assert shown(*span) == "Tue 06 08:00 to Wed 07 08:00"


def test_a_shift_across_a_clock_change_is_whole(team: Team) -> None:
    (shift,) = (each for each in shifts_of_day(team, "chloe", date(2026, 10, 24)))
    assert (shift.layer, shift.end - shift.start) == ("week-end", timedelta(hours=49))


@pytest.mark.parametrize(
    ("day", "shift"),
    [
        ("2026-01-05", "Mon 05 20:00 to Tue 06 08:00"),  # not the day's, which alice has too
        ("2026-01-06", "Mon 05 20:00 to Tue 06 08:00"),  # still on call as the day begins
        ("2026-01-11", "Sat 10 08:00 to Mon 12 08:00"),
        ("2026-01-12", "Sat 10 08:00 to Mon 12 08:00"),
        ("2026-01-13", "Mon 19 20:00 to Tue 20 08:00"),
    ],
)
def test_what_bruno_could_give_alice_instead_is_the_shift_at_hand_or_the_next(
    team: Team, day: str, shift: str
) -> None:
    found = next_to_give(team, "bruno", "alice", date.fromisoformat(day))
    assert found is not None
    assert shown(found.start, found.end) == shift


def test_who_is_never_on_call_has_nothing_to_give(team: Team) -> None:
    assert next_to_give(team, "zoe", "alice", date(2026, 1, 5)) is None
    assert shifts_of_day(team, "zoe", date(2026, 1, 5)) == []


@pytest.mark.parametrize(
    ("overrides", "given"),
    [
        ("", False),
        ("{id: x, from: 2026-01-12T20:00, to: 2026-01-13T08:00, replace: chloe, with: david}", True),
        ("{id: x, from: 2026-01-12T21:00, to: 2026-01-13T08:00, replace: chloe, with: david}", False),
        ("{id: x, from: 2026-01-12T20:00, to: 2026-01-13T08:00, replace: chloe, with: alice}", False),
    ],
)
def test_a_gift_is_given_when_the_taker_is_there_all_the_time_and_the_giver_is_not(
    team: Team, tmp_path: Path, overrides: str, given: bool
) -> None:
    night = gift(team, "chloe", "david", date(2026, 1, 12))
    assert is_given(team_of(tmp_path, f"  - {overrides}\n" if overrides else ""), night) == given
