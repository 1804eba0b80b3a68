"""The ways to one ARI, and which of them a request takes."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from picows import WSHandshakeError, ws_connect
from yarl import URL

from . import errors
from .encoding import query_value
from .event_socket import LARGEST_FRAME, EventSocket
from .http_lane import HttpLane, Sink
from .operations import Lane, Operation, Value
from .replies import Reply, not_sent
from .side_lane import SideLane

T = TypeVar("T")

BEHIND = 4
"""Requests without a reply from which on the WebSocket of events is taken to be behind."""
LARGEST_MESSAGE = 1 << 27
"""Bytes: more than Asterisk ever sends; a list of all channels is the longest."""


class Lanes:
    """The pools, from `open` to `close`, and the WebSocket of events while there is one (`socket`)."""

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        app: str,
        side_sockets: int,
        http_connections: int,
        deadline: float,
        ping_interval: float,
        tls: ssl.SSLContext | bool,
    ) -> None:
        if URL(url).scheme not in {"http", "https"}:
            raise ValueError(f"an ARI url begins with http:// or https://, not {url!r}")
        self.url = url.rstrip("/")
        self.deadline = deadline
        self.socket: EventSocket | None = None
        self._http: HttpLane | None = None
        self._side: SideLane | None = None
        self._username = username
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._app = app
        self._side_sockets = side_sockets
        self._http_connections = http_connections
        self._ping_interval = ping_interval
        self._tls = tls

    def open(self) -> None:
        """Open the pools; they connect when there is something to send."""
        self._http = HttpLane(f"{self.url}/", self._authorization, self._http_connections, self._tls)
        self._side = SideLane(self._connect_side, f"{self._app}-lane", self._side_sockets)

    async def lose(self) -> None:
        """Give up the WebSockets: one of them was found to be lost, and the others have no ping to tell."""
        socket, self.socket = self.socket, None
        if self._side is not None:
            self._side.drop()
        if socket is not None:
            await socket.close()

    async def close(self) -> None:
        """Close every lane."""
        socket, self.socket = self.socket, None
        if socket is not None:
            await socket.close()
        side, self._side = self._side, None
        if side is not None:
            await side.close()
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
        *,
        into: Sink | None = None,
    ) -> T:
        """Send one operation on its lane and return what it returns; with `into`, its file goes there.

        Raises ValueError if a value cannot be carried, RequestNotSent, OutcomeUnknown, and what
        `operation.errors` says for the status.
        """
        uri, payload = operation.prepare(ids, query, body)
        seconds = self.deadline if deadline is None else deadline
        # JSON within JSON: every quote of the payload doubles.
        fits = len(uri) + (0 if payload is None else 2 * len(payload)) < LARGEST_FRAME
        lane = self._lane(operation, uri, fits=fits)
        if into is not None and isinstance(lane, HttpLane):
            reply = await lane.request(operation.method, uri, payload, seconds, into=into)
            return _result(operation, uri, reply)
        return _result(operation, uri, await lane.request(operation.method, uri, payload, seconds))

    def _lane(self, operation: Operation[T], uri: str, *, fits: bool) -> EventSocket | SideLane | HttpLane:
        lane: EventSocket | SideLane | HttpLane | None
        if operation.lane is Lane.HTTP or not fits:
            lane = self._http
        elif operation.lane is Lane.SIDE:
            lane = self._side
        else:
            lane = self._side if self.socket is not None and self.socket.in_flight >= BEHIND else self.socket
        if lane is None:
            why = "the client is closed" if self._http is None else "the event WebSocket is not connected"
            raise not_sent(operation.method, uri, why)
        return lane

    async def connect_events(self, make: Callable[[], EventSocket]) -> EventSocket:
        """Return a new WebSocket for the application's events, made by `make` when its handshake is done.

        Raises AriUnavailable, AuthenticationFailed.
        """
        return await self._connect(self._app, make, pings=True)

    async def _connect_side(self, app: str, make: Callable[[], EventSocket]) -> EventSocket:
        return await self._connect(app, make, pings=False)

    async def _connect(self, app: str, make: Callable[[], EventSocket], *, pings: bool) -> EventSocket:
        url = f"ws{self.url.removeprefix('http')}/events?app={query_value(app)}"
        tls = self._tls if isinstance(self._tls, ssl.SSLContext) else None
        try:
            _, socket = await ws_connect(
                lambda _request, _response: make(),
                url,
                ssl_context=tls,
                websocket_handshake_timeout=self.deadline,
                extra_headers={"Authorization": self._authorization},
                enable_auto_ping=pings,
                auto_ping_idle_timeout=self._ping_interval,
                auto_ping_reply_timeout=self._ping_interval,
                max_frame_size=LARGEST_MESSAGE,
                max_redirects=0,
            )
        except WSHandshakeError as error:
            status = error.response.status if error.response else 0
            if status == 401:
                raise self.authentication_failed() from None
            raise self.unavailable(f"{status} {error}" if status else str(error)) from None
        except (OSError, TimeoutError) as error:
            raise self.unavailable(str(error) or "no answer to the WebSocket handshake") from None
        if socket is None:
            raise self.unavailable("the connection was cut during the WebSocket handshake")
        return cast(EventSocket, socket)

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
