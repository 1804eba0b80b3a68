"""The FastAGI server: where it listens, and how many it lets in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from ..core.logs import get_logger
from .answer import OnCallAnswer
from .application import SafeApplication
from .errors import AgiAddressUnusable
from .session import LONGEST_HEAD

log = get_logger(__name__)

Handler = Callable[[str | None, str | None], OnCallAnswer | Awaitable[OnCallAnswer]]


class FastAgiServer:
    """Answers `AGI(agi://HOST:PORT/oncall?team=...&reason=...)` with what `handler(team, reason)` says.

    `handler` is a function, which must not block, or a coroutine function; it returns an
    `OnCallAnswer`. If it raises, or takes longer than `deadline` seconds, the dialplan gets
    `ONCALL_STATUS=error`. Connections over `limit` at once are closed unheard: `ONCALL_STATUS` stays
    unset. FastAGI has no password: keep `host` on loopback.
    """

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 4573,
        *,
        deadline: float = 5.0,
        limit: int = 256,
    ) -> None:
        self.host = host
        self.port = port
        self.deadline = deadline
        self.limit = limit
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._application: SafeApplication | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._refused = 0
        self._accepting = False

    async def start(self) -> None:
        """Listen. Port 0 takes a free one, then found in `port`. Raises `AgiAddressUnusable`."""
        if self._server is not None:
            raise RuntimeError("this server has been started")
        application = SafeApplication(self.deadline)
        application.add_route("oncall", lambda query: self._handler(query.team, query.reason))
        self._application = application
        self._accepting = True
        try:
            self._server = await asyncio.start_server(
                self._accept, self.host, self.port, limit=LONGEST_HEAD, backlog=256
            )
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise AgiAddressUnusable(self.host, self.port, why) from error
        self.port = self._server.sockets[0].getsockname()[1]
        log.info("agi.listening", host=self.host, port=self.port)
        if not _is_loopback(self._server):
            log.warning(
                "agi.exposed", host=self.host, remedy="FastAGI has no password: use 127.0.0.1 or a firewall"
            )

    async def close(self, *, grace: float = 1.0) -> None:
        """Stop listening; sessions in progress get `grace` seconds to end."""
        server, self._server = self._server, None
        self._accepting = False
        if server is None:
            return
        server.close()
        if self._sessions:
            _, late = await asyncio.wait(self._sessions, timeout=grace)
            for session in late:
                session.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection, or refuse it before it costs a task."""
        if self._application is None or not self._accepting:
            writer.transport.abort()
            return
        if len(self._sessions) >= self.limit:
            if self._refused % self.limit == 0:
                log.warning("agi.too_many", limit=self.limit, refused=self._refused + 1)
            self._refused += 1
            writer.transport.abort()
            return
        session = asyncio.create_task(self._application.handler(reader, writer))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)


def _is_loopback(server: asyncio.Server) -> bool:
    return all(ip_address(socket.getsockname()[0]).is_loopback for socket in server.sockets)
