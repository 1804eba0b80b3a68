"""`astreinte who`: the answer, until when it holds, and what an odd question gets."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
TEAM = "support-technique"


def test_every_team_is_shown_with_its_reasons_people_phones_and_why(astreinte: Astreinte) -> None:
    said = astreinte("who", "--at", "2026-11-24T22:00")
    assert (said.code, said.err) == (0, "")
    for team in ("cartes: carte-volee", "commandes: commande", "retours: retour", f"{TEAM}: panne"):
        assert f"{team}\n" in said.out
    assert "Tue 24 Nov 2026 22:00:00 +0100 (Europe/Paris), until Wed 25 Nov 2026 08:00 +0100\n" in said.out
    rows = [line.split("  ") for line in said.out.split("\n") if line.startswith("1 ")]
    assert len(rows) == 4
    assert "sip:alice, tel:+33199001201 after 15 s" in said.out
    assert "layer nuit" in said.out


def test_an_offset_and_the_teams_own_time_mean_the_same_instant(astreinte: Astreinte) -> None:
    own = astreinte("who", TEAM, "--at", "2026-12-25T03:00")
    assert astreinte("who", TEAM, "--at", "2026-12-25T02:00+00:00") == own
    assert astreinte("who", TEAM, "--at", "2026-12-25T02:00Z") == own


@pytest.mark.parametrize(
    ("at", "shown", "note"),
    [
        (
            "2026-03-29T02:30",
            "03:00:00 +0200",
            "02:30 does not exist on that day: the clock goes on to 03:00",
        ),
        ("2026-10-25T02:30", "02:30:00 +0200", "for the second, --at 2026-10-25T02:30+01:00"),
        ("2026-10-25T02:30+01:00", "02:30:00 +0100", ""),
        ("2026-10-25T03:30", "03:30:00 +0100", ""),
    ],
)
def test_a_time_that_a_clock_change_skips_or_repeats_is_pointed_out(
    astreinte: Astreinte, at: str, shown: str, note: str
) -> None:
    said = astreinte("who", TEAM, "--at", at)
    assert shown in said.out
    assert note in said.out
    assert ("does not exist" in said.out or "comes twice" in said.out) == bool(note)


@pytest.mark.parametrize(
    ("team", "hint"),
    [
        ("support", "did you mean `astreinte who support-technique`?"),
        ("cartse", "did you mean `astreinte who cartes`?"),
        ("panne", "it is a reason, and `support-technique` answers for it"),
        ("zzz", "The teams: `cartes`, `commandes`, `retours` or `support-technique`"),
        ("\x1b[31m", "The teams: "),
    ],
)
def test_a_team_that_is_none_gets_the_nearest_name(astreinte: Astreinte, team: str, hint: str) -> None:
    said = astreinte("who", team)
    assert (said.code, said.out) == (1, "")
    assert hint in said.err
    assert "\x1b" not in said.err


@pytest.mark.parametrize("at", ["noel", "", "2026-13-01", "25/12/2026", "0001-01-01", "9999-12-31T23:59"])
def test_what_is_no_instant_is_told_with_an_example(astreinte: Astreinte, at: str) -> None:
    said = astreinte("who", TEAM, "--at", at)
    assert (said.code, said.out) == (1, "")
    assert "2026-12-25T03:00" in said.err or "ask for an instant from" in said.err


def test_nobody_on_call_is_said_in_words(astreinte: Astreinte, desk: Desk) -> None:
    team = "team: t\ntimezone: Europe/Paris\nreasons: [autre]\nescalation: [{ring: on-call, for: 9s}]\n"
    layer = "{id: later, rotation: {members: [alice]}, effective: {from: 2026-01-01}}"
    desk.write("rosters/t.yaml", f"{team}layers: [{layer}]\n")
    said = astreinte("who", "t", "--at", "2025-12-31T12:00")
    assert "callers hear that nobody can be reached" in said.out
    assert "until Thu 01 Jan 2026 00:00 +0100" in said.out


@pytest.fixture
def team(desk: Desk) -> None:
    """A team whose escalation has steps for some calls alone."""
    desk.write(
        "rosters/t.yaml",
        """
