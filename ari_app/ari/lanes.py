"""The two ways to one ARI, and which of them a request takes."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from . import errors
from .encoding import query_value
from .event_socket import LARGEST_FRAME, EventSocket
from .http_lane import HttpLane
from .operations import Lane, Operation, Value
from .replies import Reply, not_sent

T = TypeVar("T")

CLOSE_HANDSHAKE = 2.0
"""Seconds that Asterisk has to say goodbye when we close the WebSocket."""


class Lanes:
    """The HTTP pool, from `open` to `close`, and the WebSocket while there is one (`socket`)."""

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        http_connections: int,
        deadline: float,
        tls: ssl.SSLContext | bool,
    ) -> None:
        if URL(url).scheme not in {"http", "https"}:
            raise ValueError(f"an ARI url begins with http:// or https://, not {url!r}")
        self.url = url.rstrip("/")
        self.deadline = deadline
        self.socket: EventSocket | None = None
        self._http: HttpLane | None = None
        self._username = username
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._http_connections = http_connections
        self._tls = tls

    def open(self) -> None:
        """Open the HTTP pool; it connects when there is something to send."""
        self._http = HttpLane(f"{self.url}/", self._authorization, self._http_connections, self._tls)

    async def close(self) -> None:
        """Close both lanes."""
        socket, self.socket = self.socket, None
        if socket is not None:
            await socket.close()
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def request(
        self,
        operation: Operation[T],
        ids: tuple[str, ...] = (),
        query: Mapping[str, Value] | None = None,
        body: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> T:
        """Send one operation on its lane and return what it returns.

        Raises ValueError if a value cannot be carried, RequestNotSent, OutcomeUnknown, and what
        `operation.errors` says for the status.
        """
        uri, payload = operation.prepare(ids, query, body)
        seconds = self.deadline if deadline is None else deadline
        # JSON within JSON: every quote of the payload doubles.
        fits = len(uri) + (0 if payload is None else 2 * len(payload)) < LARGEST_FRAME
        if operation.lane is Lane.WEBSOCKET and fits:
            socket = self.socket
            if socket is None:
                raise not_sent(operation.method, uri, "the event WebSocket is not connected")
            reply = await socket.request(operation.method, uri, payload, seconds)
        else:
            http = self._http
            if http is None:
                raise not_sent(operation.method, uri, "the client is closed")
            reply = await http.request(operation.method, uri, payload, seconds)
        return _result(operation, uri, reply)

    async def connect_websocket(
        self, app: str, ping_interval: float
    ) -> aiohttp.ClientWebSocketResponse[bool]:
        """Return a new WebSocket for `app`, its handshake done.

        Raises AriUnavailable, AuthenticationFailed.
        """
        if self._http is None:
            raise errors.ClientClosed("the ARI client is closed")
        url = URL(f"ws{self.url.removeprefix('http')}/events?app={query_value(app)}", encoded=True)
        try:
            async with asyncio.timeout(self.deadline):
                return await self._http.session.ws_connect(
                    url,
                    heartbeat=ping_interval,
                    max_msg_size=0,  # no limit: we trust this server
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_HANDSHAKE),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 401:
                raise self.authentication_failed() from None
            raise self.unavailable(f"{error.status} {error.message}") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self.unavailable(str(error) or "no answer to the WebSocket handshake") from None

    def unavailable(self, why: str) -> errors.AriUnavailable:
        """Return the error for an ARI that cannot be used now."""
        return errors.AriUnavailable(
            f"ARI does not answer at {self.url}: {why}",
            remedy="start Asterisk; check `enabled` and `bindport` in http.conf and ari.conf, and the url",
            detail=why,
        )

    def authentication_failed(self) -> errors.AuthenticationFailed:
        """Return the error for an ARI that refuses our user or password."""
        return errors.AuthenticationFailed(
            f"ARI at {self.url} refuses the password of user {self._username!r}", status=401
        )


def _result(operation: Operation[T], uri: str, reply: Reply) -> T:
    if reply.status >= 300:
        raise operation.error(uri, reply.status, reply.body, reply.reason)
    try:
        return operation.decode(reply.body)
    except msgspec.DecodeError as error:
        path = uri.partition("?")[0]
        raise errors.refusal(
            errors.UnexpectedReply, operation.method, path, reply.status, str(error)
        ) from None
