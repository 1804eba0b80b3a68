"""AMI against a real Asterisk: AstDB, the state of phones, wrong set-ups, Asterisk's death and return."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app.ami import AmiClient, PhoneState
from ari_app.ami.errors import (
    ActionNotSent,
    ActionRefused,
    AsteriskNotBooted,
    AuthenticationFailed,
    PermissionDenied,
)
from ari_app.pbx import AsteriskServer, LineConfig, Phone, loopback_address

StartAsterisk = Callable[..., Awaitable[AsteriskServer]]

FURTHER_USERS = """
[reads-only]
secret = secret
read = system,call
write = reporting
[hears-nothing]
secret = secret
read = call
write = system,reporting
[sees-nothing]
secret = secret
read = system,call
write = reporting
eventfilter(action(include),name(FullyBooted)) =
"""


def config_in(run_dir: Path) -> LineConfig:
    """Return a line where `zoe` is a phone at a fixed address that is asked each second if it is there."""
    address = loopback_address()
    return LineConfig(
        run_dir=run_dir,
        sip_bind=address,
        control_bind=address,
        agi_host=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
        qualify_phone=1,
        phones={"zoe": Phone(contact=f"sip:zoe@{loopback_address()}:5060"), "alice": Phone()},
    )


@pytest.fixture(scope="module")
async def asterisk(
    start_asterisk: StartAsterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsteriskServer]:
    """An Asterisk of this file's own, with further AMI users."""
    server = await start_asterisk(config_in(tmp_path_factory.mktemp("ami")))
    manager = server.config.run_dir / "etc/manager.conf"
    manager.write_text(manager.read_text("utf-8") + FURTHER_USERS, "utf-8")
    await server.cli("manager reload")
    await server.cli("module load res_clioriginate.so")
    yield server
    await server.stop()


@pytest.fixture
async def mortal_asterisk(start_asterisk: StartAsterisk, tmp_path: Path) -> AsyncIterator[AsteriskServer]:
    """An Asterisk for one test, to be killed."""
    server = await start_asterisk(config_in(tmp_path))
    yield server
    await server.stop()


def client_of(server: AsteriskServer, username: str = "", secret: str = "", **options: float) -> AmiClient:
    config = server.config
    return AmiClient(
        config.ami_host,
        config.ami_port,
        username or config.ami_user,
        secret or config.ami_password,
        **options,
    )


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the 30 s are for a test that fails."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # what a caller of the client sees has no event to wait for
            await asyncio.sleep(0.02)


