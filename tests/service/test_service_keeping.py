"""A line's files are kept in force: also when reading them failed once, and when only time has passed."""

from __future__ import annotations

import sys

import pytest
from structlog.testing import capture_logs

import ari_app.service.keeping as keeping_module
from ari_app.core.settings import Settings
from ari_app.service.keeping import FileKeeper
from ari_app.service.line import open_line
from ari_app.service.reading import SettingsFile

from .conftest import House, until


def keeper_of(house: House, settings: Settings) -> FileKeeper:
    """Return the keeper of a line with a settings file in the house."""
    file = house.folder / "astreinte.yaml"
    file.write_text("{rosters: rosters, flows: flows, data: data}\n")
    return FileKeeper(SettingsFile(file, settings))


async def test_files_are_read_again_by_themselves_when_reading_them_failed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "TRY_AGAIN", 0.1)
    settings = house.settings()
    keeper = keeper_of(house, settings)
    async with open_line(settings) as line, keeper.keeping(line):

        async def rejected() -> bool:
            return line.version.rejected > 0

        async def taken() -> bool:
            return line.version.reloaded > 0

        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr(sys, "executable", "/bin/false")
            house.has_team("support", agent="bruno")
            await until(rejected)
        await until(taken)
        await house.until_written({"default": "PJSIP/bruno"})
        assert [each["event"] for each in logs].count("config.rejected") == 1


async def test_files_that_nobody_edits_are_read_again_once_a_day(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "DAY", 0.1)
    settings = house.settings()
    keeper = keeper_of(house, settings)
    async with open_line(settings) as line, keeper.keeping(line):

        async def twice() -> bool:
            return line.version.reloaded >= 2

        await until(twice)


async def test_nothing_is_read_by_itself_when_watching_is_switched_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "DAY", 0.1)
    settings = house.settings(watch=False)
    keeper = keeper_of(house, settings)
    async with open_line(settings) as line, keeper.keeping(line):
        house.has_team("support", agent="bruno")
        keeper.ask()

        async def taken() -> bool:
            return line.version.reloaded > 0

        await until(taken)
        assert line.version.reloaded == 1


async def test_a_calendar_outside_of_the_rosters_folder_is_watched_too(house: House) -> None:
    def names(agent: str) -> None:
        event = f"UID:1\nDTSTART:20200101T000000Z\nDTEND:21000101T000000Z\nSUMMARY:{agent}"
        text = f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
        (house.folder / "nuit.txt").write_text(text)

    names("alice")
    roster = house.has_team("support", agent="alice")
    by_calendar = roster.read_text().replace("rotation: {members: [alice]}", "calendar: ../nuit.txt")
    roster.write_text(by_calendar.replace("agents:\n", "agents:\n  bruno: {phones: [sip:bruno]}\n"))
    settings = house.settings()
    keeper = keeper_of(house, settings)
    async with open_line(settings) as line, keeper.keeping(line):
        await house.until_written({"default": "PJSIP/alice"})
        names("bruno")
        await house.until_written({"default": "PJSIP/bruno"})
