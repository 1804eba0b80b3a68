"""`astreinte override`: what an admin asks for is shown, written where it belongs, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
AGENTS = """\
agents:
  alice: {name: Alice Martin, phones: [sip:alice]}
  bruno: {name: Bruno Petit, phones: [sip:bruno]}
  chloe: {name: Chloé Bernard, phones: [sip:chloe]}
  david: {name: David Moreau, phones: [sip:david]}
"""
CARTES = """\
# Stolen cards: a second person behind the first.
team: cartes
timezone: Europe/Paris

layers:
  - id: renfort
    rotation: {members: [alice]}
  - id: opposition
    rotation: {members: [bruno]}

escalation:
  - {ring: on-call}
  - {ring: on-call, layer: renfort}
  - {ring: [chloe, david]}
"""
RETOURS = """\
team: retours
timezone: Europe/Paris
layers:
- id: bureau
  rotation:
    members: [chloe, david]
    anchor: 2026-01-05T08:00
    every: {weeks: 1}
overrides:
- {id: noel, from: 2098-12-24T18:00, to: 2098-12-26T09:00, replace: chloe, with: bruno}   # as each year
escalation: [{ring: on-call}]
"""
ROSTERS = {"agents": AGENTS, "cartes": CARTES, "retours": RETOURS}
ADD = ("override", "add", "cartes", "--from", "2098-12-24T18:00", "--to", "2098-12-26", "--replace", "bruno")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A folder with the rosters of this file alone."""
    for path in (desk.folder / "rosters").iterdir():
        path.unlink()
    for name, text in ROSTERS.items():
        desk.write(f"rosters/{name}.yaml", text)
    return desk


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")


def test_an_override_is_shown_written_listed_and_removed(astreinte: Astreinte, desk: Desk) -> None:
    path = desk.folder / "rosters" / "cartes.yaml"
    before = path.read_bytes()
    said = astreinte(*ADD, "--with", "Chloé Bernard", "--reason", "congés")
    assert (said.code, said.err) == (0, "")
    assert "cartes, override bruno-2098-12-24: Chloé Bernard for Bruno Petit\n" in said.out
    assert "Wed 24 Dec 2098 18:00 +0100 to Fri 26 Dec 2098 00:00 +0100 (Europe/Paris)\n" in said.out
    assert "Chloé Bernard (chloe): +30 h\n" in said.out
    assert "Bruno Petit (bruno): -30 h\n" in said.out
    line = (
        "  - {id: bruno-2098-12-24, from: 2098-12-24T18:00, to: 2098-12-26T00:00,"
        " replace: bruno, with: chloe, reason: congés}"
    )
    assert f"\n+{line}\n" in said.out
    assert said.out.endswith("rosters/cartes.yaml is written.\n")
    assert line in lines(path)

    listed = astreinte("override", "list", "cartes").out
    assert listed.startswith("cartes (Europe/Paris)\n")
    for cell in ("bruno-2098-12-24", "chloe for bruno", "30 h"):
        assert f"{cell}  " in listed
    assert "congés" in listed

    removed = astreinte("override", "remove", "cartes", "bruno-2098-12-24")
    assert removed.code == 0
    assert "no longer Chloé Bernard for Bruno Petit\n" in removed.out
    assert f"\n-{line}\n" in removed.out
    assert path.read_bytes() == before


def test_a_dry_run_shows_the_same_and_writes_nothing(astreinte: Astreinte, desk: Desk) -> None:
    path = desk.folder / "rosters" / "cartes.yaml"
    before = path.read_bytes()
    dry = astreinte(*ADD, "--with", "chloe", "--dry-run")
    assert path.read_bytes() == before
    wet = astreinte(*ADD, "--with", "chloe")
    assert path.read_bytes() != before
    assert dry.out.split("\n")[:-2] == wet.out.split("\n")[:-2]
    assert dry.out.endswith("rosters/cartes.yaml stays as it is: --dry-run.\n")


def test_generated_ids_tell_who_is_away_and_when_and_differ(astreinte: Astreinte, desk: Desk) -> None:
    astreinte(*ADD, "--with", "chloe")
    astreinte(*ADD, "--with", "david")
    text = (desk.folder / "rosters" / "cartes.yaml").read_text("utf-8")
    assert text.index("id: bruno-2098-12-24,") < text.index("id: bruno-2098-12-24-2,")


