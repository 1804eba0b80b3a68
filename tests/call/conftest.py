"""A telephone network beside the line's Asterisk, and lines to call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from ari_app.network.config import TEMPLATES, NetworkConfig
from ari_app.network.network import TelephoneNetwork
from ari_app.pbx import AsteriskServer, LineConfig, loopback_address
from tests.forked import stand_ready
from tests.wire import Wire

from .cdr import AsterisksRecords, asterisk_that_records
from .exchange import OpenLine, Place, opened
from .files import DIGITS, LANGUAGES, LONG_PROMPTS, SHORT_PROMPTS
from .sounds import Recordings

StartAsterisk = Callable[..., Awaitable[AsteriskServer]]
NEVER_PLUGGED_IN = "dora"


@pytest.fixture(scope="session", autouse=True)
def forks() -> None:
    """The process that forks into lines; no test leaves it behind."""
    stand_ready()


@pytest.fixture(scope="session")
async def network(
    line_asterisk: AsteriskServer, start_asterisk: StartAsterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TelephoneNetwork]:
    """The telephone network around `line_asterisk`; every phone but dora's is registered with the line."""
    assert isinstance(line_asterisk.config, LineConfig)
    config = NetworkConfig.beside(line_asterisk.config, tmp_path_factory.mktemp("network"))
    del config.phones[NEVER_PLUGGED_IN]
    async with TelephoneNetwork(await start_asterisk(config, overlay=TEMPLATES), config) as made:
        await made.phones_registered()
        yield made


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """What the line says in these tests: sounds that cannot be mistaken for each other."""
    made = Recordings(tmp_path_factory.mktemp("recorded"), made=tmp_path_factory.mktemp("made"))
    made.add(LONG_PROMPTS, LANGUAGES, 2.5)
    made.add(SHORT_PROMPTS, LANGUAGES, 0.6)  # three parts of those that a sound is looked for in
    made.add(DIGITS, LANGUAGES, 0.4)  # two parts; a number has many digits
    return made


@pytest.fixture
async def place(
    line_asterisk: AsteriskServer, network: TelephoneNetwork, recordings: Recordings, tmp_path: Path
) -> AsyncIterator[Place]:
    """Where the test's line will live; whoever is still on the phone at the end hangs up."""
    yield Place(line_asterisk, network, recordings, tmp_path)
    await network.quiet()


class OpenALine(Protocol):
    """Opens a line; the words are those of `Place.settings`."""

    def __call__(self, **words: Any) -> AbstractAsyncContextManager[OpenLine]: ...


@pytest.fixture
def open_a_line(place: Place) -> OpenALine:
    """Open a line with rosters and flows of the test's own."""

    def opens(**words: Any) -> AbstractAsyncContextManager[OpenLine]:
        return opened(place, place.settings(**words))

    return opens


@pytest.fixture
async def ari_wire(place: Place) -> AsyncIterator[Wire]:
    """A wire to Asterisk's ARI."""
    wire = Wire(place.asterisk.config.ari_host, place.asterisk.config.http_port)
    await wire.open()
    yield wire
    await wire.close()


@pytest.fixture
async def mortal_place(
    start_asterisk: StartAsterisk, recordings: Recordings, tmp_path: Path
) -> AsyncIterator[Place]:
    """A place with an Asterisk and a network of its own, where people are called through the trunk."""
    address = loopback_address()
    config = LineConfig(
        run_dir=tmp_path / "line-asterisk",
        sip_bind=address,
        control_bind=address,
        agi_host=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
    )
    asterisk = await start_asterisk(config)
    around = NetworkConfig.beside(config, tmp_path / "network")
    server = await start_asterisk(around, overlay=TEMPLATES)
    folder = tmp_path / "house"
    folder.mkdir()
    async with TelephoneNetwork(server, around) as network:
        yield Place(asterisk, network, recordings, folder)
    await server.stop()
    await asterisk.stop()


@pytest.fixture
async def asterisks_records(line_asterisk: AsteriskServer) -> AsyncIterator[AsterisksRecords]:
    """What the line's Asterisk writes of the calls of this test."""
    async with asterisk_that_records(line_asterisk) as records:
        yield records


@pytest.fixture
async def impatient_phones(line_asterisk: AsteriskServer) -> AsyncIterator[None]:
    """Let Asterisk hang up phones that send no sound for two seconds, instead of a minute."""
    pjsip = line_asterisk.run_dir / "etc/pjsip.conf"
    kept = pjsip.read_text()
    pjsip.write_text(kept.replace("rtp_timeout = 60", "rtp_timeout = 2"))
    await line_asterisk.cli("module reload res_pjsip.so")
    yield
    pjsip.write_text(kept)
    await line_asterisk.cli("module reload res_pjsip.so")
