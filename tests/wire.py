"""A TCP connection that a test can cut, or hold up without anybody noticing."""

from __future__ import annotations

import asyncio

PATIENCE = 30.0
"""Seconds for connections to end; only a test that fails waits so long."""


class Wire:
    """Carries connections to a server on from a port of its own, once it is opened."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._flows = _flowing()
        self._requests = _flowing()
        self._held: list[asyncio.Event] = []
        self._server: asyncio.Server | None = None
        self.host, self.port = host, 0
        self.connections = 0
        """How many were made since the beginning."""

    @property
    def url(self) -> str:
        """Where ARI is, if it is an Asterisk's HTTP server."""
        return f"http://{self.host}:{self.port}/ari"

    async def open(self) -> None:
        """Listen, again on the same port if it did before."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Reset every connection, and take none until it is opened again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.flow()
        async with asyncio.timeout(PATIENCE):
            while self._serving:  # one may just be on its way to the far end
                self.cut()
                await asyncio.wait(self._serving, timeout=0.05)

    def cut(self) -> None:
        """Reset every connection; new ones may come."""
        for writer in self._writers:
            writer.transport.abort()

    def stall(self) -> None:
        """Let nothing through any more, and let nobody notice."""
        self._flows.clear()

    def stall_those(self) -> None:
        """The same for the connections that are there; new ones are not held up."""
        self._flows.clear()
        self._held.append(self._flows)
        self._flows = _flowing()

    def stall_requests(self) -> None:
        """Let nothing through to the server any more, and everything that comes from it."""
        self._requests.clear()

    def flow(self) -> None:
        """Let everything through again."""
        for each in (*self._held, self._flows, self._requests):
            each.set()
        self._held.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections += 1
        self._serving.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            self._writers |= {writer, far_writer}
            try:
                flows, requests = self._flows, self._requests
                await asyncio.gather(
                    self._pump(reader, far_writer, flows, requests), self._pump(far_reader, writer, flows)
                )
            finally:
                self._writers -= {writer, far_writer}
        finally:
            self._serving.discard(task)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *flows: asyncio.Event
    ) -> None:
        try:
            while data := await reader.read(65536):
                for each in flows:
                    await each.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # one side is cut: the other follows
        finally:
            writer.close()


def _flowing() -> asyncio.Event:
    flows = asyncio.Event()
    flows.set()
    return flows
