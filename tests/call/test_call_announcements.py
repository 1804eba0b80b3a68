"""What an admin announces in an incident is heard before anything else, by those whom it concerns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ari_app.announcements.announcement import Target, Words
from ari_app.announcements.board import Board
from ari_app.core.settings import Settings
from ari_app.records.facts import CallEvent, LegStarted

from .exchange import OpenLine, Place, opened
from .people import Person, until
from .sounds import spoken, write_hiss
from .troubles import command

MENU_LINE, PANNE = Target(line="default"), Target(team="panne")
FRENCH, ENGLISH = "Une panne générale est en cours, nous y travaillons.", "There is an outage, we are on it."


def announce(
    settings: Settings,
    target: Target,
    text: str,
    language: str = "fr",
    *,
    recording: Path | None = None,
    until: datetime | None = None,
) -> None:
    """Switch an announcement on, as the command does."""
    with Board(settings.data).editing() as editor:
        words = editor.keep_recording(recording.read_bytes(), language) if recording else Words(text=text)
        editor.put_up(editor.draft(target, language, words, until))


def switch_off(settings: Settings) -> None:
    with Board(settings.data).editing() as editor:
        editor.take_down(None)


async def until_on(line: OpenLine, *targets: Target) -> None:
    """Wait until callers hear the announcements to exactly these targets."""
    announcements = line.line.announcements
    await until(lambda: {each.target for each in announcements.on} == set(targets))


async def heard_on_record(line: OpenLine, caller: Person) -> list[dict[str, Any]]:
    """Return what the record of a call says of announcements, once it is over."""
    record = await line.record_of(caller)
    return [event.data for event in record.events if event.name == "call.announcement"]


async def test_callers_of_a_running_line_hear_what_is_switched_on_before_anything_else(place: Place) -> None:
    async with opened(place, place.settings()) as line:
        first = await line.takes_a_call()
        await first.hears("bienvenue")
        await first.hangs_up()
        announce(line.settings, MENU_LINE, FRENCH)
        await until_on(line, MENU_LINE)
        caller = await line.takes_a_call()
        await caller.hears_sound(await spoken(line.settings, "announcement", FRENCH))
        assert not await caller.has_heard("bienvenue")
        await caller.hears("bienvenue")
        await caller.hangs_up()
        (on_record,) = await heard_on_record(line, caller)
        assert (on_record["to"], on_record["languages"], on_record["text"]) == ("line default", "fr", FRENCH)
        assert on_record["seconds"] > 1
        assert await heard_on_record(line, first) == []
        switch_off(line.settings)
        await until_on(line)
        last = await line.takes_a_call()
        await last.hears("bienvenue")
        await last.hangs_up()
        assert await heard_on_record(line, last) == []


async def test_the_command_switches_it_on_and_off_while_callers_call(place: Place) -> None:
    settings = place.settings()
    document = {
        **{name: str(getattr(settings, name)) for name in ("rosters", "flows", "data")},
        "lines": settings.lines,
        "prompts": {
            "recordings": str(settings.prompts.recordings),
            "folder": str(settings.prompts.folder),
        },
    }
    async with opened(place, settings) as line:
        code, out, _ = await command(settings, "announce", "on", "panne", FRENCH, **document)
        assert (code, "On for team panne until it is switched off" in out) == (0, True)
        await until_on(line, PANNE)
        caller = await line.takes_a_call("panne")
        await caller.hears_sound(await spoken(settings, "announcement", FRENCH))
        await caller.hangs_up()
        code, out, _ = await command(settings, "announce", "off", "panne", **document)
        assert (code, out) == (0, "Off for team panne.\n")
        await until_on(line)
        alice = line.telephone("alice")
        another = await line.takes_a_call("panne")
        await alice.is_rung()
        await another.hangs_up()
        assert await heard_on_record(line, another) == []


async def test_a_key_cuts_an_announcement_short_and_answers_the_menu(place: Place) -> None:
    settings = place.settings()
    announce(settings, MENU_LINE, FRENCH)
    async with opened(place, settings) as line:
        await until_on(line, MENU_LINE)
        caller = await line.takes_a_call()
        await caller.presses("2")
        await caller.hears("choix-motif", "en")
        assert not await caller.has_heard("bienvenue")
        await caller.hangs_up()
        (on_record,) = await heard_on_record(line, caller)
        assert on_record["seconds"] < 2


async def test_who_may_speak_any_language_hears_an_announcement_in_all_that_it_has(place: Place) -> None:
    settings = place.settings()
    announce(settings, MENU_LINE, FRENCH)
    announce(settings, MENU_LINE, ENGLISH, "en")
    async with opened(place, settings) as line:
        await until_on(line, MENU_LINE)
        caller = await line.takes_a_call()
        await caller.hears_sound(await spoken(settings, "announcement", FRENCH))
        await caller.hears_sound(await spoken(settings, "announcement", ENGLISH, "en"))
        await caller.hangs_up()


async def test_an_announcement_to_a_team_is_heard_before_its_people_are_rung_in_the_callers_language(
    place: Place,
) -> None:
    settings = place.settings()
    announce(settings, PANNE, FRENCH)
    announce(settings, PANNE, ENGLISH, "en")
    async with opened(place, settings) as line:
        await until_on(line, PANNE)
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call()
        await caller.presses("21")
        await caller.hears_sound(await spoken(settings, "announcement", ENGLISH, "en"))
        assert line.facts.of(LegStarted) == []
        await alice.is_rung()
        assert not await caller.has_heard_sound(await spoken(settings, "announcement", FRENCH))
        await caller.hangs_up()
        (on_record,) = await heard_on_record(line, caller)
        assert (on_record["to"], on_record["text"]) == ("team panne", ENGLISH)
        other = await line.is_called("carte-volee")
        await bruno.is_rung()
        await other.hangs_up()
        assert await heard_on_record(line, other) == []


async def test_an_announcement_may_be_a_recording(place: Place, tmp_path: Path) -> None:
    recording = tmp_path / "incident.wav"
    write_hiss(recording, 2.0)
    settings = place.settings()
    announce(settings, MENU_LINE, "", recording=recording)
    recording.unlink()
    async with opened(place, settings) as line:
        await until_on(line, MENU_LINE)
        write_hiss(recording, 2.0)
        caller = await line.takes_a_call()
        await caller.hears_sound(recording)
        await caller.hangs_up()


async def test_an_announcement_outlives_a_restart_even_if_its_sound_was_lost_and_ends_at_its_time(
    place: Place,
) -> None:
    settings = place.settings()
    async with opened(place, settings) as line:
        announce(settings, MENU_LINE, FRENCH, until=datetime.now(UTC) + timedelta(hours=1))
        announce(settings, PANNE, FRENCH, until=datetime.now(UTC) - timedelta(seconds=1))
        await until_on(line, MENU_LINE)
    for made in place.recordings.made.glob("fr-announcement-*"):
        made.unlink()
    async with opened(place, settings) as line:
        await until_on(line, MENU_LINE)
        caller = await line.takes_a_call()
        await caller.hears_sound(await spoken(settings, "announcement", FRENCH))
        await caller.hangs_up()
        assert line.line.announcements.to(PANNE) is None


def torn(board: Board) -> None:
    board.file.write_bytes(b'[{"id": "2026')


def of_somebody_else(board: Board) -> None:
    board.file.write_text('{"announcements": 3}')


def a_folder(board: Board) -> None:
    board.file.unlink()
    board.file.mkdir()


@pytest.mark.parametrize("spoil", [torn, of_somebody_else, a_folder])
async def test_what_is_on_stays_on_while_the_file_cannot_be_read(
    place: Place, spoil: Callable[[Board], None]
) -> None:
    settings = place.settings()
    announce(settings, MENU_LINE, FRENCH)
    async with opened(place, settings) as line:
        await until_on(line, MENU_LINE)
        with capture_logs() as logs:
            spoil(Board(settings.data))
            await until(lambda: "announcement.failed" in [entry["event"] for entry in logs])
        caller = await line.takes_a_call()
        await caller.hears_sound(await spoken(settings, "announcement", FRENCH))
        await caller.hangs_up()
        shutil.rmtree(Board(settings.data).folder)  # as good as `off`
        await until_on(line)


async def test_an_announcement_that_cannot_be_spoken_is_not_heard_and_spoils_no_other(place: Place) -> None:
    settings = place.settings()
    announce(settings, PANNE, FRENCH, "xx")
    announce(settings, MENU_LINE, FRENCH)
    async with opened(place, settings) as line:
        await until_on(line, MENU_LINE)
        caller = await line.takes_a_call("panne")
        await line.told(LegStarted, caller)
        await caller.hangs_up()
        assert not [each for each in line.facts.of(CallEvent) if each.data.get("to") == "team panne"]
