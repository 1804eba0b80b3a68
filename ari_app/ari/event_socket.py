"""One connected event WebSocket, and REST over it.

The reader never awaits anything but the next message: Asterisk cuts off a socket that does not read for
`websocket_write_timeout` (ari.conf, 100 ms by default).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import aiohttp
import msgspec

from ..core.logs import get_logger
from .events import ApplicationReplaced, Event, RESTResponse, decode
from .replies import Reply, not_sent, unknown

LARGEST_FRAME = 60_000
"""Bytes. Asterisk closes a WebSocket on a frame above 65,535 with its header
(`AST_WEBSOCKET_MAX_RX_PAYLOAD_SIZE` in `include/asterisk/http_websocket.h`)."""

log = get_logger(__name__)


class _Request(msgspec.Struct, tag="RESTRequest", tag_field="type", gc=False):
    request_id: str
    method: str
    uri: str


class _RequestWithBody(msgspec.Struct, tag="RESTRequest", tag_field="type", gc=False):
    request_id: str
    method: str
    uri: str
    message_body: str
    content_type: str = "application/json"


_encode = msgspec.json.Encoder().encode
_TEXT = aiohttp.WSMsgType.TEXT


class EventSocket:
    """One life of the WebSocket: from its handshake to its loss, never reconnected.

    `on_event` is called for every event, in order, inside the reader: it must neither block nor raise.
    """

    def __init__(
        self, websocket: aiohttp.ClientWebSocketResponse[bool], on_event: Callable[[Event], None]
    ) -> None:
        self._websocket = websocket
        self._on_event = on_event
        self._pending: dict[str, asyncio.Future[RESTResponse]] = {}
        self._ids = count(1)
        self._loop = asyncio.get_running_loop()
        self.lost = ""
        """Why the socket is of no use any more; empty while it lives."""
        self.replaced = False
        self.undecodable = 0
        self.unexpected_replies = 0

    async def read(self) -> str:
        """Deliver events and replies until the socket is lost; return why it was."""
        try:
            async for message in self._websocket:
                if message.type is not _TEXT:
                    if message.type is aiohttp.WSMsgType.ERROR:
                        return self._end(f"{message.data or 'protocol error'}")
                    continue
                try:
                    event = decode(message.data)
                except msgspec.DecodeError as error:
                    self.undecodable += 1
                    log.warning("ari.undecodable", error=str(error), size=len(message.data))
                    continue
                if type(event) is RESTResponse:
                    self._on_reply(event)
                    continue
                self._on_event(event)
                if type(event) is ApplicationReplaced:
                    self.replaced = True
                    return self._end("another client registered the application")
            failure = self._websocket.exception()
            return self._end(str(failure) if failure else f"closed (code {self._websocket.close_code})")
        finally:
            self._end("the reader was stopped")

    async def request(self, method: str, uri: str, body: bytes | None, deadline: float) -> Reply:
        """Send a request and return its reply.

        Raises RequestNotSent if the socket is lost already, OutcomeUnknown if it is lost, or `deadline`
        seconds pass, before the reply.
        """
        if self.lost:
            raise not_sent(method, uri, self.lost)
        request_id = str(next(self._ids))
        frame = (
            _encode(_Request(request_id, method, uri))
            if body is None
            else _encode(_RequestWithBody(request_id, method, uri, body.decode()))
        )
        reply: asyncio.Future[RESTResponse] = self._loop.create_future()
        self._pending[request_id] = reply
        try:
            async with asyncio.timeout(deadline):
                await self._websocket.send_frame(frame, _TEXT)
                response = await reply
        except TimeoutError:
            raise unknown(method, uri, f"none within {deadline:g} s") from None
        except (_LostError, aiohttp.ClientConnectionError) as loss:
            raise unknown(method, uri, str(loss)) from None
        finally:
            self._pending.pop(request_id, None)
        return Reply(response.status_code, response.reason_phrase, response.message_body)

    async def close(self) -> None:
        """Say goodbye and close. Requests in flight fail with OutcomeUnknown."""
        await self._websocket.close()
        self._end("closed")

    @property
    def in_flight(self) -> int:
        """How many requests wait for their reply."""
        return len(self._pending)

    def _on_reply(self, response: RESTResponse) -> None:
        reply = self._pending.pop(response.request_id, None)
        if reply is None:
            self.unexpected_replies += 1
        elif not reply.done():
            reply.set_result(response)

    def _end(self, why: str) -> str:
        if not self.lost:
            self.lost = why
            for reply in self._pending.values():
                if not reply.done():
                    reply.set_exception(_LostError(why))
            self._pending.clear()
        return self.lost


class _LostError(Exception):
    """The socket is gone: what was in flight will have no reply."""
