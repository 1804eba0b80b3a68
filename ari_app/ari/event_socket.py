"""One connected WebSocket of ARI: events come, and REST requests go over it.

Frames are taken in the transport's own callback: Asterisk cuts off a socket that does not read for
`websocket_write_timeout` (ari.conf, 100 ms by default), and a coroutine that is woken for each message
costs more than all we do with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from ..core.logs import get_logger
from .events import ApplicationReplaced, Event, RESTResponse, decode
from .replies import Reply, not_sent, unknown

LARGEST_FRAME = 60_000
"""Bytes. Asterisk closes a WebSocket on a frame above 65,535 with its header
(`AST_WEBSOCKET_MAX_RX_PAYLOAD_SIZE` in `include/asterisk/http_websocket.h`)."""

GOODBYE_WITHIN = 2.0
"""Seconds that what was sent last may take to leave when we close."""

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
_TEXT = WSMsgType.TEXT


class EventSocket(WSListener):
    """One life of a WebSocket: from its handshake to its loss, never reconnected.

    `on_event` is called for every event, in order, as it is read: it must neither block nor raise.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._transport: WSTransport | None = None
        self._pending: dict[str, asyncio.Future[RESTResponse]] = {}
        self._ids = count(1)
        self._loop = asyncio.get_running_loop()
        self._end_of_life: asyncio.Future[str] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self.lost = ""
        """Why the socket is of no use any more; empty while it lives."""
        self.replaced = False
        self.undecodable = 0
        self.unexpected_replies = 0

    async def until_lost(self) -> str:
        """Wait until the socket is of no use any more; return why."""
        return await asyncio.shield(self._end_of_life)

    async def request(self, method: str, uri: str, body: bytes | None, deadline: float) -> Reply:
        """Send a request and return its reply.

        Raises RequestNotSent if the socket is lost already, OutcomeUnknown if it is lost, or `deadline`
        seconds pass, before the reply.
        """
        if self.lost or self._transport is None:
            raise not_sent(method, uri, self.lost or "the WebSocket is not connected")
        request_id = str(next(self._ids))
        frame = (
            _encode(_Request(request_id, method, uri))
            if body is None
            else _encode(_RequestWithBody(request_id, method, uri, body.decode()))
        )
        reply: asyncio.Future[RESTResponse] = self._loop.create_future()
        self._pending[request_id] = reply
        # Less than half of what asyncio.timeout costs, nine times a call.
        timer = self._loop.call_later(deadline, _give_up, reply, f"none within {deadline:g} s")
        try:
            self._transport.send(_TEXT, frame)
            response = await reply
        except _NoReplyError as reason:
            raise unknown(method, uri, str(reason)) from None
        finally:
            timer.cancel()
            self._pending.pop(request_id, None)
        return Reply(response.status_code, response.reason_phrase, response.message_body)

    async def close(self) -> None:
        """Say goodbye and close. Requests in flight fail with OutcomeUnknown."""
        self._end("closed")
        if self._transport is not None:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()
            await asyncio.wait([self._gone], timeout=GOODBYE_WITHIN)
            self._transport.disconnect(graceful=False)

    def drop(self) -> None:
        """Close at once, without goodbye."""
        self._end("dropped")
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    @property
    def in_flight(self) -> int:
        """How many requests wait for their reply."""
        return len(self._pending)

    # What picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the transport: the handshake is done."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one message: Asterisk sends each in one frame (`__ast_websocket_write`)."""
        if frame.msg_type == _TEXT:
            self._on_message(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            self._end(f"closed (code {frame.get_close_code()})")
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Fail what waits: nothing will come any more."""
        self._end("the connection was cut")
        self._gone.set_result(None)

    def _on_message(self, message: bytes) -> None:
        try:
            event = decode(message)
        except msgspec.DecodeError as error:
            self.undecodable += 1
            log.warning("ari.undecodable", error=str(error), size=len(message))
            return
        if type(event) is RESTResponse:
            self._on_reply(event)
            return
        self._on_event(event)
        if type(event) is ApplicationReplaced:
            self.replaced = True
            self._end("another client registered the application")

    def _on_reply(self, response: RESTResponse) -> None:
        reply = self._pending.pop(response.request_id, None)
        if reply is None:
            self.unexpected_replies += 1
        elif not reply.done():
            reply.set_result(response)

    def _end(self, why: str) -> None:
        if self.lost:
            return
        self.lost = why
        for reply in self._pending.values():
            _give_up(reply, why)
        self._pending.clear()
        self._end_of_life.set_result(why)


class _NoReplyError(Exception):
    """What was in flight will have no reply, or none in time."""


def _give_up(reply: asyncio.Future[RESTResponse], why: str) -> None:
    if not reply.done():
        reply.set_exception(_NoReplyError(why))
