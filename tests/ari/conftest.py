"""An Asterisk for the ARI client's tests, clients of it, and a wire that can be cut."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from ari_app.ari import AriClient, Watched
from ari_app.ari.events import ChannelDestroyed, Event, StasisStart
from ari_app.core import logs
from ari_app.core.ids import new_id
from ari_app.pbx import AsteriskServer, LineConfig, loopback_address
from tests.wire import Wire

OVERLAY = Path(__file__).parent / "conf"
PATIENCE = 20.0
"""Seconds after which a test that waits for something has failed."""

E = TypeVar("E", bound=Event)
StartAsterisk = Callable[..., Awaitable[AsteriskServer]]


def line_config(run_dir: Path) -> LineConfig:
    """An Asterisk on a loopback address of its own."""
    address = loopback_address()
    return LineConfig(
        run_dir=run_dir,
        sip_bind=address,
        control_bind=address,
        agi_host=address,
        trunk_host=loopback_address(),
    )


@pytest.fixture(scope="session")
async def ari_asterisk(
    start_asterisk: StartAsterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsteriskServer:
    """An Asterisk whose dialplan has the `far-end` context."""
    return await start_asterisk(line_config(tmp_path_factory.mktemp("ari")), overlay=OVERLAY)


@pytest.fixture
async def own_asterisk(start_asterisk: StartAsterisk, tmp_path: Path) -> AsyncIterator[AsteriskServer]:
    """An Asterisk for one test, which may kill it."""
    server = await start_asterisk(line_config(tmp_path), overlay=OVERLAY)
    yield server
    await server.stop()


class MakeClient(Protocol):
    """Makes a client, not started, that is closed when the test ends."""

    def __call__(self, server: AsteriskServer, **options: Any) -> AriClient: ...


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    """Make clients of an Asterisk, each with an application of its own unless it is named."""
    clients: list[AriClient] = []

    def make(server: AsteriskServer, **options: Any) -> AriClient:
        config = server.config
        chosen = {
            "url": config.ari_url,
            "username": config.ari_user,
            "password": config.ari_password,
            "app": f"test-{secrets.token_hex(6)}",
        }
        clients.append(AriClient(**{**chosen, **options}))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def client(ari_asterisk: AsteriskServer, make_client: MakeClient) -> AriClient:
    """A client that is connected."""
    made = make_client(ari_asterisk)
    await made.start()
    return made


class FarEnd:
    """Channels of the `far-end` context, and waiting for what becomes of them."""

    @staticmethod
    async def until(watched: Watched, kind: type[E]) -> E:
        """Return the next event of a type, whatever comes before it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await watched.get()
                if isinstance(event, kind):
                    return event

    async def call(
        self, client: AriClient, watched: Watched, extension: str = "answer", **options: Any
    ) -> str:
        """Call an extension; return the channel's id once it is in the application."""
        channel_id = new_id()
        watched.add(channel_id)
        await client.channels.originate(
            endpoint=f"Local/{extension}@far-end", app=client.app, channel_id=channel_id, **options
        )
        await self.until(watched, StasisStart)
        return channel_id

    async def hang_up(self, client: AriClient, watched: Watched, channel_id: str) -> ChannelDestroyed:
        """Hang up and return the channel's end."""
        await client.channels.hangup(channel_id)
        return await self.until(watched, ChannelDestroyed)


@pytest.fixture
def far_end() -> FarEnd:
    """Someone to call."""
    return FarEnd()


LogEvents = Callable[[], list[str]]


@pytest.fixture
def log_events(tmp_path: Path) -> Iterator[LogEvents]:
    """Return the names of the events that were logged since the test began."""
    path = tmp_path / "log.jsonl"
    logs.configure("json", file=path)

    def logged() -> list[str]:
        logs.flush()
        return [json.loads(line)["event"] for line in path.read_text("utf-8").splitlines()]

    yield logged
    logs.configure()


@pytest.fixture
async def wire(ari_asterisk: AsteriskServer) -> AsyncIterator[Wire]:
    """A wire to the Asterisk of these tests."""
    made = Wire(ari_asterisk.config.ari_host, ari_asterisk.config.http_port)
    await made.open()
    yield made
    await made.close()
