"""`astreinte swap`: two agents exchange the shifts of a day, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
TEAM = "support"
AGENTS = """\
agents:
  alice: {name: Alice Martin, phones: [sip:alice]}
  bruno: {name: Bruno Petit, phones: [sip:bruno]}
  chloe: {name: Chloé Bernard, phones: [sip:chloe]}
  david: {name: David Moreau, phones: [sip:david]}
"""
SUPPORT = """\
team: support
timezone: Europe/Paris
layers:
  - id: jour
    kind: permanence
    window: {days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}
    rotation: {members: [[alice, bruno]]}
  - id: nuit
    window: {days: [mon, tue, wed, thu, fri], from: "20:00", to: "08:00"}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [alice, bruno, chloe]}
overrides:
  - {id: noel, from: 2026-12-24T18:00, to: 2026-12-26T09:00, replace: alice, with: david}
escalation: [{ring: on-call}, voicemail]
"""
CARTES = """\
team: cartes
timezone: Europe/Paris

layers:
  - id: renfort
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [david, alice]}
  - id: opposition
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [bruno, chloe]}

escalation: [{ring: on-call}, {ring: on-call, layer: renfort}]
"""
ROSTERS = {"agents": AGENTS, "support": SUPPORT, "cartes": CARTES}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A folder with the rosters of this file alone."""
    for path in (desk.folder / "rosters").iterdir():
        path.unlink()
    for name, text in ROSTERS.items():
        desk.write(f"rosters/{name}.yaml", text)
    return desk


def overrides(desk: Desk, team: str) -> list[str]:
    """Return the overrides that commands wrote for a team, as they are in its file."""
    text = (desk.folder / "rosters" / f"{team}.yaml").read_text("utf-8")
    return [line.strip("- {}") for line in text.split("\n") if "id: swap-" in line]


def written(name: str, start: str, end: str, absent: str, stand_in: str, *, more: str = "") -> str:
    return f"id: {name}, from: {start}, to: {end}, replace: {absent}, with: {stand_in}{more}"


def test_two_agents_exchange_their_shifts_of_a_day(astreinte: Astreinte, desk: Desk) -> None:
    said = astreinte("swap", "bruno", "Chloé Bernard", "--on", "2026-12-01", "--team", TEAM)
    assert (said.code, said.err) == (0, "")
    assert "Bruno Petit (bruno): +12 h, -12 h\n" in said.out
    assert "Chloé Bernard (chloe): +12 h, -12 h\n" in said.out
    assert overrides(desk, TEAM) == [
        written("swap-bruno-2026-12-01", "2026-12-01T08:00", "2026-12-01T20:00", "bruno", "chloe"),
        written("swap-chloe-2026-12-01", "2026-12-01T20:00", "2026-12-02T08:00", "chloe", "bruno"),
    ]


def test_who_has_no_shift_that_day_takes_the_others(astreinte: Astreinte, desk: Desk) -> None:
    for pair in (("bruno", "chloe"), ("chloe", "bruno")):
        said = astreinte("swap", *pair, "--on", "2026-11-30", "--team", "cartes", "--dry-run")
        assert "override swap-chloe-2026-11-30: Bruno Petit for Chloé Bernard\n" in said.out
        assert "Mon 30 Nov 2026 08:00 +0100 to Mon 07 Dec 2026 08:00 +0100 (Europe/Paris)" in said.out


def test_shifts_of_two_days_are_exchanged(astreinte: Astreinte, desk: Desk) -> None:
    words = ("swap", "alice", "chloe", "--on", "2026-12-07", "--and", "2026-12-21", "--team", TEAM)
    assert astreinte(*words, "--reason", "échange, par mail").code == 0
    assert overrides(desk, TEAM) == [
        written(
            "swap-alice-2026-12-07",
            "2026-12-07T08:00",
            "2026-12-08T08:00",
            "alice",
            "chloe",
            more=', reason: "échange, par mail"',
        ),
        written(
            "swap-chloe-2026-12-21",
            "2026-12-21T20:00",
            "2026-12-22T08:00",
            "chloe",
            "alice",
            more=', reason: "échange, par mail"',
        ),
    ]


