"""The line's health check, against a real Asterisk: green only while callers would reach the line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ari_app.agi import FastAgiServer, OnCallAnswer
from ari_app.ari import AriClient
from ari_app.pbx import AsteriskServer, loopback_address

SCRIPT = Path(__file__).parents[2] / "docker" / "app_health.py"
APP = "health-checked"


def nobody(_team: str | None, _reason: str | None) -> OnCallAnswer:
    return OnCallAnswer(status="nobody")


@pytest.fixture
def environment(line_asterisk: AsteriskServer, tmp_path: Path) -> dict[str, str]:
    config = line_asterisk.config
    (tmp_path / "ASTREINTE_ARI__PASSWORD").write_text(f"{config.ari_password}\n", "utf-8")
    return {
        "ASTREINTE_ARI__URL": config.ari_url,
        "ASTREINTE_ARI__APP": APP,
        "ASTREINTE_SECRETS": str(tmp_path),
        "ASTREINTE_AGI__HOST": loopback_address(),
        "ASTREINTE_AGI__PORT": "4573",
    }


def agi_server(environment: dict[str, str]) -> FastAgiServer:
    return FastAgiServer(nobody, host=environment["ASTREINTE_AGI__HOST"], port=4573)


async def health(environment: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-IS", str(SCRIPT), env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_health_follows_the_socket_to_asterisk(
    environment: dict[str, str], line_asterisk: AsteriskServer
) -> None:
    config = line_asterisk.config
    client = AriClient(url=config.ari_url, username="astreinte", password=config.ari_password, app=APP)
    async with agi_server(environment):
        assert await health(environment) == (1, "the line is not connected to Asterisk\n")
        async with client:
            assert await health(environment) == (0, "")
        assert await health(environment) == (1, "the line is not connected to Asterisk\n")


async def test_a_line_that_is_not_there_or_has_the_wrong_password_is_not_well(
    environment: dict[str, str],
) -> None:
    code, said = await health(environment)
    assert (code, "refused" in said) == (1, True)
    async with agi_server(environment):
        assert await health(environment | {"ASTREINTE_ARI__PASSWORD": "wrong"}) == (1, "ARI answered 401\n")


async def test_a_line_whose_event_loop_stands_still_is_not_well(environment: dict[str, str]) -> None:
    # A listener whose program never takes a connection, as the kernel keeps one for a process that is stuck.
    server = await asyncio.start_server(lambda _r, _w: None, environment["ASTREINTE_AGI__HOST"], 4573)
    async with server:
        assert await health(environment) == (1, "nothing moved for 4 s\n")
