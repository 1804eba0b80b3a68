"""What callers meet while the line's application is away: real SIP calls, made by SIPp."""

from __future__ import annotations

import asyncio
import csv
import re
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from ari_app.pbx import (
    AsteriskServer,
    Installation,
    LineConfig,
    Phone,
    find_sipp,
    loopback_address,
    render,
)

from .sockets import listening

SCENARIOS = Path(__file__).parent / "scenarios"
TEMPLATES = Path(__file__).parents[2] / "asterisk_conf"
LINE = "+33199000100"


@pytest.fixture(scope="module")
def sipp() -> list[str]:
    return find_sipp(print)


@pytest.fixture(scope="module")
async def lone_line(
    asterisk_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsteriskServer]:
    """A line whose application never comes, with one phone, alice's, that does not register."""
    address, agent = loopback_address(), loopback_address()
    config = LineConfig(
        run_dir=tmp_path_factory.mktemp("lone"),
        sip_bind=address,
        control_bind=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
        qualify_phone=0,
        phones={"alice": Phone(contact=f"sip:alice@{agent}:5060")},
        fallback_ring_seconds=2,
        apology="goodbye",
        accept_prompt="beep",
    )
    render(TEMPLATES, asterisk_installation, config)
    async with AsteriskServer(asterisk_installation, config) as server:
        yield server


class Telephone:
    """A SIPp that plays one side of one call as its scenario says."""

    def __init__(self, process: asyncio.subprocess.Process, messages: Path) -> None:
        self._process, self._messages = process, messages
        self._finger: asyncio.Task[None] | None = None

    def will_press_one(self, address: str) -> None:
        """Press 1, as RTP from `address`, once this telephone has answered."""
        self._finger = asyncio.create_task(self._press_one(address))

    async def _press_one(self, address: str) -> None:
        async with asyncio.timeout(20):
            while "\nACK sip:" not in self._said():  # noqa: ASYNC110 - SIPp tells by a file
                await asyncio.sleep(0.05)
        offer = re.search(r"^c=IN IP4 (\S+).*?^m=audio (\d+)", self._said(), re.M | re.S)
        assert offer
        await asyncio.sleep(0.7)  # the line says why it calls, and then listens
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as phone:
            phone.bind((address, 0))
            for packet in key_one():
                phone.sendto(packet, (offer[1], int(offer[2])))
                await asyncio.sleep(0.02)

    def _said(self) -> str:
        return self._messages.read_text("utf-8", "replace") if self._messages.exists() else ""

    async def outcome(self) -> tuple[bool, str]:
        """Return whether the call went as the scenario says, and its SIP messages."""
        code = await self._process.wait()
        if self._finger is not None:
            self._finger.cancel()
            await asyncio.wait([self._finger])
        return code == 0, self._said()


def key_one() -> Iterator[bytes]:
    """Yield RTP packets, 20 ms apart: some silence in A-law, then the key 1, 100 ms long (RFC 4733)."""
    silent, event = 8, 101  # payload types, as in the scenario
    sequence = 0
    for sequence in range(10):
        yield struct.pack("!BBHII", 0x80, silent, sequence, 160 * sequence, 1) + b"\xd5" * 160
    for number, (end, duration) in enumerate(
        [(0, 160), (0, 320), (0, 480), (0, 640), *[(0x80, 800)] * 3], start=sequence + 1
    ):
        yield struct.pack("!BBHIIBBH", 0x80, event, number, 1600, 1, 1, end | 10, duration)


