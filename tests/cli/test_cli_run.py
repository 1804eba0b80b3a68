"""`astreinte run` as an operator meets it: its signals, what it says, and what may be missing around it."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from ari_app.pbx import AsteriskServer, LineConfig, loopback_address
from ari_app.records.reader import CallRecord, Reader

from .conftest import COMMAND, PATIENCE, Desk, RunningLine, Said, running, until

Astreinte = Callable[..., Said]
StartAsterisk = Callable[..., Awaitable[AsteriskServer]]


@pytest.fixture
async def server(line_asterisk: AsteriskServer, desk: Desk) -> AsteriskServer:
    """The session's Asterisk, and settings that reach it."""
    desk.reaching(line_asterisk.config)
    await line_asterisk.cli("module load res_clioriginate.so")
    return line_asterisk


async def is_called(server: AsteriskServer, line: RunningLine, *, times: int = 1) -> None:
    """Let somebody call, and wait until the line has answered."""
    await server.cli("channel originate Local/100@from-phones application Wait 120")
    await line.logs('"event":"call.answered"', times=times)


async def calls_of(desk: Desk) -> list[CallRecord]:
    async with Reader(f"sqlite:///{desk.folder / 'var/astreinte.db'}") as reader:
        return await reader.calls(limit=100)


async def test_it_says_how_to_reach_it_and_logs_json_alone(server: AsteriskServer, desk: Desk) -> None:
    async with running(desk) as line:
        await line.is_up()
        for text in (
            server.config.ari_url,
            "Stasis(astreinte,",
            str(desk.folder / "rosters"),
            "astreinte.db",
        ):
            assert text in line.said
        assert await line.stops_with() == 0
    events = [json.loads(row)["event"] for row in line.log.splitlines()]
    assert events.index("line.ready") < events.index("line.stopping")
    assert "Stopping." in line.said
    for secret in (server.config.ari_password, server.config.ami_password):
        assert secret not in line.log + line.said


async def test_it_waits_for_an_asterisk_that_is_not_up_yet(
    asterisk_installation: object, start_asterisk: StartAsterisk, desk: Desk, tmp_path: Path
) -> None:
    address = loopback_address()
    config = LineConfig(
        run_dir=tmp_path / "asterisk",
        sip_bind=address,
        control_bind=address,
        agi_host=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
    )
    desk.reaching(config)
    async with running(desk) as line:
        await line.logs('"event":"ari.unavailable"')
        asterisk = await start_asterisk(config)
        await line.is_up()
        assert await line.stops_with() == 0
    await asterisk.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_can_be_stopped_while_it_waits(desk: Desk, number: signal.Signals) -> None:
    desk.settings(f"ari: {{url: 'http://127.0.0.1:1/ari'}}\nagi: {{host: {loopback_address()}}}\n")
    async with running(desk) as line:
        await line.logs('"event":"ari.unavailable"')
        assert await line.stops_with(number) == 0
    assert "Stopped before the line was up." in line.said
    assert "Traceback" not in line.said


def ends_with_1(astreinte: Astreinte, *texts: str) -> None:
    """Run the line, which cannot start; check what it says of it."""
    said = astreinte("run")
    assert said.code == 1
    for text in texts:
        assert text in said.err
    assert "Traceback" not in said.err


def test_a_wrong_ari_password_ends_it_with_what_to_compare(
    server: AsteriskServer, desk: Desk, astreinte: Astreinte
) -> None:
    desk.environment["ASTREINTE_ARI__PASSWORD"] = "wrong"
    ends_with_1(astreinte, "refuses the password of user 'astreinte'", "→ compare", "ari.conf")


async def test_a_wrong_ami_password_is_told_and_calls_are_served(server: AsteriskServer, desk: Desk) -> None:
    desk.environment["ASTREINTE_AMI__PASSWORD"] = "wrong"
    async with running(desk) as line:
        await line.is_up()
        assert "refused to log the AMI user 'astreinte' in; calls are served without it" in line.said
        await is_called(server, line)
        await server.cli("channel request hangup all")
        await line.logs('"event":"call.ended"')
        assert await line.stops_with() == 0


