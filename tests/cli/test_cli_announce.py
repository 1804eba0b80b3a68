"""`astreinte announce`: what an admin types in an incident, and what it says back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ari_app.announcements.board import Board
from tests.call.sounds import write_hiss

from .conftest import SHIPPED, Desk, Said

Astreinte = Callable[..., Said]
PANNE = "Une panne est en cours."


@pytest.fixture
def admin(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Somebody at the shipped files, whose prompts are kept for themselves."""
    made = tmp_path_factory.mktemp("made")
    desk.settings(
        f"{SHIPPED}prompts: {{folder: {made}}}\nlines: {{default: accueil, '+33199000100': accueil}}\n"
    )
    return desk


def test_on_list_and_off(admin: Desk, astreinte: Astreinte) -> None:
    said = admin.types("announce", "on", "support-technique", PANNE, "--until", "2099-01-01T08:00")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "On for team support-technique until Thu 01 Jan 2099 08:00 +0100:",
        f"  fr  {PANNE}",
        "No line is running here: callers hear it once one does.",
    ]
    astreinte("announce", "on", "support-technique", "An outage.", "--language", "en")
    astreinte("announce", "on", "--line", "+33199000100", "Fermé.")
    listed = admin.types("announce", "list").out
    for part in (
        "team support-technique",
        PANNE,
        "An outage.",
        "line +33199000100",
        "Fermé.",
        "switched off",
        "2099",
    ):
        assert part in listed
    assert (
        astreinte("announce", "off", "support-technique", "--language", "en").out
        == "Off for team support-technique, in en.\n"
    )
    assert admin.types("announce", "off", "--all").out.splitlines() == [
        "Off for team support-technique.",
        "Off for line +33199000100.",
    ]
    assert astreinte("announce", "list").out == "No announcement is on.\n"


def test_a_recording_is_copied_so_that_it_can_be_moved_away(admin: Desk, astreinte: Astreinte) -> None:
    write_hiss(admin.folder / "incident.wav", 1.0)
    said = astreinte("announce", "on", "support-technique", "--recording", "incident.wav")
    assert (said.code, said.out.splitlines()[1]) == (0, "  fr  (recording)")
    (admin.folder / "incident.wav").unlink()
    assert len([*Board(admin.folder / "var").folder.glob("fr/*.wav")]) == 1


WRONG = {
    "unknown team": (["support-tecnique", PANNE], "there is no team", "The teams"),
    "unknown line": (["--line", "+33199000101", PANNE], "there is no line", "did you mean `+33199000100`"),
    "no text": (["support-technique"], "1 words were given where TEAM TEXT", "announce on TEAM"),
    "text without quotes": (["support-technique", "Une", "panne"], "3 words were given", "announce on TEAM"),
    "a team and a line": (
        ["support-technique", "--line", "default", PANNE],
        "2 words were given where TEXT",
        "--line LINE",
    ),
    "nothing to say": (["support-technique", "…"], "there is nothing to say", "write what callers"),
    "too long": (["support-technique", "panne " * 300], "too long to listen to", "shorten"),
    "markup": (["support-technique", "<speak>Panne</speak>"], "`<` cannot be spoken", "plain words"),
    "phonemes": (["support-technique", "[[p'an]]"], "`[` cannot be spoken", "plain words"),
    "unknown language": (
        ["support-technique", PANNE, "--language", "de"],
        "no caller is spoken to in `de`",
        "`fr` or `en`",
    ),
    "over": (
        ["support-technique", PANNE, "--until", "2020-01-01"],
        "--until 2020-01-01 is over",
        "a time to come",
    ),
    "no time": (["support-technique", PANNE, "--until", "demain"], "is not an instant", "2026-12-25T03:00"),
    "no sound": (["support-technique", "--recording", "astreinte.yaml"], "not a WAV file", "save it as WAV"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_told_with_what_to_do_and_nothing_is_switched_on(
    admin: Desk, astreinte: Astreinte, what: str
) -> None:
    words, message, remedy = WRONG[what]
    said = astreinte("announce", "on", *words)
    assert said.code == 1
    assert message in said.err
    assert remedy in said.err
    assert Board(admin.folder / "var").read() == []


def test_what_no_engine_speaks_is_told_and_not_switched_on(admin: Desk, astreinte: Astreinte) -> None:
    admin.edit("astreinte.yaml", "prompts: {", "prompts: {engine: command, command: [false], ")
    said = astreinte("announce", "on", "support-technique", PANNE)
    assert said.code == 1
    assert said.err
    assert Board(admin.folder / "var").read() == []


def test_switching_off_what_is_not_on_tells_what_is(admin: Desk, astreinte: Astreinte) -> None:
    said = astreinte("announce", "off", "support-technique")
    assert (said.code, "no such announcement is on" in said.err, "none is on" in said.err) == (1, True, True)
    assert "what shall be switched off?" in astreinte("announce", "off").err


def test_a_team_whose_rosters_hold_a_mistake_can_still_be_switched_off(
    admin: Desk, astreinte: Astreinte
) -> None:
    astreinte("announce", "on", "support-technique", PANNE)
    for roster in (admin.folder / "rosters").glob("*.yaml"):
        roster.write_text("team: [")
    assert astreinte("announce", "off", "support-technique").code == 0