def test_the_second_line_is_exchanged_with_the_first(astreinte: Astreinte, desk: Desk) -> None:
    astreinte("swap", "bruno", "david", "--on", "2026-11-23", "--team", "cartes")
    for layer, agent in (("opposition", "david"), ("renfort", "bruno")):
        words = ("schedule", "cartes", "--layer", layer, "--from", "2026-11-24", "--to", "2026-11-25")
        (schedule,) = json.loads(astreinte(*words, "--view", "json").out)["schedules"]
        assert [shift["agents"] for shift in schedule["shifts"]] == [[agent]]


def test_the_team_is_found_when_it_can_be_one_only(astreinte: Astreinte, desk: Desk) -> None:
    said = astreinte("swap", "bruno", "chloe", "--on", "2026-12-14")
    assert said.code == 1
    assert "in several teams" in said.err
    assert "--team `cartes` or `support`" in said.err
    assert astreinte("swap", "bruno", "chloe", "--on", "2026-12-15").code == 0
    assert overrides(desk, TEAM)


@pytest.mark.parametrize(
    ("words", "message", "remedy"),
    [
        (
            ("alice", "chloe", "--on", "2026-12-07", "--and", "2026-12-14", "--team", TEAM),
            "no shift of Chloé Bernard begins on 2026-12-14",
            "has the next one from Mon 21 Dec 2026 20:00 +0100 to Tue 22 Dec 2026 08:00 +0100 "
            f"in {TEAM} (--and 2026-12-21)",
        ),
        (
            ("bruno", "chloe", "--on", "2026-11-26", "--team", "cartes"),
            "no shift of Bruno Petit begins on 2026-11-26, and no shift of Chloé Bernard begins on",
            "Bruno Petit is on call from Mon 23 Nov 2026 08:00 +0100 to Mon 30 Nov 2026 08:00 +0100 "
            "in cartes (--on 2026-11-23); Chloé Bernard has the next one from Mon 30 Nov",
        ),
        (
            ("alice", "bruno", "--on", "2026-12-01", "--team", TEAM),
            "Alice Martin and Bruno Petit are on call together on 2026-12-01\n",
            "Alice Martin has the next one from Mon 07 Dec 2026 20:00 +0100",
        ),
        (
            ("david", "alice", "--on", "2026-12-25", "--team", TEAM),
            "do not let the two exchange these shifts: `noel`",
            f"astreinte override remove {TEAM}",
        ),
        (("alice", "alice", "--on", "2026-12-01"), "between two agents", "two different ones"),
        (("alice", "zoe", "--on", "2026-12-01"), "there is no agent `zoe`", "The agents:"),
        (("alice", "bruno", "--on", "tomorrow"), "--on 'tomorrow' is not a date", "2026-12-24"),
        (("alice", "bruno", "--on", "2026-12-01", "--team", "carte"), "there is no team `carte`", "`cartes`"),
    ],
)
def test_what_cannot_be_exchanged_says_why_and_what_could(
    astreinte: Astreinte, desk: Desk, words: tuple[str, ...], message: str, remedy: str
) -> None:
    said = astreinte("swap", *words)
    assert said.code == 1
    assert message in said.err
    assert remedy in said.err
    assert not any(overrides(desk, team) for team in ("cartes", TEAM))


def test_a_second_exchange_takes_no_shift_from_a_third_agent(astreinte: Astreinte, desk: Desk) -> None:
    """Bruno's time is David's after the first exchange: what Bruno gives away now is not Bruno's."""
    astreinte("swap", "bruno", "david", "--on", "2026-11-23", "--team", "cartes")
    said = astreinte("swap", "bruno", "chloe", "--on", "2026-11-23", "--team", "cartes")
    assert said.code == 1
    assert "`swap-bruno-2026-11-23` or `swap-david-2026-11-23`" in said.err
    assert len(overrides(desk, "cartes")) == 2


def test_an_exchange_is_taken_back_by_removing_its_overrides(astreinte: Astreinte, desk: Desk) -> None:
    path = desk.folder / "rosters" / "cartes.yaml"
    before = path.read_bytes()
    astreinte("swap", "bruno", "david", "--on", "2026-11-23", "--team", "cartes")
    for agent in ("david", "bruno"):
        assert astreinte("override", "remove", "cartes", f"swap-{agent}-2026-11-23").code == 0
    assert path.read_bytes() == before
