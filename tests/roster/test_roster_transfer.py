"""Whom agents may hand a call over to, and whether they are rung in a call: from YAML to team."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.roster.book import load_rosters
from ari_app.roster.team import Team

TEAM = """
team: support
timezone: Europe/Paris
agents:
  alice: {phones: [sip:alice]}
  bruno: {phones: [sip:bruno], busy: ring}
  chloe: {phones: [sip:chloe]}
escalation: [{ring: [bruno, alice]}]
reasons: [panne]
"""


def load(folder: Path, more: str) -> tuple[Team | None, list[str]]:
    (folder / "support.yaml").write_text(TEAM + more)
    book, findings = load_rosters(folder)
    problems = [f"{each.line}:{each.column} {each.message}" for each in findings if each.severity == "error"]
    return book.teams["support"] if book else None, problems


def reached(team: Team | None) -> dict[str, str]:
    assert team is not None
    return {key: to.agent.id if to.agent else f"team {to.team}" for key, to in team.targets.items()}


def test_a_call_is_handed_over_within_the_team_unless_the_file_says_to_whom(tmp_path: Path) -> None:
    team, _ = load(tmp_path, "")
    assert reached(team) == {"1": "alice", "2": "bruno"}
    team, _ = load(tmp_path, "transfer: {3: chloe, 9: {team: support}}\n")
    assert reached(team) == {"3": "chloe", "9": "team support"}
    team, _ = load(tmp_path, "transfer: {}\n")
    assert reached(team) == {}


@pytest.mark.parametrize(
    ("more", "reached"),
    [
        ("", {"alice", "bruno"}),
        ("transfer: {}\n", set()),
        ("transfer: {1: bruno}\n", {"bruno"}),
        ("transfer: {1: chloe, 2: {team: support}}\n", {"chloe", ""}),
    ],
)
def test_it_is_known_of_each_team_to_whom_its_calls_can_be_handed_over(
    tmp_path: Path, more: str, reached: set[str]
) -> None:
    (tmp_path / "support.yaml").write_text(TEAM + more)
    book, _ = load_rosters(tmp_path)
    assert book is not None
    assert book.reached == {"support": reached}


@pytest.mark.parametrize(
    ("transfer", "problem"),
    [
        ("{1: chlo}", "10:15 the agent `chlo` is unknown"),
        ("{1: {team: suport}}", "10:22 the team `suport` is unknown"),
        ("{12: chloe}", "10:12 this is not a key that stands for somebody"),
        ("{1: '+33199001234'}", "10:15 this is not a name that can be referred to"),
    ],
)
def test_a_call_is_handed_over_to_nobody_whom_the_files_do_not_name(
    tmp_path: Path, transfer: str, problem: str
) -> None:
    team, problems = load(tmp_path, f"transfer: {transfer}\n")
    assert team is None
    assert problems == [problem]


def test_an_agent_says_more_of_being_rung_in_a_call_than_the_team(tmp_path: Path) -> None:
    for word, alice in (("skip", "skip"), ("ring", "ring")):
        team, _ = load(tmp_path, f"busy: {word}\n")
        assert team is not None
        assert (team.agents["alice"].busy, team.agents["bruno"].busy) == (alice, "ring")
