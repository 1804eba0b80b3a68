"""The client: one application's connection to one Asterisk, kept up for as long as it runs."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import aiohttp
import msgspec
from yarl import URL

from ..core.logs import get_logger
from . import errors
from .applications import Applications
from .asterisk import AsteriskServer
from .backoff import LONGEST, Backoff
from .bridges import Bridges
from .channels import Channels
from .device_states import DeviceStates
from .encoding import query_value
from .endpoints import Endpoints
from .event_socket import LARGEST_FRAME, EventSocket
from .events import (
    DEFAULT_TYPES,
    ApplicationReplaced,
    BridgeDestroyed,
    ChannelDestroyed,
    Event,
    EventsMissed,
    OtherEvent,
    RESTResponse,
    StasisEnd,
    StasisStart,
)
from .http_lane import HttpLane
from .models import Bridge, Channel
from .operations import Lane, Operation, Value
from .playbacks import Playbacks
from .recordings import Recordings
from .replies import Reply, not_sent
from .versions import require_supported
from .watching import Registry, Watched

T = TypeVar("T")

STAND_BY_LOOKS_EVERY = 5.0
"""Seconds between two looks at whether the application that another client took is free again."""
TAKE_BACK_AFTER = 60.0
"""Seconds before it is taken back, if that is wanted: two clients that both want it do not fight faster."""

log = get_logger(__name__)


class State(Enum):
    """How the client stands with Asterisk. Only in `READY` do events come."""

    CLOSED = "closed"
    CONNECTING = "connecting"
    READY = "ready"
    LOST = "lost"
    REPLACED = "replaced"
    REFUSED = "refused"


class AriClient:
    """Events and requests of one Stasis application.

    Give `url` as `http://host:port/ari` (https for TLS: the WebSocket is encrypted too). `events` are the
    types to hear of, beside those that the client needs for itself. `http_connections` caps the second
    lane, `deadline` (seconds) holds for requests that name none, and a ping that has no pong within
    `ping_interval / 2` seconds ends the connection. When another client registers the same application,
    `when_replaced` says what to do: "stand_by" waits until Asterisk no longer knows the application,
    "take_back" registers it again after a minute.

    Set `on_stasis_start` (called for each channel that enters the application and that nobody watches),
    append to `on_event` (called for every event) and to `on_ready` (awaited as tasks, after each connect,
    once events flow) before `start`. The first two are called inside the reader: they must return at once.
    """

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        app: str,
        events: Iterable[type[Event] | str] = DEFAULT_TYPES,
        http_connections: int = 16,
        deadline: float = 10.0,
        ping_interval: float = 10.0,
        when_replaced: Literal["stand_by", "take_back"] = "stand_by",
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        if URL(url).scheme not in {"http", "https"}:
            raise ValueError(f"an ARI url begins with http:// or https://, not {url!r}")
        self.url = url.rstrip("/")
        self.app = app
        self.deadline = deadline
        self._state = State.CLOSED
        self._is_ready = asyncio.Event()
        self.on_stasis_start: Callable[[StasisStart], None] | None = None
        self.on_event: list[Callable[[Event], None]] = []
        self.on_ready: list[Callable[[], Awaitable[None]]] = []
        self.counters = {"events": 0, "unwatched": 0, "unknown": 0, "connects": 0}
        """Events that came, that nobody watched, of unknown types; and connections made."""

        self.channels = Channels(self.request)
        self.bridges = Bridges(self.request)
        self.playbacks = Playbacks(self.request)
        self.recordings = Recordings(self.request)
        self.applications = Applications(self.request)
        self.asterisk = AsteriskServer(self.request)
        self.endpoints = Endpoints(self.request)
        self.device_states = DeviceStates(self.request)

        names = [event if isinstance(event, str) else event.__name__ for event in events]
        self._types = sorted({*names, RESTResponse.__name__, ApplicationReplaced.__name__})
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._username = username
        self._http_connections = http_connections
        self._ping_interval = ping_interval
        self._take_back = when_replaced == "take_back"
        self._tls = tls
        self._registry = Registry()
        self._at_risk: set[str] = set()
        self._http: HttpLane | None = None
        self._socket: EventSocket | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # Life ----------------------------------------------------------------------------------------

    async def start(self, *, wait: float | None = 0.0) -> None:
        """Connect, and stay connected until `close`.

        An Asterisk that is not up is waited for: not at all by default, `wait` seconds, or for ever (None).
        Raises AriUnavailable when the wait is over; AuthenticationFailed, AccessDenied and AsteriskTooOld at
        once, since waiting would not mend them.
        """
        if self._keeper is not None:
            raise RuntimeError("the client is started already")
        self._enter(State.CONNECTING)
        self._http = HttpLane(f"{self.url}/", self._authorization, self._http_connections, self._tls)
        backoff = Backoff()
        give_up = None if wait is None else time.monotonic() + wait
        try:
            while True:
                try:
                    reader = await self._connect()
                    break
                except errors.AriUnavailable as error:
                    if give_up is not None and time.monotonic() >= give_up:
                        raise
                    if self.state is not State.LOST:
                        self._enter(State.LOST)
                        log.warning("ari.unavailable", url=self.url, reason=error.message)
                delay = backoff.delay()
                if give_up is not None:
                    delay = min(delay, max(0.0, give_up - time.monotonic()))
                await asyncio.sleep(delay)
        except BaseException:
            self._enter(State.CLOSED)
            await self._http.close()
            self._http = None
            raise
        self._keeper = asyncio.create_task(self._keep(reader, backoff), name="ari")

    async def close(self) -> None:
        """Disconnect. Requests in flight fail, and whoever watches gets ClientClosed after the last event."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        self._enter(State.CLOSED)
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        tasks = [keeper, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
            self._http = None
        closed = errors.ClientClosed("the ARI client was closed")
        for watcher in self._registry.everyone():
            watcher.end(closed)
        log.info("ari.closed", url=self.url, app=self.app)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def state(self) -> State:
        """How the client stands with Asterisk."""
        return self._state

    def _enter(self, state: State) -> None:
        self._state = state
        if state is State.READY:
            self._is_ready.set()
        else:
            self._is_ready.clear()

    @property
    def ready(self) -> bool:
        """Whether events come and requests go: what a health check should ask."""
        return self.state is State.READY

    async def until_ready(self) -> None:
        """Wait until events come and requests go."""
        await self._is_ready.wait()

    # Events --------------------------------------------------------------------------------------

    def watch(
        self,
        *channel_ids: str,
        bridges: Iterable[str] = (),
        on_event: Callable[[Event], None] | None = None,
    ) -> Watched:
        """Keep the events about these channels and bridges from now on.

        Use it as `async with client.watch(channel_id) as watched`; call it before the request that creates
        the channel. A channel gets the events that name it, the `Dial` of which it is a side, and those of
        its playbacks and recordings. With `on_event` each event is given to that function at once, inside
        the reader, instead of being kept for `get`: it must neither wait nor raise.

        After a reconnect, a channel that is gone gets a synthetic ChannelDestroyed, one that left the
        application a synthetic StasisEnd; before them, every watcher gets an EventsMissed.
        """
        watched = Watched(self._registry, on_event)
        for channel_id in channel_ids:
            watched.add(channel_id)
        for bridge_id in bridges:
            watched.add_bridge(bridge_id)
        return watched

    def _dispatch(self, event: Event) -> None:
        counters = self.counters
        counters["events"] += 1
        if not self._registry.route(event):
            if type(event) is StasisStart and self.on_stasis_start is not None:
                self._call(self.on_stasis_start, event)
                self._registry.hold(event.channel.id)
            elif type(event) is ApplicationReplaced:
                for watcher in self._registry.everyone():
                    watcher.deliver(event)
            else:
                counters["unwatched"] += 1
        if type(event) is OtherEvent:
            counters["unknown"] += 1
        for observer in self.on_event:
            self._call(observer, event)

    def _call(self, callback: Callable[[Any], None], event: Event) -> None:
        """Call someone else's code inside the reader: whatever it raises must not end the reader."""
        try:
            callback(event)
        except Exception:
            log.exception("ari.callback_failed", event_type=type(event).__name__)

    # Requests ------------------------------------------------------------------------------------

    async def request(
        self,
        operation: Operation[T],
        ids: tuple[str, ...] = (),
        query: Mapping[str, Value] | None = None,
        body: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> T:
        """Send one operation on its lane and return what it returns: the resources' methods end up here.

        Raises ValueError if a value cannot be carried, RequestNotSent, OutcomeUnknown, and what
        `operation.errors` says for the status.
        """
        uri, payload = operation.prepare(ids, query, body)
        seconds = self.deadline if deadline is None else deadline
        small = payload is None or len(payload) + len(uri) < LARGEST_FRAME // 2
        if operation.lane is Lane.WEBSOCKET and small:
            socket = self._socket
            if socket is None:
                raise not_sent(operation.method, uri, f"ARI is {self.state.value}")
            reply = await socket.request(operation.method, uri, payload, seconds)
        else:
            reply = await self._over_http(operation.method, uri, payload, seconds)
        return self._result(operation, uri, reply)

    async def _over_http(self, method: str, uri: str, payload: bytes | None, seconds: float) -> Reply:
        if self._http is None:
            raise not_sent(method, uri, "the ARI client is closed")
        return await self._http.request(method, uri, payload, seconds)

    @staticmethod
    def _result(operation: Operation[T], uri: str, reply: Reply) -> T:
        if reply.status >= 300:
            raise operation.error(uri, reply.status, reply.body, reply.reason)
        try:
            return operation.decode(reply.body)
        except msgspec.DecodeError as error:
            raise errors.refusal(
                errors.RequestRefused, operation.method, uri.partition("?")[0], reply.status, str(error)
            ) from None

    # Connection ----------------------------------------------------------------------------------

    async def _connect(self) -> asyncio.Task[str]:
        """Connect once: check the version, register, set the filter, catch up; return the reading task."""
        try:
            info = await self.asterisk.info(only=["system"])
        except (errors.RequestNotSent, errors.OutcomeUnknown, errors.NotFound, errors.ServerError) as error:
            raise self._unavailable(error.detail) from None
        except errors.AuthenticationFailed as error:
            raise self._authentication_failed(error) from None
        require_supported(info.system.version)
        socket = EventSocket(await self._open(), self._dispatch)
        reader = asyncio.create_task(socket.read(), name="ari reader")
        self._socket = socket
        try:
            await self.applications.filter(self.app, allowed=self._types)
            await self._catch_up()
        except (errors.RequestNotSent, errors.OutcomeUnknown, errors.RequestRefused) as error:
            await self._abandon(socket, reader)
            raise self._unavailable(error.message) from None
        except BaseException:
            await self._abandon(socket, reader)
            raise
        self._enter(State.READY)
        self.counters["connects"] += 1
        log.info("ari.connected", url=self.url, app=self.app, version=info.system.version)
        for callback in self.on_ready:
            self._spawn(_run(callback))
        return reader

    async def _open(self) -> aiohttp.ClientWebSocketResponse[bool]:
        """Return the WebSocket, its handshake done."""
        http = self._http
        if http is None:
            raise errors.ClientClosed("the ARI client is closed")
        url = URL(f"ws{self.url.removeprefix('http')}/events?app={query_value(self.app)}", encoded=True)
        try:
            async with asyncio.timeout(self.deadline):
                return await http.session.ws_connect(
                    url,
                    heartbeat=self._ping_interval,
                    max_msg_size=0,  # a list of every channel may be large; we trust this server
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 401:
                raise self._authentication_failed(error) from None
            raise self._unavailable(f"{error.status} {error.message}") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unavailable(str(error) or "no answer to the WebSocket handshake") from None

    async def _abandon(self, socket: EventSocket, reader: asyncio.Task[str]) -> None:
        self._socket = None
        await socket.close()
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader

    async def _catch_up(self) -> None:
        """Tell the watchers that events were missed, and what of their channels can be known."""
        at_risk = self._at_risk.intersection(self._registry.ids())
        if at_risk:
            channels = {channel.id: channel for channel in await self.channels.list()}
            bridges = {bridge.id for bridge in await self.bridges.list()}
            heard = set((await self.applications.get(self.app)).channel_ids)
            watched_bridges = at_risk & self._registry.bridges
            watched_channels = at_risk - watched_bridges
            missed = EventsMissed(application=self.app, synthetic=True)
            for watcher in self._registry.everyone():
                watcher.deliver(missed)
            self._registry.tell(watched_channels - channels.keys(), self._destroyed)
            self._registry.tell(
                (watched_channels & channels.keys()) - heard,
                lambda channel_id: StasisEnd(
                    channel=channels[channel_id], application=self.app, synthetic=True
                ),
            )
            self._registry.tell(
                watched_bridges - bridges,
                lambda bridge_id: BridgeDestroyed(
                    bridge=Bridge(id=bridge_id), application=self.app, synthetic=True
                ),
            )
        self._at_risk.clear()

    def _destroyed(self, channel_id: str) -> ChannelDestroyed:
        return ChannelDestroyed(
            channel=Channel(id=channel_id),
            cause_txt="lost while disconnected",
            application=self.app,
            synthetic=True,
        )

    async def _keep(self, reader: asyncio.Task[str], backoff: Backoff) -> None:
        """Keep the connection up for ever."""
        try:
            while True:
                since = time.monotonic()
                why = await reader
                backoff.connected_for(time.monotonic() - since)
                await self._note_loss(why)
                reader = await self._reconnect(backoff)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _note_loss(self, why: str) -> None:
        socket, self._socket = self._socket, None
        self._at_risk.update(self._registry.ids())
        if socket is None:
            return
        if socket.replaced:
            self._enter(State.REPLACED)
            log.error(
                "ari.replaced",
                url=self.url,
                app=self.app,
                remedy="stop the other instance, or give each instance an application name of its own",
            )
        else:
            self._enter(State.LOST)
            log.warning("ari.lost", url=self.url, app=self.app, reason=why)
        await socket.close()

    async def _reconnect(self, backoff: Backoff) -> asyncio.Task[str]:
        """Try until connected; return the reading task."""
        if self.state is State.REPLACED:
            await self._stand_by()
        while True:
            delay = backoff.delay()
            if self.state is State.REFUSED:
                delay = LONGEST
            await asyncio.sleep(delay)
            try:
                return await self._connect()
            except errors.AriUnavailable:
                continue  # said once already, as ari.lost
            except (errors.AuthenticationFailed, errors.AccessDenied, errors.AsteriskTooOld) as error:
                self._enter(State.REFUSED)
                log.error("ari.refused", url=self.url, reason=error.message, remedy=error.remedy)

    async def _stand_by(self) -> None:
        """Wait until the application may be registered again without taking it from a live client."""
        if self._take_back:
            await asyncio.sleep(TAKE_BACK_AFTER)
            return
        while True:
            await asyncio.sleep(STAND_BY_LOOKS_EVERY)
            try:
                await self._over_http("GET", f"applications/{query_value(self.app)}", None, self.deadline)
            except errors.AriError:
                return

    def _unavailable(self, why: str) -> errors.AriUnavailable:
        return errors.AriUnavailable(
            f"ARI does not answer at {self.url}: {why}",
            remedy="start Asterisk; check `enabled` and `bindport` in http.conf and ari.conf, and the url",
            detail=why,
        )

    def _authentication_failed(self, _error: Exception) -> errors.AuthenticationFailed:
        return errors.AuthenticationFailed(
            f"ARI at {self.url} refuses the password of user {self._username!r}", status=401
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _run(callback: Callable[[], Awaitable[None]]) -> None:
    try:
        await callback()
    except Exception:
        log.exception("ari.callback_failed", event_type="ready")
