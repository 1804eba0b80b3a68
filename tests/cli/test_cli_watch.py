"""`astreinte run` takes edited files into use by itself, all of them or none, and `doctor` tells of it."""

from __future__ import annotations

import shutil
import signal

import pytest

from ari_app.pbx import AsteriskServer

from .conftest import Desk, running, until

RELOADED = '"event":"config.reloaded"'
REJECTED = '"event":"config.rejected"'
ALONE = """
team: support-technique
timezone: Europe/Paris
layers: [{id: toujours, rotation: {members: [alice]}}]
escalation: [{ring: on-call}]
reasons: [panne]
"""
"""One person on call for ever."""


@pytest.fixture
async def server(line_asterisk: AsteriskServer, desk: Desk) -> AsteriskServer:
    """The session's Asterisk, which dials alice's phone by itself, and settings that reach it."""
    desk.reaching(line_asterisk.config)
    desk.write("rosters/support-technique.yaml", ALONE)
    await line_asterisk.cli("module load res_clioriginate.so")
    return line_asterisk


async def rings_by_itself(server: AsteriskServer, phone: str) -> None:
    """Wait until Asterisk knows that it is this phone that rings while the line is away."""

    async def said() -> bool:
        return f": PJSIP/{phone}" in await server.cli("database show astreinte fallback")

    await until(said)


async def test_an_edited_file_is_in_force_without_a_signal(server: AsteriskServer, desk: Desk) -> None:
    async with running(desk) as line:
        await line.is_up()
        await rings_by_itself(server, "alice")
        desk.edit("rosters/support-technique.yaml", "[alice]", "[bruno]")
        await line.logs(RELOADED)
        await rings_by_itself(server, "bruno")
        desk.settings(
            (desk.folder / "astreinte.yaml").read_text() + "limits: {calls: 7}\nlog: {level: debug}\n"
        )
        await line.logs(RELOADED, times=2)
        await line.logs('"event":"config.needs_restart","logger":"service.reloading","setting":"log"')
        assert await line.stops_with() == 0


async def test_a_bad_edit_is_told_once_by_log_and_doctor_and_mended_by_the_next(
    server: AsteriskServer, desk: Desk
) -> None:
    async with running(desk) as line:
        await line.is_up()
        mend = desk.edit("rosters/support-technique.yaml", "[alice]", "[alicia]").read_text()
        await line.logs(REJECTED)
        assert "the agent `alicia` is unknown" in line.log
        said = desk.types("doctor")
        assert said.code == 0, said.out
        assert "the running line keeps the last good version of 20" in said.out
        desk.write("rosters/support-technique.yaml", mend + "# the same mistake\n")
        desk.write("rosters/support-technique.yaml", mend.replace("[alicia]", "[bruno]"))
        await line.logs(RELOADED)
        assert line.log.count(REJECTED) == 1
        assert "1 edit taken, 1 rejected" in desk.types("doctor").out
        assert await line.stops_with() == 0


async def test_a_folder_that_goes_and_comes_back_changes_nothing_meanwhile(
    server: AsteriskServer, desk: Desk
) -> None:
    async with running(desk) as line:
        await line.is_up()
        rosters, away = desk.folder / "rosters", desk.folder / "away"
        rosters.rename(away)
        await line.logs(REJECTED)
        await rings_by_itself(server, "alice")
        shutil.copytree(away, rosters)
        desk.edit("rosters/support-technique.yaml", "[alice]", "[bruno]")
        await line.logs(RELOADED)
        await rings_by_itself(server, "bruno")
        assert await line.stops_with() == 0


async def test_what_is_edited_while_the_line_starts_is_in_force_once_it_is_up(
    server: AsteriskServer, desk: Desk
) -> None:
    async with running(desk) as line:
        await line.logs('"event":"agi.listening"')
        desk.edit("rosters/support-technique.yaml", "[alice]", "[bruno]")
        await rings_by_itself(server, "bruno")
        await line.is_up()
        assert await line.stops_with() == 0


async def test_watching_can_be_switched_off(server: AsteriskServer, desk: Desk) -> None:
    async with running(desk, ASTREINTE_WATCH="false") as line:
        await line.is_up()
        assert "`kill -HUP` makes it read edited files" in line.said
        desk.edit("rosters/support-technique.yaml", "[alice]", "[bruno]")
        line.gets(signal.SIGHUP)
        await line.logs(RELOADED)
        await rings_by_itself(server, "bruno")
        assert await line.stops_with() == 0
        assert line.log.count(RELOADED) == 1