def test_what_changes_nothing_says_so_and_why(astreinte: Astreinte) -> None:
    said = astreinte("override", "add", "cartes", *ADD[3:8], "alice", "--with", "bruno", "--dry-run")
    assert "The schedule stays as it is" not in said.out  # she is the second line that night
    nobody = astreinte("override", "add", "retours", *ADD[3:8], "alice", "--with", "bruno", "--dry-run")
    assert "The schedule stays as it is: Alice Martin is not on call then.\n" in nobody.out


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (
            "2098-03-30T02:30",
            "2098-03-30T12:00",
            "02:30 does not exist on that day: the clock goes on to 03:00",
        ),
        ("2098-10-26T02:30", "2098-10-26T12:00", "as the beginning of an override it is the first (+0200)"),
        ("2098-10-25T12:00", "2098-10-26T02:30", "as the end of an override it is the last (+0100)"),
        ("2098-10-25T22:00Z", "2098-10-26T01:30Z", "as the end of an override it is the last (+0100)"),
    ],
)
def test_a_time_that_a_clock_change_skips_or_repeats_is_pointed_out(
    astreinte: Astreinte, start: str, end: str, said: str
) -> None:
    told = astreinte("override", "add", "cartes", "--from", start, "--to", end, *ADD[7:], "--with", "chloe")
    assert said in told.out
    assert told.code == 0


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"cartes": "cartse"}, "there is no team `cartse`", "did you mean `astreinte override add cartes`?"),
        ({"bruno": "brunno"}, "there is no agent `brunno`", "did you mean `bruno`?"),
        ({"bruno": "Bruno Peti"}, "there is no agent `Bruno Peti`", "did you mean `bruno`?"),
        ({"2098-12-24T18:00": "Noël"}, "'Noël' is not an instant", "2026-12-25T03:00"),
        ({"2098-12-24T18:00": "2098-12-24T18:00:30"}, "is no whole minute", "leave the seconds out"),
        (
            {"2098-12-24T18:00": "2098-10-26T02:30+01:00"},
            "the first (+0200), never the second",
            "write a time",
        ),
        ({"2098-12-26": "2098-12-24"}, "the override ends before it begins", "nothing was written"),
        ({"bruno": "chloe"}, "replaces an agent with the same agent", "nothing was written"),
    ],
)
def test_what_cannot_be_written_says_what_to_do_and_leaves_the_files(
    astreinte: Astreinte, desk: Desk, change: dict[str, str], message: str, remedy: str
) -> None:
    path = desk.folder / "rosters" / "cartes.yaml"
    before = path.read_bytes()
    said = astreinte(*(change.get(word, word) for word in ADD), "--with", "chloe")
    assert said.code == 1
    assert message in said.err
    assert remedy in said.err
    assert path.read_bytes() == before


def test_an_override_that_is_there_already_is_not_written_again(astreinte: Astreinte) -> None:
    said = astreinte("override", "add", "retours", *ADD[3:], "--with", "chloe", "--id", "noel")
    assert said.code == 1
    assert "the override `noel` is there twice" in said.err


def test_rosters_with_a_mistake_are_not_edited_and_the_mistake_is_told(
    astreinte: Astreinte, desk: Desk
) -> None:
    desk.edit("rosters/retours.yaml", "[chloe, david]", "[chloe, davide]")
    said = astreinte(*ADD, "--with", "chloe")
    assert said.code == 1
    assert "rosters/retours.yaml:6:22: error: the agent `davide` is unknown" in said.err
    assert "overrides" not in (desk.folder / "rosters" / "cartes.yaml").read_text("utf-8")


def test_the_list_has_those_to_come_and_with_all_those_that_are_over(
    astreinte: Astreinte, desk: Desk
) -> None:
    empty = astreinte("override", "list", "cartes")
    assert (empty.code, empty.out.count("\n")) == (0, 1)
    old = "- {id: old, from: 2026-01-06T08:00, to: 2026-01-07T09:30, replace: alice, with: bruno}"
    vain = "- {id: vain, from: 2098-01-06T08:00, to: 2098-01-07T08:00, replace: david, with: alice}"
    both = f"\noverrides:\n  {vain}\n  {old}\nescalation:"
    desk.edit("rosters/cartes.yaml", "\nescalation:", both)
    rows = astreinte("override", "list", "cartes").out.split("\n")
    assert [row.split()[0] for row in rows[2:-1]] == ["vain"]
    rows = astreinte("override", "list", "cartes", "--all").out.split("\n")
    assert [row.split()[0] for row in rows[2:-1]] == ["old", "vain"]
    assert "25 h 30" in rows[2]


def test_an_override_that_changes_nothing_is_listed_as_such(astreinte: Astreinte, desk: Desk) -> None:
    astreinte("override", "add", "cartes", *ADD[3:8], "david", "--with", "bruno")
    (row,) = astreinte("override", "list", "cartes").out.split("\n")[2:-1]
    assert row.rstrip().endswith("nothing")


def test_a_stand_in_who_was_backup_counts_the_hours_once(astreinte: Astreinte) -> None:
    astreinte(*ADD, "--with", "alice")
    (row,) = astreinte("override", "list", "cartes").out.split("\n")[2:-1]
    assert row.endswith("30 h")


def test_what_is_removed_has_to_be_there(astreinte: Astreinte) -> None:
    said = astreinte("override", "remove", "retours", "noël")
    assert said.code == 1
    assert "did you mean `noel`?" in said.err


def test_exceptional_is_written_as_the_roster_has_it(astreinte: Astreinte, desk: Desk) -> None:
    said = astreinte(*ADD, "--with", "chloe", "--exceptional")
    assert said.code == 0
    assert "with: chloe, exceptional: true}" in (desk.folder / "rosters" / "cartes.yaml").read_text("utf-8")
