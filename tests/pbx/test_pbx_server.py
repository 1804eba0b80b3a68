"""Asterisk is started, found ready, and ended, whatever happens to it or to us."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest

from ari_app.pbx import (
    AsteriskConfig,
    AsteriskFailed,
    AsteriskServer,
    Installation,
    LineConfig,
    PortTaken,
    loopback_address,
    render,
)

from .sockets import listening

TEMPLATES = Path(__file__).parents[2] / "asterisk_conf"


def line(run_dir: Path, installation: Installation) -> AsteriskServer:
    address = loopback_address()
    config = LineConfig(run_dir=run_dir, sip_bind=address, control_bind=address)
    render(TEMPLATES, installation, config)
    return AsteriskServer(installation, config)


async def test_line_that_is_ready_answers_on_each_of_its_ports(line_asterisk: AsteriskServer) -> None:
    config = line_asterisk.config
    assert await line_asterisk.channels() == []
    assert await line_asterisk.bridges() == []
    assert "0 active channels" in await line_asterisk.cli("core show channels count")
    assert f"Bound to {config.control_bind}:{config.http_port}" in await line_asterisk.cli("http show status")
    assert config.sip_address in await line_asterisk.cli("pjsip show transports")
    assert str(config.ami_port) in await line_asterisk.cli("manager show settings")


async def test_everything_that_modules_conf_names_runs(line_asterisk: AsteriskServer) -> None:
    wanted = {
        row.split()[2]
        for row in (TEMPLATES / "modules.conf").read_text("utf-8").splitlines()
        if row.startswith("load =")
    }
    rows = (await line_asterisk.cli("module show")).splitlines()
    running = {row.split()[0] for row in rows if " Running " in row and " Not Running " not in row}
    assert wanted - running == set()


async def test_start_leaves_no_error_in_the_logs(tmp_path: Path, asterisk_installation: Installation) -> None:
    server = line(tmp_path / "line", asterisk_installation)
    async with server:
        for name in ("messages.log", "console.log"):
            text = (server.run_dir / "log" / name).read_text("utf-8")
            assert "ERROR" not in text
            assert "WARNING" not in text


async def test_secrets_are_in_no_log(line_asterisk: AsteriskServer) -> None:
    config = line_asterisk.config
    assert isinstance(config, LineConfig)
    secrets = [
        config.ari_password,
        config.ami_password,
        *(phone.password for phone in config.phones.values()),
    ]
    text = "".join(path.read_text("utf-8") for path in (line_asterisk.run_dir / "log").rglob("*.log"))
    assert text
    assert not [secret for secret in secrets if secret in text]


@pytest.mark.parametrize("right", [True, False])
async def test_ari_opens_to_our_password_alone(line_asterisk: AsteriskServer, right: bool) -> None:
    config = line_asterisk.config
    password = config.ari_password if right else config.ari_password[:-1]
    credentials = b64encode(f"{config.ari_user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"{config.ari_url}/asterisk/info", headers={"Authorization": f"Basic {credentials}"}
    )

    def status() -> int:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert await asyncio.to_thread(status) == (200 if right else 401)
    assert "password_format = crypt" in (line_asterisk.run_dir / "etc/ari.conf").read_text()


async def test_asterisk_listens_on_its_own_loopback_address_alone(line_asterisk: AsteriskServer) -> None:
    config = line_asterisk.config
    assert listening(line_asterisk.pid or 0) == {
        ("tcp", config.control_bind, config.http_port),
        ("tcp", config.control_bind, config.ami_port),
        ("udp", config.sip_bind, config.sip_port),
    }


async def test_stop_ends_it_and_its_database_is_there_at_the_next_start(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    server = line(tmp_path, asterisk_installation)
    async with server:
        pid = server.pid
        await server.cli("database put astreinte fallback/100 PJSIP/alice")
        await server.restart()
        assert server.pid != pid
        assert "PJSIP/alice" in await server.cli("database get astreinte fallback/100")
    assert not server.running
    assert server.pid is None
    assert not server.config.control_socket.exists()


async def test_killed_asterisk_starts_again(tmp_path: Path, asterisk_installation: Installation) -> None:
    server = line(tmp_path, asterisk_installation)
    async with server:
        await server.kill()
        assert not server.running
        await server.start()
        await server.wait_ready()
        assert await server.channels() == []


async def test_second_start_is_refused(line_asterisk: AsteriskServer) -> None:
    with pytest.raises(AsteriskFailed, match="already runs"):
        await line_asterisk.start()


@pytest.mark.parametrize(
    ("port", "purpose", "kind"),
    [
        ("http_port", "ARI", socket.SOCK_STREAM),
        ("ami_port", "AMI", socket.SOCK_STREAM),
        ("sip_port", "SIP", socket.SOCK_DGRAM),
    ],
)
async def test_port_that_is_taken_is_named_before_anything_starts(
    tmp_path: Path, asterisk_installation: Installation, port: str, purpose: str, kind: int
) -> None:
    server = line(tmp_path, asterisk_installation)
    number = getattr(server.config, port)
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((server.config.sip_bind, number))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(PortTaken) as refused:
            await server.start()
    assert refused.value.port == number
    assert purpose in str(refused.value)
    assert f":{number}" in str(refused.value)
    assert not server.running


async def test_two_lines_on_one_address_find_ports_of_their_own(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    address = loopback_address()
    async with AsteriskServer(
        asterisk_installation, at(tmp_path / "a", address, asterisk_installation)
    ) as one:
        config = at(tmp_path / "b", address, asterisk_installation)
        async with AsteriskServer(asterisk_installation, config) as other:
            for port in ("sip_port", "http_port", "ami_port"):
                assert getattr(one.config, port) != getattr(other.config, port)
            assert await one.channels() == await other.channels() == []


def at(run_dir: Path, address: str, installation: Installation) -> AsteriskConfig:
    config = LineConfig(run_dir=run_dir, sip_bind=address, control_bind=address)
    render(TEMPLATES, installation, config)
    return config


async def test_asterisk_that_dies_at_start_is_told_with_its_own_errors(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    server = line(tmp_path, asterisk_installation)
    with (tmp_path / "etc/modules.conf").open("a") as file:
        file.write("require = no_such_module.so\n")
    await server.start()
    with pytest.raises(AsteriskFailed, match="ended while it was starting") as failed:
        await server.wait_ready()
    assert "no_such_module" in str(failed.value)
    assert any("ERROR" in line for line in failed.value.errors)
    assert "messages.log" in failed.value.remedy
    await server.stop()


async def test_command_line_of_an_asterisk_that_does_not_run_says_so(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    server = line(tmp_path, asterisk_installation)
    with pytest.raises(AsteriskFailed, match="did not take 'core show uptime'"):
        await server.cli("core show uptime")
    with pytest.raises(AsteriskFailed, match="ARI does not answer"):
        await server.channels()


async def test_long_run_folder_gets_a_short_socket_that_goes_with_it(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    server = line(tmp_path / ("long-" * 30), asterisk_installation)
    socket_dir = server.config.socket_dir
    assert not socket_dir.is_relative_to(tmp_path)
    async with server:
        assert "0 active channels" in await server.cli("core show channels count")
        assert socket_dir.stat().st_mode & 0o777 == 0o700
    assert not socket_dir.exists()


OWNER = """
import asyncio, sys
from pathlib import Path
from ari_app.pbx import AsteriskServer, LineConfig, find_asterisk

async def own() -> None:
    server = AsteriskServer(find_asterisk(), LineConfig.load(Path(sys.argv[1])))
    await server.start()
    await server.wait_ready()
    print(server.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(own())
"""


def ends(pid: int) -> bool:
    """Say whether a process that is nobody's child of ours is gone within 10 seconds."""
    for _look in range(500):
        if not Path(f"/proc/{pid}/exe").exists():
            return True
        time.sleep(0.02)
    return False


async def test_asterisk_ends_when_its_owner_is_killed(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    server = line(tmp_path, asterisk_installation)
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(tmp_path), stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    pid = int(await owner.stdout.readline())
    assert ("udp", server.config.sip_bind, server.config.sip_port) in listening(pid)
    owner.send_signal(signal.SIGKILL)
    await owner.wait()
    assert await asyncio.to_thread(ends, pid)