async def play(sipp: list[str], scenario: str, address: str, folder: Path, *words: str) -> Telephone:
    process = await asyncio.create_subprocess_exec(
        *sipp,
        *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", address, "-mi", address, "-p", "5060", "-m", "1"),
        *("-nostdin", "-trace_msg", "-message_file", "messages.txt", "-timeout", "40", *words),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return Telephone(process, folder / "messages.txt")


class Telephones:
    """The people who call the lone line, and its agent."""

    def __init__(self, sipp: list[str], line: AsteriskServer, folder: Path) -> None:
        assert isinstance(line.config, LineConfig)
        self._sipp, self._config, self._folder = sipp, line.config, folder

    async def call(self, scenario: str, number: str = LINE, *, address: str = "") -> Telephone:
        words = ("-s", quote(number, safe="+"), self._config.sip_address)
        return await play(
            self._sipp, scenario, address or self._config.trunk_host, self._room("caller"), *words
        )

    async def agent(self, scenario: str) -> Telephone:
        address = self._config.phones["alice"].contact.removeprefix("sip:alice@").removesuffix(":5060")
        agent = await play(self._sipp, scenario, address, self._room("agent"))
        if scenario == "agent_who_answers":
            agent.will_press_one(address)
        return agent

    def _room(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder


async def there_are(line: AsteriskServer, channels: int) -> None:
    """Wait until so many channels are there."""
    async with asyncio.timeout(10):
        while len(await line.channels()) != channels:  # noqa: ASYNC110 - Asterisk's state, asked over its API
            await asyncio.sleep(0.02)


@pytest.fixture
def telephones(sipp: list[str], lone_line: AsteriskServer, tmp_path: Path) -> Telephones:
    return Telephones(sipp, lone_line, tmp_path)


@pytest.fixture
async def alice_is_on_call(lone_line: AsteriskServer) -> AsyncIterator[None]:
    await lone_line.cli(f"database put astreinte fallback/{LINE} PJSIP/alice")
    yield
    await lone_line.cli(f"database del astreinte fallback/{LINE}")


async def test_caller_hears_an_apology_to_its_end_when_nobody_can_be_rung(
    telephones: Telephones, lone_line: AsteriskServer
) -> None:
    caller = await telephones.call("caller_who_listens")
    as_told, messages = await caller.outcome()
    assert as_told, messages
    assert "does not exist in any format" not in (lone_line.run_dir / "log/messages.log").read_text()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_apology_is_there_in_both_languages(lone_line: AsteriskServer, language: str) -> None:
    apology = LineConfig(run_dir=lone_line.run_dir).apology
    for sound in apology.split("&"):
        assert (lone_line.run_dir / "data/sounds" / language / f"{sound}.wav").is_file()


@pytest.mark.usefixtures("alice_is_on_call")
async def test_caller_reaches_the_agent_whom_the_application_last_wrote_down(telephones: Telephones) -> None:
    agent = await telephones.agent("agent_who_answers")
    caller = await telephones.call("caller_who_hangs_up")
    for person in (caller, agent):
        as_told, messages = await person.outcome()
        assert as_told, messages
    assert "SIP/2.0 180 Ringing" in (await caller.outcome())[1]


@pytest.mark.usefixtures("alice_is_on_call")
async def test_caller_is_never_put_through_to_a_voicemail_box(telephones: Telephones) -> None:
    voicemail = await telephones.agent("voicemail")
    caller = await telephones.call("caller_who_listens")
    for person in (voicemail, caller):
        as_told, messages = await person.outcome()
        assert as_told, messages


@pytest.mark.usefixtures("alice_is_on_call")
async def test_caller_hears_the_apology_when_the_agent_sleeps(telephones: Telephones) -> None:
    agent = await telephones.agent("agent_who_sleeps")
    caller = await telephones.call("caller_who_listens")
    for person in (agent, caller):
        as_told, messages = await person.outcome()
        assert as_told, messages


@pytest.mark.usefixtures("alice_is_on_call")
async def test_odd_characters_of_a_called_number_reach_nothing(telephones: Telephones) -> None:
    # With what is not a letter, a digit or + left out, it is the line's own number.
    agent = await telephones.agent("agent_who_answers")
    caller = await telephones.call("caller_who_hangs_up", f'{LINE}")&,')
    for person in (caller, agent):
        as_told, messages = await person.outcome()
        assert as_told, messages


async def test_stranger_is_asked_to_log_in_and_gets_no_further(
    telephones: Telephones, lone_line: AsteriskServer
) -> None:
    stranger = await telephones.call("stranger", address=loopback_address())
    as_told, messages = await stranger.outcome()
    assert as_told, messages
    assert "ChallengeSent" in (lone_line.run_dir / "log/security.log").read_text()


@pytest.mark.usefixtures("alice_is_on_call")
async def test_sound_is_received_on_the_address_of_sip_alone(
    telephones: Telephones, lone_line: AsteriskServer
) -> None:
    agent = await telephones.agent("agent_who_answers")
    caller = await telephones.call("caller_who_hangs_up")
    await there_are(lone_line, 2)
    config = lone_line.config
    sound = {
        (address, port)
        for protocol, address, port in listening(lone_line.pid or 0)
        if protocol == "udp" and port != config.sip_port
    }
    assert len(sound) == 4  # sound and its reports, for the caller and for the agent
    assert {address for address, _port in sound} == {config.sip_bind}
    assert all(config.rtp_start <= port <= config.rtp_end for _address, port in sound)
    assert (await caller.outcome())[0]
    assert (await agent.outcome())[0]


@pytest.mark.usefixtures("alice_is_on_call")
async def test_asterisk_itself_writes_down_how_a_call_ended(
    telephones: Telephones, lone_line: AsteriskServer
) -> None:
    path = lone_line.run_dir / "log/cdr-csv/Master.csv"
    before = len(path.read_text().splitlines()) if path.exists() else 0
    agent = await telephones.agent("agent_who_answers")
    caller = await telephones.call("caller_who_hangs_up")
    assert (await caller.outcome())[0]
    assert (await agent.outcome())[0]
    await there_are(lone_line, 0)
    rows = list(csv.reader(path.read_text().splitlines()))[before:]
    assert len(rows) == 1
    assert rows[0][2] == LINE
    assert "ANSWERED" in rows[0]
