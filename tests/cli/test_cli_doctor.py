"""`astreinte doctor`: each fault with what to do; a non-zero exit only for what prevents serving calls."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing

import pytest

from ari_app.pbx import AsteriskServer, LineConfig
from ari_app.records.database import RecordsUnavailable
from ari_app.records.reader import Reader

from .conftest import SHIPPED, Desk, RunningLine, Said, running, until

MARK = re.compile(r"^(ok  |warn|FAIL)  (\w+) +(.*)$", re.MULTILINE)


Doctor = Callable[[], Awaitable[tuple[Said, dict[str, tuple[str, str]]]]]


@pytest.fixture
def doctor(astreinte: Callable[..., Said], desk: Desk) -> Doctor:
    """Ask the doctor: the whole that was said, and by what was looked at, its mark and what was seen."""

    async def ask() -> tuple[Said, dict[str, tuple[str, str]]]:
        said = await asyncio.to_thread(astreinte, "doctor")
        assert said.err == ""
        for secret in desk.environment.values():
            assert len(secret) < 8 or secret not in said.out
        return said, {what: (mark.strip(), seen) for mark, what, seen in MARK.findall(said.out)}

    return ask


async def has_records(desk: Desk) -> bool:
    """Whether the line has made its tables, which it does while it takes calls already."""
    async with Reader(f"sqlite:///{desk.folder}/var/astreinte.db") as reader:
        try:
            await reader.calls(limit=1)
        except RecordsUnavailable:
            return False
    return True


@pytest.fixture
async def line(line_asterisk: AsteriskServer, desk: Desk) -> AsyncIterator[RunningLine]:
    """A line that runs, on the session's Asterisk."""
    desk.reaching(line_asterisk.config)
    await line_asterisk.cli("database deltree astreinte fallback")
    async with running(desk) as started:
        await started.is_up()
        await started.logs('"event":"fallback.written"')
        await until(lambda: has_records(desk))
        yield started
        assert await started.stops_with() == 0


async def test_a_line_that_serves_calls_is_well(line: RunningLine, desk: Desk, doctor: Doctor) -> None:
    said, seen = await doctor()
    assert said.code == 0
    assert said.out.endswith("\nCalls can be served.\n")
    assert {what: mark for what, (mark, _) in seen.items()} == {
        "files": "ok",
        "disk": "ok",
        "records": "ok",
        "ARI": "ok",
        "AMI": "ok",
        "AGI": "ok",
        "phones": "warn",  # nobody registers in this test
        "trunk": "ok",
    }
    assert "the line is connected to it" in seen["ARI"][1]
    assert "PJSIP/" in seen["AMI"][1]
    phones = seen["phones"][1].removeprefix("not registered, of those on call: ").split(", ")
    assert phones[0] in {"alice", "bruno", "chloe", "david"}  # whose turn it is


async def test_files_with_mistakes_do_not_end_a_running_line_and_are_told(
    line: RunningLine, desk: Desk, doctor: Doctor
) -> None:
    desk.edit("rosters/cartes.yaml", "timezone: Europe/Paris", "timezone: Mars")
    said, seen = await doctor()
    assert said.code == 0
    assert seen["files"][0] == "warn"
    assert "rosters/cartes.yaml:" in seen["files"][1]
    assert "the running line keeps the last good version" in seen["files"][1]
    assert "astreinte check" in said.out


async def test_trouble_beside_the_calls_is_a_warning(line: RunningLine, desk: Desk, doctor: Doctor) -> None:
    desk.environment["ASTREINTE_AMI__PASSWORD"] = "wrong"
    desk.environment["ASTREINTE_AGI__PORT"] = "1"
    with closing(sqlite3.connect(desk.folder / "var/astreinte.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said, seen = await doctor()
    assert said.code == 0
    assert (seen["AMI"][0], seen["AGI"][0], seen["records"][0]) == ("warn", "warn", "warn")
    assert "calls are served without it" in seen["AMI"][1]
    assert "another process keeps the database locked" in seen["records"][1]
    assert "fuser" in said.out


async def test_a_wrong_ari_password_prevents_calls(
    line_asterisk: AsteriskServer, desk: Desk, doctor: Doctor
) -> None:
    desk.reaching(line_asterisk.config)
    desk.environment["ASTREINTE_ARI__PASSWORD"] = "wrong"
    said, seen = await doctor()
    assert said.code == 1
    assert seen["ARI"][0] == "FAIL"
    assert "refuses the password of user 'astreinte'" in seen["ARI"][1]
    assert "ari.conf" in said.out


async def test_a_line_that_does_not_run_prevents_calls(
    line_asterisk: AsteriskServer, desk: Desk, doctor: Doctor
) -> None:
    config = line_asterisk.config
    assert isinstance(config, LineConfig)
    await line_asterisk.cli("database deltree astreinte fallback")
    desk.reaching(config)
    said, seen = await doctor()
    assert said.code == 1
    assert said.out.endswith("\nCalls cannot be served: see ARI.\n")
    assert "the line is not connected to it" in seen["ARI"][1]
    assert "start the line: `astreinte run`" in said.out
    assert seen["AGI"] == ("warn", f"nobody answers at {config.agi_host}:{config.agi_port}")
    assert seen["AMI"] == ("warn", "connected; while the line is away, Asterisk rings nobody for default")
    assert seen["records"][0] == "warn"


async def test_an_asterisk_that_is_away_is_named_and_so_are_the_files(desk: Desk, doctor: Doctor) -> None:
    desk.settings("ari: {url: 'http://127.0.0.1:1/ari'}\nami: {port: 1}\nagi: {port: 1}\n")
    desk.edit("rosters/cartes.yaml", "timezone: Europe/Paris", "timezone: Mars")
    said, seen = await doctor()
    assert said.code == 1
    assert said.out.endswith("\nCalls cannot be served: see files, ARI.\n")
    assert "http://127.0.0.1:1/ari" in seen["ARI"][1]
    assert "AMI at 127.0.0.1:1 is not available" in seen["AMI"][1]


async def test_a_trial_line_that_was_never_started_is_told_to_start(desk: Desk, doctor: Doctor) -> None:
    desk.settings(SHIPPED)
    said, seen = await doctor()
    assert said.code == 1
    assert seen["Asterisk"] == ("FAIL", "the line's own Asterisk has never been started here")
    assert "start the line: `astreinte run`" in said.out
