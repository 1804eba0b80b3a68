"""The files are read by a process of their own: whatever becomes of it, the line and its files stay."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import ari_app.service.apart as apart_module
import ari_app.service.reading as reading_module
from ari_app.core.settings import Settings
from ari_app.records import RostersPublished
from ari_app.records.facts import CallAnswered, CallEnded, LegStarted
from ari_app.records.reader import Reader, RosterVersionRecord
from ari_app.records.recorder import Recorder
from ari_app.roster.files import KnownFiles
from ari_app.service.apart import Apart, FileReader, ReadingFailed
from ari_app.service.books import read_books
from ari_app.service.line import open_line
from ari_app.service.reading import SettingsFile, read
from ari_app.service.status import read_status

from .conftest import Facts, House, until


def pid_of(apart: Apart) -> int:
    return apart._process.pid


def forks_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@asynccontextmanager
async def reading_apart(settings: Settings) -> AsyncIterator[Apart]:
    reader = FileReader()
    try:
        async with reader.reading(settings) as apart:
            yield apart
    finally:
        await reader.close()


async def test_what_is_read_apart_says_the_same_as_what_is_read_here(house: House) -> None:
    settings = house.settings()
    now = datetime.now(UTC)
    here = read(settings)
    async with reading_apart(settings) as apart:
        there = await apart.reading()
        published = await apart.published()
    assert here.books is not None
    assert there.books is not None
    ours, theirs = here.books.rosters, there.books.rosters
    assert theirs.plan_for_team("support", now) == ours.plan_for_team("support", now)
    assert theirs.reasons == ours.reasons
    assert theirs.hash == ours.hash == published.hash
    assert dict(theirs.agents) == dict(ours.agents)
    assert there.books.flows.prompts() == here.books.flows.prompts()
    assert there.findings == here.findings


@pytest.mark.parametrize("moment", ["at once", "after the reading"])
async def test_a_reader_that_is_killed_is_told_of(house: House, moment: str) -> None:
    async with reading_apart(house.settings()) as apart:
        if moment == "at once":
            os.kill(pid_of(apart), signal.SIGKILL)
            with pytest.raises(ReadingFailed, match="SIGKILL"):
                await apart.reading()
        else:
            await apart.reading()
            await apart.published()
            os.kill(pid_of(apart), signal.SIGKILL)
            with pytest.raises(ReadingFailed):
                await apart.published()


async def test_a_reader_that_hangs_is_ended_at_its_deadline(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_module, "SECONDS", 0.1)
    async with reading_apart(house.settings()) as apart:
        os.kill(pid_of(apart), signal.SIGSTOP)
        with pytest.raises(ReadingFailed, match="not read within"):
            await apart.reading()


async def test_a_reader_that_died_in_the_meantime_is_replaced(house: House) -> None:
    reader = FileReader()
    pids = []
    for agent in ("bruno", "chloe", "david"):
        house.has_team("support", agent=agent)
        async with reader.reading(house.settings()) as apart:
            reading = await apart.reading()
            await apart.published()
        assert reading.books is not None
        assert list(reading.books.rosters.agents) == [agent]
        pids.append(pid_of(apart))
        if agent == "bruno":
            os.kill(pid_of(apart), signal.SIGKILL)
            await apart._process.wait()
    await reader.close()
    assert pids[0] != pids[1] == pids[2]


async def test_a_fork_of_the_reader_that_is_killed_is_told_of(house: House) -> None:
    for number in range(300):  # to read them takes long enough to be in the way
        house.has_team(f"team-{number}", agent=f"agent-{number}", reason=f"reason-{number}")

    async def is_at_work() -> bool:
        return bool(forks_of(pid_of(apart)))

    async with reading_apart(house.settings()) as apart:
        await until(is_at_work)
        os.kill(forks_of(pid_of(apart))[0], signal.SIGKILL)
        with pytest.raises(ReadingFailed, match="SIGKILL"):
            await apart.reading()
            await apart.published()


async def test_a_line_keeps_its_files_when_the_reader_dies_and_takes_the_new_ones_the_next_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_line(house.settings()) as line:
        await house.until_written({"default": "PJSIP/alice"})
        house.has_team("support", agent="bruno")
        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr(sys, "executable", "/bin/false")
            await line._file_reader.close()
            assert not await line.reload()
        (told,) = [each for each in logs if each["event"] == "config.rejected"]
        assert "ended without an answer (exit code 1)" in told["reason"]
        assert await house.written() == {"default": "PJSIP/alice"}
        assert await line.reload()
        await house.until_written({"default": "PJSIP/bruno"})


async def test_a_program_that_was_upgraded_meanwhile_reads_nothing_for_the_old_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_module, "CODE", "that of last year")
    async with reading_apart(house.settings()) as apart:
        with pytest.raises(ReadingFailed, match="upgraded") as failed:
            await apart.reading()
    assert "restart" in failed.value.remedy


async def test_a_line_that_stops_in_the_middle_of_a_reload_leaves_no_process(house: House) -> None:
    async with open_line(house.settings()) as line:
        reload = asyncio.create_task(line.reload())
        await asyncio.sleep(0)
        reload.cancel()
        await asyncio.wait([reload])


def test_files_that_change_while_they_are_read_are_read_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = iter(["bruno", "chloe"])

    def disturbed(settings: Settings, known: KnownFiles) -> object:
        books = read_books(settings, known=known)
        if (agent := next(agents, None)) is not None:
            house.has_team("support", agent=agent)
        return books

    monkeypatch.setattr(reading_module, "read_books", disturbed)
    reading = read(house.settings())
    assert reading.books is not None
    assert list(reading.books.rosters.agents) == ["chloe"]


def test_files_that_never_stop_changing_are_not_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 0

    def disturbed(settings: Settings, known: KnownFiles) -> object:
        nonlocal number
        books = read_books(settings, known=known)
        number += 1
        house.has_team("support", agent=f"agent-{number}")
        return books

    monkeypatch.setattr(reading_module, "read_books", disturbed)
    reading = read(house.settings())
    assert reading.books is None
    assert "keep changing" in reading.problem


def test_a_settings_file_is_read_too_and_what_waits_for_a_restart_is_named(house: House) -> None:
    file = house.folder / "astreinte.yaml"
    file.write_text("rosters: rosters\nflows: flows\ndata: data\n")
    asked = SettingsFile(
        file, Settings().based_at(house.folder).model_copy(update={"flows": house.folder / "flows"})
    )
    assert read(asked).waiting == ["data"]
    file.write_text("rosters: rosters\nflows: flows\nports: 12\n")
    reading = read(asked)
    assert (reading.books, reading.errors) == (None, 1)
    assert reading.findings[0].file == file


async def versions(settings: Settings) -> list[RosterVersionRecord]:
    async with Reader(settings.database_url) as reader:
        return await reader.roster_versions()


async def test_each_version_that_was_in_force_is_on_record_with_who_is_on_call(house: House) -> None:
    settings = house.settings()
    async with open_line(settings) as line:
        house.has_team("support", agent="bruno")
        assert await line.reload()
        house.has_flow("accueil", words="Autre chose.")  # no roster says anything else
        assert await line.reload()
    async with open_line(settings):
        pass
    last, first = await versions(settings)
    assert (first.until, last.until) == (last.since, None)
    assert (last.teams, last.shifts) == (1, 1)
    async with Reader(settings.database_url) as reader:
        for version, agent in ((first, "alice"), (last, "bruno")):
            (shift,) = (await reader.published_schedule(version.id))["support"]
            assert shift.agents == (agent,)
            assert shift.layer == "always"
            assert abs((shift.end - version.published_until).total_seconds()) < 60


async def test_a_version_is_on_record_even_if_its_schedule_cannot_be_computed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(_: Apart) -> RostersPublished:
        raise ReadingFailed("it died", remedy="try again")

    settings = house.settings()
    async with open_line(settings) as line:
        house.has_team("support", agent="bruno")
        with monkeypatch.context() as broken:
            broken.setattr(Apart, "published", dies)
            assert await line.reload()
        assert [each.shifts for each in await _flushed(line.recorder, settings)] == [0, 1]
        assert await line.reload()
        assert [each.shifts for each in await _flushed(line.recorder, settings)] == [1, 0, 1]


async def _flushed(recorder: Recorder, settings: Settings) -> list[RosterVersionRecord]:
    await recorder.flush()
    return await versions(settings)


async def test_the_same_mistake_is_logged_once_and_again_when_somebody_asks(house: House) -> None:
    async with open_line(house.settings()) as line:
        broken: Path = house.has_flow("accueil", reason="pane")
        with capture_logs() as logs:
            for again in (False, False, True):
                assert not await line.reload(again=again)
            broken.write_text(broken.read_text() + "\nwrong: true\n")
            assert not await line.reload(again=False)
        assert [each["event"] for each in logs].count("config.rejected") == 3
        assert line.version.rejected == 3
        status = read_status(house.folder / "data")
        assert status is not None
        assert (status.rejected, status.reloaded) == (3, 0)
        assert status.reason == "1 error in the files"


async def test_a_call_in_progress_keeps_its_roster_when_the_files_are_edited_twice(house: House) -> None:
    facts = Facts()
    async with open_line(house.settings(), listener=facts) as line:
        await house.is_called()
        await facts.until(CallAnswered)
        for agent in ("bruno", "chloe"):
            house.has_team("support", agent=agent)
            assert await line.reload()
        assert (await facts.until(LegStarted)).agent == "alice"
        await facts.until(CallEnded)
        await house.is_called()
        assert (await facts.until(LegStarted, times=2)).agent == "chloe"
        await facts.until(CallEnded, times=2)