def test_a_taken_agi_port_ends_it_with_what_to_do(
    server: AsteriskServer, desk: Desk, astreinte: Astreinte
) -> None:
    with closing(socket.socket()) as other:
        other.bind((server.config.control_bind, 0))
        other.listen()
        desk.environment["ASTREINTE_AGI__PORT"] = str(other.getsockname()[1])
        ends_with_1(astreinte, "FastAGI cannot listen on", "Address already in use", "agi.port")


def test_mistakes_in_files_are_all_told_before_anything_is_started(
    server: AsteriskServer, desk: Desk, astreinte: Astreinte
) -> None:
    desk.edit("rosters/cartes.yaml", "timezone: Europe/Paris", "timezone: Mars")
    desk.edit("ivr_flows/accueil.yaml", "start: langue", "start: langues")
    ends_with_1(astreinte, "rosters/cartes.yaml:", "ivr_flows/accueil.yaml:", "astreinte check")
    assert not (desk.folder / "var").exists()


def test_a_missing_folder_is_named(server: AsteriskServer, desk: Desk, astreinte: Astreinte) -> None:
    (desk.folder / "rosters").rename(desk.folder / "elsewhere")
    ends_with_1(astreinte, "rosters:1:1: error: there are no rosters", "correct the path")


def test_a_log_that_cannot_be_written_is_named(
    server: AsteriskServer, desk: Desk, astreinte: Astreinte
) -> None:
    desk.environment["ASTREINTE_LOG__FILE"] = "/proc/nothing/astreinte.log"
    ends_with_1(astreinte, "the log file /proc/nothing/astreinte.log cannot be written", "→ ")


async def test_a_second_line_in_the_same_folder_is_refused(server: AsteriskServer, desk: Desk) -> None:
    async with running(desk) as first:
        await first.is_up()
        second = Desk(desk.folder, desk.environment).types("run")
        assert second.code == 1
        assert f"a line runs already with the folder {desk.folder}/var (process {first.pid})" in second.err
        assert await first.stops_with() == 0
    assert "ari.replaced" not in first.log


async def test_a_call_in_progress_may_end_before_the_line_does(server: AsteriskServer, desk: Desk) -> None:
    async with running(desk) as line:
        await line.is_up()
        await is_called(server, line)
        line.gets(signal.SIGTERM)
        await line.says("1 call in progress may end first")
        assert '"event":"call.ended"' not in line.log
        await server.cli("channel request hangup all")
        assert await line.ends() == 0
    (call,) = await calls_of(desk)
    assert call.outcome == "abandoned"
    assert call.ended_at is not None
    told = [
        row for row in map(json.loads, line.log.splitlines()) if row["event"].startswith(("call.", "leg."))
    ]
    assert [row["event"] for row in told[:2]] == ["call.arrived", "call.answered"]
    assert {row.get("call") for row in told} == {call.id}


async def test_a_second_signal_stops_it_now_and_the_caller_goes_to_the_fallback(
    server: AsteriskServer, desk: Desk
) -> None:
    async with running(desk) as line:
        await line.is_up()
        await is_called(server, line)
        line.gets(signal.SIGINT)
        await line.says("1 call in progress may end first")
        line.gets(signal.SIGINT)
        assert await line.ends() == 0
    (call,) = await calls_of(desk)
    assert call.outcome == "fallback"
    await server.cli("channel request hangup all")


async def test_sighup_takes_good_files_and_leaves_bad_ones(server: AsteriskServer, desk: Desk) -> None:
    desk.reaching(server.config, more="lines: {default: accueil}\n")
    async with running(desk) as line:
        await line.is_up()
        desk.edit("rosters/cartes.yaml", "timezone: Europe/Paris", "timezone: Mars")
        line.gets(signal.SIGHUP)
        await line.logs('"event":"config.rejected"')
        assert "rosters/cartes.yaml" in line.log
        desk.edit("rosters/cartes.yaml", "timezone: Mars", "timezone: Europe/Paris")
        desk.edit(
            "astreinte.yaml",
            "lines: {default: accueil}",
            "lines: {default: accueil, '100': accueil}\ndata: other",
        )
        line.gets(signal.SIGHUP)
        await line.logs('"event":"config.reloaded"')
        await line.logs('"event":"fallback.written","logger":"service.fallback","line":"100"')
        assert '"event":"config.needs_restart"' in line.log
        desk.edit("astreinte.yaml", "data: other", "data: [")
        line.gets(signal.SIGHUP)
        await line.logs('"event":"config.rejected"', times=2)
        assert await line.stops_with() == 0


