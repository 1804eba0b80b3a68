"""When whose duty begins, and which changes of people are handoffs."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from ari_app.roster.book import RosterBook, load_rosters
from ari_app.roster.duty_shifts import beginning, handoffs, is_on_duty

TEAM = """
team: support
timezone: UTC
agents:
  {alice: {phones: [sip:a]}, bruno: {phones: [sip:b]}, chloe: {phones: [sip:c]}}
layers:
  - id: nuit
    window: {from: "20:00", to: "08:00"}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [[alice], [bruno]]}
  - id: soir
    window: {days: [tue], from: "18:00", to: "20:00"}
    rotation: {members: [alice]}
overrides:
  - {id: cinema, from: 2026-01-07T22:00, to: 2026-01-08T01:00, replace: alice, with: chloe}
escalation: [{ring: on-call}]
duty_call: {before: 10m, within: 20m, alert: chef}
handoff_notice: {to: [chef, equipe]}
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def book(folder: Path, text: str = TEAM) -> RosterBook:
    (folder / "support.yaml").write_text(text)
    loaded, findings = load_rosters(folder)
    assert loaded is not None, "\n".join(map(str, findings))
    return loaded


def test_a_duty_begins_when_an_agent_was_not_on_call_before(tmp_path: Path) -> None:
    team = book(tmp_path).teams["support"]
    duties = beginning(team, at("2026-01-05T20:00"), at("2026-01-08T20:00"))
    assert [f"{each.start:%d %H:%M} {each.end:%d %H:%M} {each.agent}" for each in duties] == [
        "06 18:00 07 08:00 alice",  # an evening, then the night: one duty, two layers
        "07 20:00 07 22:00 alice",
        "07 22:00 08 01:00 chloe",
        "08 01:00 08 08:00 alice",
        "08 20:00 09 08:00 alice",
    ]


def test_ranges_that_touch_miss_no_duty_and_have_none_twice(tmp_path: Path) -> None:
    team = book(tmp_path).teams["support"]
    start, end = at("2026-01-05T00:00"), at("2026-01-14T00:00")
    steps = [start + timedelta(minutes=30) * n for n in range(18 * 24 + 1)]
    pieces = [duty for a, b in pairwise(steps) for duty in beginning(team, a, b)]
    assert pieces == beginning(team, start, end)


def test_a_handoff_is_to_other_people_and_not_to_the_same_a_day_later(tmp_path: Path) -> None:
    team = book(tmp_path).teams["support"]
    found = handoffs(team, at("2026-01-05T20:00"), at("2026-01-20T00:00"))
    assert [f"{each.start:%d %H:%M} {each.end:%d %H:%M} {' '.join(each.agents)}" for each in found] == [
        "07 22:00 08 01:00 chloe",
        "08 01:00 12 08:00 alice",
        "12 20:00 13 08:00 bruno",
        "13 18:00 13 20:00 alice",
        "13 20:00 19 08:00 bruno",
        "19 20:00 26 08:00 alice",
    ]


def test_it_is_known_who_is_on_duty(tmp_path: Path) -> None:
    team = book(tmp_path).teams["support"]
    instants = [at(f"2026-01-{text}") for text in ("07T21:59", "07T22:00", "08T01:00", "08T08:00")]
    assert [is_on_duty(team, "alice", each) for each in instants] == [True, False, True, False]


def test_everybody_who_is_told_things_is_known_with_the_place(tmp_path: Path) -> None:
    told = [(name, line) for name, _, line, _ in book(tmp_path).told]
    assert told == [("chef", 16), ("chef", 17), ("equipe", 17)]


def test_tries_that_take_longer_than_there_is_time_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "support.yaml").write_text(TEAM.replace("within: 20m", "within: 1m"))
    _, (finding,) = load_rosters(tmp_path)
    assert "there is no time for so many tries" in str(finding)
    assert "2m" in finding.expected
