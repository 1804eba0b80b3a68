"""The schedule of a team: it tiles time, and says what asking at each instant says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ari_app.core.errors import AstreinteError
from ari_app.roster.book import RosterBook, UnknownTeamError, load_rosters
from ari_app.roster.schedule import Shift, expand, expand_layer, gaps

SUPPORT = """
team: support
timezone: Europe/Paris
agents:
  {alice: {phones: [sip:a]}, bruno: {phones: [sip:b]}, chloe: {phones: [sip:c]}, david: {phones: [sip:d]}}
layers:
  - id: nuit
    window: {days: [mon, tue, wed, thu, fri], from: 20:00, to: 08:00}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [[alice], [bruno, chloe]]}
  - id: samedi
    kind: permanence
    window: {days: [sat], from: 09:00, to: 12:00}
    rotation: {members: [chloe]}
escalation: [{ring: on-call}]
overrides:
  - {id: noel, from: 2026-01-06T00:00, to: 2026-01-07T02:00, replace: alice, with: bruno}
  - {id: suite, from: 2026-01-06T00:00, to: 2026-01-06T22:00, replace: bruno, with: david}
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> RosterBook:
    (tmp_path / "support.yaml").write_text(SUPPORT)
    loaded, findings = load_rosters(tmp_path)
    assert loaded is not None, "\n".join(map(str, findings))
    return loaded


def told(shifts: tuple[Shift, ...]) -> list[str]:
    return [
        f"{each.start:%d %H:%M}-{each.end:%d %H:%M} {each.layer} {'+'.join(each.agents)} "
        f"[{' '.join(each.overrides)}]"
        for each in shifts
    ]


def test_the_schedule_says_who_is_on_call_from_when_until_when(book: RosterBook) -> None:
    shifts = book.schedule("support", utc("2026-01-05T12:00"), utc("2026-01-13T00:00"))
    assert told(shifts) == [
        "05 19:00-05 23:00 nuit alice []",
        "05 23:00-06 07:00 nuit david [noel suite]",
        "06 19:00-06 21:00 nuit david [noel suite]",
        "06 21:00-07 01:00 nuit bruno [noel]",
        "07 01:00-07 07:00 nuit alice []",
        "07 19:00-08 07:00 nuit alice []",
        "08 19:00-09 07:00 nuit alice []",
        "09 19:00-10 07:00 nuit alice []",
        "10 08:00-10 11:00 samedi chloe []",
        "12 19:00-13 00:00 nuit bruno+chloe []",
    ]
    assert {(shift.team, shift.kind) for shift in shifts} == {
        ("support", "astreinte"),
        ("support", "permanence"),
    }


def test_a_layer_has_a_schedule_by_itself(book: RosterBook) -> None:
    team = book.teams["support"]
    assert told(expand_layer(team, "samedi", utc("2026-01-05T00:00"), utc("2026-01-17T10:00"))) == [
        "10 08:00-10 11:00 samedi chloe []",
        "17 08:00-17 10:00 samedi chloe []",
    ]


def test_gaps_are_the_time_in_which_nobody_is_on_call(book: RosterBook) -> None:
    team = book.teams["support"]
    assert gaps(team, utc("2026-01-09T12:00"), utc("2026-01-10T12:00")) == (
        (utc("2026-01-09T12:00"), utc("2026-01-09T19:00")),
        (utc("2026-01-10T07:00"), utc("2026-01-10T08:00")),
        (utc("2026-01-10T11:00"), utc("2026-01-10T12:00")),
    )
    assert gaps(team, utc("2026-01-09T20:00"), utc("2026-01-10T06:00")) == ()


def test_a_range_without_length_has_neither_shifts_nor_gaps(book: RosterBook) -> None:
    team, at = book.teams["support"], utc("2026-01-09T20:00")
    assert expand(team, at, at) == ()
    assert gaps(team, at, at) == ()


def test_shifts_do_not_overlap_and_equal_neighbours_are_one(book: RosterBook) -> None:
    shifts = book.schedule("support", utc("2026-01-01T00:00"), utc("2027-01-01T00:00"))
    for before, after in pairwise(shifts):
        assert before.start < before.end <= after.start
        same = (before.layer, before.agents, before.overrides) == (after.layer, after.agents, after.overrides)
        assert before.end < after.start or not same


def test_asking_at_an_instant_says_what_the_schedule_says(book: RosterBook) -> None:
    shifts = book.schedule("support", utc("2026-01-05T00:00"), utc("2026-01-19T00:00"))
    for minutes in range(0, 14 * 24 * 60, 30):
        at = utc("2026-01-05T00:00") + timedelta(minutes=minutes)
        plan = book.plan_for_team("support", at)
        scheduled = [shift.agents for shift in shifts if shift.start <= at < shift.end]
        assert [tuple(one.agent.id for one in step.agents) for step in plan.steps] == scheduled


def test_what_the_schedule_cannot_say_is_refused(book: RosterBook) -> None:
    start, end = utc("2026-01-05T00:00"), utc("2026-01-19T00:00")
    with pytest.raises(UnknownTeamError, match="support"):
        book.schedule("suport", start, end)
    with pytest.raises(ValueError, match="time zone"):
        book.schedule("support", start.replace(tzinfo=None), end)
    with pytest.raises(AstreinteError, match="year"):
        book.schedule("support", start, utc("9998-01-01T00:00"))