class SipPhone(asyncio.DatagramProtocol):
    """A phone at a fixed address: says that it is there, rings, and is picked up when the test says so."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        self.transport = transport
        self.invited: tuple[str, tuple[str, int]] | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        method = text.split(" ", 1)[0]
        if method == "INVITE":
            self.invited = text, addr
            self._answer(text, addr, "180 Ringing")
        elif method in {"OPTIONS", "BYE", "CANCEL"}:
            self._answer(text, addr, "200 OK")

    def pick_up(self) -> None:
        assert self.invited
        text, addr = self.invited
        host = self.transport.get_extra_info("sockname")[0]
        media = (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        )
        self._answer(
            text, addr, "200 OK", f"Contact: <sip:zoe@{host}>\r\nContent-Type: application/sdp\r\n", media
        )

    def _answer(
        self, request: str, addr: tuple[str, int], status: str, more: str = "", body: str = ""
    ) -> None:
        kept = re.findall(r"(?im)^(?:via|from|to|call-id|cseq|record-route):.*$", request.replace("\r", ""))
        headers = "".join(f"{line};tag=zoe\r\n" if self._untagged(line) else f"{line}\r\n" for line in kept)
        self.transport.sendto(
            f"SIP/2.0 {status}\r\n{headers}{more}Content-Length: {len(body)}\r\n\r\n{body}".encode(), addr
        )

    @staticmethod
    def _untagged(line: str) -> bool:
        return line.lower().startswith("to:") and "tag=" not in line


@asynccontextmanager
async def phone_of_zoe(server: AsteriskServer) -> AsyncIterator[SipPhone]:
    assert isinstance(server.config, LineConfig)
    host = server.config.phones["zoe"].contact.split("@")[1].split(":")[0]
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(SipPhone, local_addr=(host, 5060))
    try:
        yield phone
    finally:
        transport.close()


@pytest.mark.parametrize(
    "value",
    ["PJSIP/alice", "", "Zoé Łukasz 山田 🎧", "a  b\tc ", "a: b; c, d & ${EXTEN} \"e\" 'f' \\g", "x" * 1017],
)
async def test_what_is_written_to_astdb_is_read_back_letter_for_letter(
    asterisk: AsteriskServer, value: str
) -> None:
    async with client_of(asterisk) as ami:
        await ami.db_put("astreinte", "fallback/+331 é", value)
        assert await ami.db_get("astreinte", "fallback/+331 é") == value
        assert await ami.db_del("astreinte", "fallback/+331 é") is True
        assert await ami.db_get("astreinte", "fallback/+331 é") is None
        assert await ami.db_del("astreinte", "fallback/+331 é") is False


async def test_the_dialplan_sees_what_was_written(asterisk: AsteriskServer) -> None:
    async with client_of(asterisk) as ami:
        await ami.db_put("astreinte", "fallback/100", "PJSIP/alice")
        assert re.search(
            r"/astreinte/fallback/100\s*: PJSIP/alice\s", await asterisk.cli("database show astreinte")
        )


async def test_a_key_that_asterisk_cannot_keep_is_refused_with_its_reason(asterisk: AsteriskServer) -> None:
    async with client_of(asterisk) as ami:
        with pytest.raises(ActionRefused, match="No key specified"):
            await ami.db_put("astreinte", "", "x")


async def test_a_wrong_password_is_said_with_what_to_do(asterisk: AsteriskServer) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        await client_of(asterisk, secret="wrong").start()
    assert "manager.conf" in caught.value.remedy
    assert "wrong" not in str(caught.value)
    with pytest.raises(AuthenticationFailed):
        await client_of(asterisk, "stranger", "x").start()


async def test_a_right_that_is_missing_is_named(asterisk: AsteriskServer) -> None:
    async with client_of(asterisk, "reads-only", "secret") as ami:
        with pytest.raises(PermissionDenied, match="DBPut") as caught:
            await ami.db_put("astreinte", "k", "v")
        assert "write = system,reporting" in caught.value.remedy
    with pytest.raises(AsteriskNotBooted, match="booted") as booted:
        await client_of(asterisk, "hears-nothing", "secret", deadline=1.0).start(wait=3)
    assert "read = system,call" in booted.value.remedy


async def test_states_stay_true_for_a_user_who_gets_no_events(asterisk: AsteriskServer) -> None:
    async with client_of(asterisk, "sees-nothing", "secret", ping_interval=0.1, refresh_interval=0.2) as ami:
        await asterisk.cli("devstate change Custom:unheard INUSE")
        await until(lambda: ami.device_state("Custom:unheard").in_use)
        await asterisk.cli("devstate change Custom:unheard NOT_INUSE")
        await until(lambda: not ami.device_state("Custom:unheard").in_use)


@pytest.mark.parametrize(
    "name", ["NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD"]
)
async def test_each_state_of_asterisk_is_known(asterisk: AsteriskServer, name: str) -> None:
    async with client_of(asterisk) as ami:
        await asterisk.cli(f"devstate change Custom:door {name}")
        await until(lambda: ami.device_state("Custom:door") is PhoneState(name))
    async with client_of(asterisk) as ami:  # and known at once to who comes later
        assert ami.device_state("Custom:door") is PhoneState(name)


async def test_an_agent_whose_phone_is_away_rings_or_talks_is_known_to(asterisk: AsteriskServer) -> None:
    changes = []
    ami = client_of(asterisk)
    ami.on_state.append(lambda device, state: changes.append((device, state)))
    async with ami:
        await until(lambda: ami.state("zoe").unreachable)
        assert ami.state("alice").unreachable  # never registered
        async with phone_of_zoe(asterisk) as phone:
            await until(lambda: ami.state("zoe") is PhoneState.NOT_INUSE)
            await asterisk.cli("channel originate PJSIP/zoe application Wait 60")
            await until(lambda: ami.state("zoe") is PhoneState.RINGING)
            phone.pick_up()
            await until(lambda: ami.state("zoe").in_use)
            await asterisk.cli("channel request hangup all")
            await until(lambda: ami.state("zoe") is PhoneState.NOT_INUSE)
        await until(lambda: ami.state("zoe").unreachable)
    assert ("PJSIP/zoe", PhoneState.UNKNOWN) not in changes
    assert [state for device, state in changes if device == "PJSIP/zoe"].count(PhoneState.NOT_INUSE) == 2


async def test_a_line_outlives_its_asterisk_and_finds_it_again(mortal_asterisk: AsteriskServer) -> None:
    ready = []

    async def note() -> None:
        ready.append(ami.state("zoe"))

    ami = client_of(mortal_asterisk)
    ami.on_ready.append(note)
    async with phone_of_zoe(mortal_asterisk), ami:
        await until(lambda: ami.state("zoe") is PhoneState.NOT_INUSE)
        await mortal_asterisk.kill()
        await until(lambda: not ami.ready)
        assert ami.state("zoe") is PhoneState.UNKNOWN
        with pytest.raises(ActionNotSent):
            await ami.db_put("astreinte", "k", "v")
        await mortal_asterisk.start()
        await mortal_asterisk.wait_ready()
        await until(lambda: ami.ready and ami.state("zoe") is PhoneState.NOT_INUSE)
        await ami.db_put("astreinte", "k", "v")
        await until(lambda: len(ready) == 2)
