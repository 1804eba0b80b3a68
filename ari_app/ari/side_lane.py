"""The second lane: a small pool of further WebSockets, for requests that can wait for a channel's thread.

Each is registered to an application of its own, which nobody subscribes to anything, and carries one request
at a time: what waits holds up nobody else. An HTTP connection would do the same for three times the CPU.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from .errors import AriError
from .event_socket import EventSocket
from .events import Event
from .replies import Reply, not_sent

Connect = Callable[[str, Callable[[], EventSocket]], Awaitable[EventSocket]]


class SideLane:
    """A capped pool of WebSockets that are opened when they are needed.

    `connect` opens one for an application; `app` is what their names begin with.
    """

    def __init__(self, connect: Connect, app: str, sockets: int) -> None:
        self._connect = connect
        self._app = app
        self._slots = asyncio.Semaphore(sockets)
        self._idle: list[EventSocket] = []
        self._open: set[EventSocket] = set()

    async def request(self, method: str, uri: str, body: bytes | None, deadline: float) -> Reply:
        """Send a request and return its reply.

        Raises RequestNotSent if no socket could be had within `deadline` seconds, OutcomeUnknown if the
        socket was lost, or they passed, once it was under way.
        """
        loop = asyncio.get_running_loop()
        give_up = loop.time() + deadline
        if self._slots.locked():
            try:
                async with asyncio.timeout_at(give_up):
                    await self._slots.acquire()
            except TimeoutError:
                raise not_sent(method, uri, f"no free connection within {deadline:g} s") from None
        else:
            await self._slots.acquire()  # at once
        try:
            socket = await self._take(method, uri, give_up)
            try:
                reply = await socket.request(method, uri, body, give_up - loop.time())
            except BaseException:
                # Asterisk may be busy with that request for long: nothing else must queue behind it.
                self._open.discard(socket)
                socket.drop()
                raise
            self._idle.append(socket)
            return reply
        finally:
            self._slots.release()

    async def _take(self, method: str, uri: str, give_up: float) -> EventSocket:
        while self._idle:
            socket = self._idle.pop()
            if not socket.lost:
                return socket
            self._open.discard(socket)
        try:
            async with asyncio.timeout_at(give_up):
                socket = await self._connect(f"{self._app}-{secrets.token_hex(6)}", _new_socket)
        except (AriError, TimeoutError) as error:
            raise not_sent(method, uri, str(error) or "no answer to the WebSocket handshake") from None
        self._open.add(socket)
        return socket

    def drop(self) -> None:
        """Give up every socket; what is under way fails with OutcomeUnknown."""
        self._idle.clear()
        for socket in self._open.copy():
            socket.drop()
        self._open.clear()

    async def close(self) -> None:
        """Close every socket."""
        sockets, self._open = self._open, set()
        self._idle.clear()
        for socket in sockets:
            await socket.close()


def _new_socket() -> EventSocket:
    return EventSocket(_ignore)


def _ignore(_event: Event) -> None:
    """Replies are all that is wanted here."""