async def test_the_line_ends_with_the_terminal_that_it_was_started_from(
    server: AsteriskServer, desk: Desk
) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "run",
        cwd=desk.folder,
        env=desk.environ(ASTREINTE_LOG__FILE="line.log"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    log = desk.folder / "line.log"

    async def up() -> bool:
        os.set_blocking(ours, False)
        return log.exists() and '"event":"line.ready"' in log.read_text("utf-8")

    try:
        await until(up)
        os.close(ours)
        process.send_signal(signal.SIGHUP)  # what the shell sends to its jobs then
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert '"event":"line.stopping"' in log.read_text("utf-8")


# No file grows beyond 20 kB: the database's tables do not fit, as on a full disk.
NO_BIG_FILES = ("prlimit", "--fsize=20000", "--")


async def test_a_full_disk_keeps_no_caller_out_and_the_next_start_writes_the_records(
    server: AsteriskServer, desk: Desk
) -> None:
    async with running(desk, through=NO_BIG_FILES) as line:
        await line.is_up()
        await line.logs('"event":"records.stuck"')
        await is_called(server, line)
        await server.cli("channel request hangup all")
        await line.logs('"event":"call.ended"')
        assert await line.stops_with() == 0
    assert (desk.folder / "var/unsaved.jsonl").exists()
    async with running(desk) as line:
        await line.is_up()
        await line.logs('"event":"records.imported"')
        assert await line.stops_with() == 0
    (call,) = await calls_of(desk)
    assert call.outcome == "abandoned"


# An Asterisk that the line starts by itself


@pytest.fixture
async def address(desk: Desk, asterisk_installation: object) -> AsyncIterator[str]:
    """An address for a line with an Asterisk of its own, and settings that say so."""
    address = loopback_address()
    desk.settings(
        f"asterisk: {{managed: true, sip_address: {address}, phones: [alice, visiteur]}}\n"
        f"agi: {{host: {address}}}\n"
    )
    yield address
    assert not asterisk_of(desk), "an Asterisk was left behind"


def asterisk_of(desk: Desk) -> list[int]:
    """Return the processes of the desk's own Asterisk."""
    wanted = f"{desk.folder}/var/asterisk/etc/asterisk.conf".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue  # it ended while we looked
    return found


async def test_a_trial_line_says_how_to_call_it_and_leaves_nothing_running(desk: Desk, address: str) -> None:
    passwords = desk.folder / "var/phones.txt"
    async with running(desk) as line:
        await line.is_up()
        for text in (
            f"register a softphone at {address}:5060",
            "alice, visiteur",
            str(passwords),
            "dial 100",
        ):
            assert text in line.said
        assert passwords.stat().st_mode & 0o777 == 0o600
        first = passwords.read_text("utf-8")
        assert [row.split()[0] for row in first.splitlines()] == ["alice", "visiteur"]
        assert await line.stops_with(signal.SIGTERM) == 0
    assert not asterisk_of(desk)
    async with running(desk) as line:
        await line.is_up()
        assert passwords.read_text("utf-8") == first  # softphones need not be told again
        (pid,) = asterisk_of(desk)
        os.kill(pid, signal.SIGKILL)
        await line.logs('"event":"asterisk.restarted"')
        await line.logs('"event":"ari.connected"', times=2)
        assert await line.stops_with() == 0


async def test_an_asterisk_that_the_line_started_does_not_outlive_it(desk: Desk, address: str) -> None:
    async with running(desk) as line:
        await line.is_up()
        assert asterisk_of(desk)
        line.gets(signal.SIGKILL)
        await line.ends()

    async def gone() -> bool:
        return not asterisk_of(desk)

    await until(gone)


def test_a_taken_sip_port_is_named(desk: Desk, address: str, astreinte: Astreinte) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind((address, 5060))
        ends_with_1(astreinte, f"cannot listen on UDP {address}:5060", "SIP port", "`ss -lnp | grep :5060`")


def test_missing_templates_are_named(desk: Desk, address: str, astreinte: Astreinte) -> None:
    (desk.folder / "asterisk_conf").rename(desk.folder / "elsewhere")
    ends_with_1(astreinte, "asterisk_conf", "→ ")