team: t
timezone: Europe/Paris
layers:
  - {id: soir, window: {from: "18:00", to: "20:00"}, rotation: {members: [[alice, bruno]]}}
escalation:
  - {ring: on-call, strategy: round-robin, rounds: 2}
  - {ring: [chloe], when: {reason: urgence}}
  - {ring: [david], when: {language: en}}
  - {ring: [alice], when: {hours: {from: "08:00", to: "12:00"}, vip: true}}
  - voicemail
rounds: 3
reasons: [urgence, autre]
""",
    )


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--at", "2026-11-24T19:00"], ["1 Alice Martin 25 s, round-robin, 2 rounds", "1 Bruno Petit"]),
        (["--at", "2026-11-24T21:00"], ["1 (on-call) skipped: nobody is in it", "5 (voicemail)"]),
        (["--at", "2026-11-24T21:00"], ["2 (chloe) skipped: only when reason urgence"]),
        (["--at", "2026-11-24T21:00"], ["3 (david) skipped: only when language en"]),
        (["--reason", "urgence"], ["2 Chloé Bernard sip:chloe 25 s named in the escalation"]),
        (["--reason", "autre", "--language", "en"], ["2 (chloe) skipped: only when", "3 David Moreau"]),
        (["--at", "2026-11-24T09:00", "--vip"], ["4 Alice Martin"]),
        (["--at", "2026-11-24T09:00"], ["4 (alice) skipped: only when at 08:00-12:00 and vip"]),
        (["--at", "2026-11-24T13:00", "--vip"], ["4 (alice) skipped: only when at 08:00-12:00 and vip"]),
        (["--at", "2026-11-24T13:00"], ["All steps are gone through 3 times."]),
    ],
)
@pytest.mark.usefixtures("team")
def test_each_step_says_whom_it_rings_or_why_nobody(
    astreinte: Astreinte, words: list[str], shown: list[str]
) -> None:
    said = astreinte("who", *([] if "--reason" in words else ["t"]), *words)
    assert (said.code, said.err) == (0, "")
    lines = [" ".join(line.split()) for line in said.out.split("\n")]
    for each in shown:
        parts = re.compile(".*".join(map(re.escape, each.split(" "))))
        assert any(parts.match(line) for line in lines), each


@pytest.mark.usefixtures("team")
def test_a_reason_finds_its_team_and_one_that_is_none_is_told(astreinte: Astreinte) -> None:
    assert astreinte("who", "--reason", "urgence").out.startswith("t: urgence, autre\n")
    other = astreinte("who", "cartes", "--reason", "urgence")
    assert (other.code, other.out) == (1, "")
    assert "`t` does: leave the team out" in other.err
    unknown = astreinte("who", "--reason", "urgances")
    assert (unknown.code, unknown.out) == (1, "")
    assert "no team answers for the reason `urgances`" in unknown.err


def test_mistakes_in_the_files_are_told_instead_of_an_answer(astreinte: Astreinte, desk: Desk) -> None:
    desk.edit("rosters/cartes.yaml", "timezone: Europe/Paris", "timezone: Mars")
    said = astreinte("who")
    assert (said.code, said.out) == (1, "")
    assert "rosters/cartes.yaml:" in said.err
    assert "astreinte check" in said.err


def test_a_mistake_in_a_flow_is_no_matter_of_who_is_on_call(astreinte: Astreinte, desk: Desk) -> None:
    desk.write("ivr_flows/accueil.yaml", "flow: accueil\n")
    assert astreinte("who", TEAM).code == 0


@pytest.mark.parametrize("columns", [40, 120])
def test_a_table_fits_the_terminal(desk: Desk, columns: int) -> None:
    said = desk.types_on_terminal("who", "--at", "2026-11-24T22:00", columns=columns)
    table = [line for line in said.out.split("\n") if line[:1] in "┏┃┡│└"]
    assert table
    assert all(len(line) <= columns for line in table if "\x1b" not in line)


def test_why_somebody_is_rung_is_told_on_a_terminal_of_80_columns(desk: Desk) -> None:
    shown = desk.types_on_terminal("who", TEAM, "--at", "2026-12-15T03:00", columns=80).out
    assert "layer nuit, override formation for bruno" in shown
