"""However a roster is spoilt: findings with their places, or a book that can be asked at any instant."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given

from ari_app.roster.book import load_rosters

from ..hostile import are_at_their_places, bounded
from ..mutations import spoilt_bytes, spoilt_values, varied

SHIPPED = Path(__file__).parents[2] / "rosters"
EVERYTHING = Path(__file__).with_name("everything.yaml").read_text("utf-8")
AGENTS = (SHIPPED / "agents.yaml").read_text("utf-8")
OTHER = "team: cartes\ntimezone: UTC\nagents: {zoe: {phones: [sip:zoe]}}\nescalation: [{ring: [zoe]}]\n"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
INSTANTS = (
    datetime(1971, 1, 1, tzinfo=UTC),
    datetime(2011, 12, 30, 12, tzinfo=UTC),  # Apia skipped this day
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    NOW,
    datetime(2198, 12, 20, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every field, and beside it the team that it names."""
    folder = tmp_path_factory.mktemp("everything")
    (folder / "cartes.yaml").write_text(OTHER)
    return folder / "support-technique.yaml"


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agents of the shipped rosters, whose teams are beside them."""
    folder = tmp_path_factory.mktemp("shipped") / "rosters"
    shutil.copytree(SHIPPED, folder)
    return folder / "agents.yaml"


def is_withstood(path: Path, content: bytes) -> bool:
    """Check what becomes of a folder with such a file; tell whether it is a good one."""
    path.write_bytes(content)
    book, findings = load_rosters(path.parent, at=NOW)
    are_at_their_places(findings, path, content)
    assert (book is None) == any(finding.severity == "error" for finding in findings)
    if book is None:
        return False
    for at in INSTANTS:
        for reason in book.reasons:
            assert book.plan(reason, at, language="fr", vip=True).until > at
        for team in book.teams:
            assert book.plan_for_team(team, at).until > at
            book.schedule(team, at, at + timedelta(days=9))
    return True


def test_what_is_spoilt_is_good_before_it_is_spoilt(everything: Path, agents: Path) -> None:
    assert is_withstood(everything, EVERYTHING.encode())
    assert is_withstood(agents, AGENTS.encode())


@given(spoilt_values(EVERYTHING))
@bounded
def test_no_value_in_any_field_makes_a_roster_fall_over(everything: Path, content: bytes) -> None:
    is_withstood(everything, content)


@given(varied(EVERYTHING))
@bounded
def test_no_other_date_time_or_name_makes_a_roster_fall_over(everything: Path, content: bytes) -> None:
    is_withstood(everything, content)


@given(spoilt_bytes(EVERYTHING))
@bounded
def test_no_bytes_make_a_roster_fall_over(everything: Path, content: bytes) -> None:
    is_withstood(everything, content)


@given(spoilt_values(AGENTS))
@bounded
def test_no_value_of_an_agent_makes_the_teams_fall_over(agents: Path, content: bytes) -> None:
    is_withstood(agents, content)
