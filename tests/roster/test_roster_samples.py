"""The rosters that are shipped: they hold no mistake, and find somebody for each reason at any instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.core.packed import Packed
from ari_app.roster.book import RosterBook, load_rosters

ROSTERS = Path(__file__).parents[2] / "rosters"
FICTION = re.compile(r"\+33(19900|26191|35301|46571|53649|63998)[0-9]{4}")
"""French numbers that Arcep (decision 2018-0881) keeps for films and books: nobody answers there."""


@pytest.fixture(scope="module")
def book() -> RosterBook:
    loaded, findings = load_rosters(ROSTERS, at=datetime(2026, 11, 23, tzinfo=UTC))
    assert findings == []
    assert loaded is not None
    return loaded


def test_four_teams_answer_for_four_reasons(book: RosterBook) -> None:
    assert book.reasons == {
        "carte-volee": "cartes",
        "commande": "commandes",
        "panne": "support-technique",
        "retour": "retours",
    }


@pytest.mark.parametrize("reason", ["panne", "carte-volee", "retour", "commande"])
def test_somebody_is_on_call_for_each_reason_at_every_instant_of_a_year(
    book: RosterBook, reason: str
) -> None:
    at, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 2, tzinfo=UTC)
    while at < end:
        plan = book.plan(reason, at)
        assert plan.steps[0].label == "on-call"
        assert plan.steps[0].agents
        assert plan.kind is not None
        at = plan.until


def test_every_agent_has_a_sip_phone_of_the_same_name(book: RosterBook) -> None:
    assert {agent.id: agent.phones[0].uri for agent in book.agents.values()} == {
        name: f"sip:{name}"
        for name in ("alice", "bruno", "chloe", "david", "emma", "farid", "gaelle", "hugo", "ines")
    }


def test_the_numbers_shipped_are_nobodys(book: RosterBook) -> None:
    numbers = [
        phone.address for agent in book.agents.values() for phone in agent.phones if phone.scheme == "tel"
    ]
    assert numbers
    assert all(FICTION.fullmatch(number) for number in numbers)


def test_the_roster_of_the_documentation_holds_no_mistake(tmp_path: Path) -> None:
    text = (ROSTERS.parent / "docs" / "rosters.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "example.yaml").write_text(example)
    documented, findings = load_rosters(tmp_path, at=datetime(2026, 11, 23, tzinfo=UTC))
    assert findings == []
    assert documented is not None


@pytest.mark.parametrize(
    ("team", "at"), [("support-technique", "2026-12-25T12:00"), ("commandes", "2027-05-01T09:00")]
)
def test_on_public_holidays_others_are_on_call(book: RosterBook, team: str, at: str) -> None:
    plan = book.plan_for_team(team, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert plan.kind == "astreinte"
    assert plan.steps[0].agents[0].why.startswith("layer ferie")


def test_who_is_on_call_is_asked_again_without_unpacking_a_team(monkeypatch: pytest.MonkeyPatch) -> None:
    book, _ = load_rosters(ROSTERS)
    assert book is not None
    at = datetime(2026, 11, 23, 20, tzinfo=UTC)
    known = {reason: book.plan(reason, at) for reason in book.reasons}
    book.pack()
    book.forget(len(known))
    assert {reason: book.plan(reason, at) for reason in book.reasons} == known
    monkeypatch.setattr(Packed, "__getitem__", None)
    assert {reason: book.plan(reason, at) for reason in book.reasons} == known
