"""The client: one application's connection to one Asterisk, kept up for as long as it runs."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Any, Literal, Self

from ..core.logs import get_logger
from . import errors
from .applications import STATE, Applications
from .asterisk import AsteriskServer
from .backoff import LONGEST, Backoff
from .bridges import Bridges
from .catching_up import tell_of_ends, tell_of_the_gap
from .channels import Channels
from .device_states import DeviceStates
from .dispatch import Dispatcher
from .endpoints import Endpoints
from .event_socket import EventSocket
from .events import DEFAULT_TYPES, ApplicationReplaced, Event, RESTResponse, StasisStart
from .lanes import Lanes
from .lateness import Lateness
from .playbacks import Playbacks
from .recordings import Recordings
from .versions import require_supported
from .watching import Watched

STAND_BY_LOOKS_EVERY = 5.0
"""Seconds between two looks at whether the application that another client took is free again."""
TAKE_BACK_AFTER = 60.0
"""Seconds before it is taken back, if that is wanted: two clients that both want it do not fight faster."""

log = get_logger(__name__)

_NOT_NOW = (
    errors.RequestNotSent,
    errors.OutcomeUnknown,
    errors.RequestRefused,
    errors.UnexpectedReply,
    errors.AriUnavailable,
)
"""What may be over at the next attempt, unlike a wrong password."""


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
    types to hear of, beside those that the client needs for itself. `side_sockets` and `http_connections`
    cap the other lanes, `deadline` (seconds) holds for requests that name none, and a ping that has no pong
    within `ping_interval` seconds ends the connection: until then Asterisk is slow, not gone, and what was
    asked of it is not asked twice. When another client registers the same application, `when_replaced` says
    what to do: "stand_by" waits until Asterisk no longer knows the application, "take_back" registers it
    again after a minute.

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
        side_sockets: int = 64,
        http_connections: int = 4,
        deadline: float = 30.0,
        ping_interval: float = 10.0,
        when_replaced: Literal["stand_by", "take_back"] = "stand_by",
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        self._lanes = Lanes(
            url=url,
            username=username,
            password=password,
            app=app,
            side_sockets=side_sockets,
            http_connections=http_connections,
            deadline=deadline,
            ping_interval=ping_interval,
            tls=tls,
        )
        self.url = self._lanes.url
        self.app = app
        self.on_ready: list[Callable[[], Awaitable[None]]] = []
        self.connects = 0
        """How many connections were made since the beginning."""

        self.request = self._lanes.request
        """Sends one operation: the methods of the resources below end up here."""
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
        self.lateness = Lateness()
        """How late the events are that it is asked about."""
        self._take_back = when_replaced == "take_back"
        self._state = State.CLOSED
        self._is_ready = asyncio.Event()
        self._dispatcher = Dispatcher()
        self._registry = self._dispatcher.registry
        self._at_risk: set[str] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._callbacks: set[asyncio.Task[None]] = set()

    # Life

    async def start(self, *, wait: float | None = 0.0) -> None:
        """Connect, and stay connected until `close`.

        An Asterisk that is not up is waited for: not at all by default, `wait` seconds, or for ever (None).
        Raises AriUnavailable when the wait is over; AuthenticationFailed, AccessDenied and AsteriskTooOld at
        once, since waiting would not mend them.
        """
        if self._state is not State.CLOSED:
            raise RuntimeError("the client is started already")
        self._state = State.CONNECTING
        self._lanes.open()
        backoff = Backoff()
        try:
            reader = await self._first_connection(backoff, None if wait is None else time.monotonic() + wait)
        except BaseException:
            self._enter(State.CLOSED)
            await self._lanes.close()
            raise
        self._keeper = asyncio.create_task(self._keep(reader, backoff), name="ari")

    async def close(self) -> None:
        """Disconnect. Requests in flight fail, and whoever watches gets ClientClosed after the last event."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        self._enter(State.CLOSED)
        tasks = [task for task in (keeper, *self._callbacks) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._lanes.close()
        self._registry.end(errors.ClientClosed("the ARI client was closed"))
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

    @property
    def ready(self) -> bool:
        """Whether events come and requests go: what a health check should ask."""
        return self._state is State.READY

    async def until_ready(self) -> None:
        """Wait until events come and requests go."""
        await self._is_ready.wait()

    def _enter(self, state: State) -> None:
        self._state = state
        if state is State.READY:
            self._is_ready.set()
        else:
            self._is_ready.clear()

    # Events

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
        the reader, instead of being kept for `get`: it must not wait.

        After a reconnect every watcher gets an EventsMissed; then a channel that is gone gets a synthetic
        ChannelDestroyed, one that left the application a synthetic StasisEnd.
        """
        watched = Watched(self._registry, on_event)
        for channel_id in channel_ids:
            watched.add(channel_id)
        for bridge_id in bridges:
            watched.add_bridge(bridge_id)
        return watched

    @property
    def on_stasis_start(self) -> Callable[[StasisStart], None] | None:
        """Called for each channel that enters the application and that nobody watches.

        It must return at once. What happens to the channel next is kept for a second for whoever watches it.
        """
        return self._dispatcher.on_stasis_start

    @on_stasis_start.setter
    def on_stasis_start(self, callback: Callable[[StasisStart], None] | None) -> None:
        self._dispatcher.on_stasis_start = callback

    @property
    def on_event(self) -> list[Callable[[Event], None]]:
        """Called for every event, after its watchers have it. They must return at once."""
        return self._dispatcher.on_event

    @property
    def counters(self) -> dict[str, int]:
        """Events that came, that nobody watched, that were of unknown type; connections that were made."""
        dispatcher = self._dispatcher
        return {
            "events": dispatcher.events,
            "unwatched": dispatcher.unwatched,
            "unknown": dispatcher.unknown,
            "connects": self.connects,
        }

    # Connection

    async def _connect(self) -> asyncio.Task[str]:
        """Connect once: check the version, register, set the filter, catch up; return the reading task."""
        lanes = self._lanes
        try:
            info = await self.asterisk.info(only=["system"])
        except _NOT_NOW as error:
            raise lanes.unavailable(
                f"{error.status} {error.detail}" if error.status else error.detail
            ) from None
        except errors.AuthenticationFailed:
            raise lanes.authentication_failed() from None
        require_supported(info.system.version)
        lanes.socket = await lanes.connect_events(self._new_socket)
        reader = asyncio.create_task(lanes.socket.until_lost(), name="ari reader")
        try:
            await self.applications.filter(self.app, allowed=self._types)
            await tell_of_ends(self._registry, self._at_risk, self.app, self.request)
        except BaseException as error:
            await self._abandon(reader)
            if isinstance(error, _NOT_NOW):
                raise lanes.unavailable(error.message) from None
            raise
        self._at_risk.clear()
        self.connects += 1
        self._enter(State.READY)
        log.info("ari.connected", url=self.url, app=self.app, version=info.system.version)
        for callback in self.on_ready:
            self._spawn(_run(callback))
        return reader

    def _new_socket(self) -> EventSocket:
        """Called when the handshake is done, before any event can come."""
        tell_of_the_gap(self._registry, self._at_risk, self.app)
        return EventSocket(self._dispatcher)

    async def _abandon(self, reader: asyncio.Task[str]) -> None:
        """Give up a connection that could not be made ready."""
        socket, self._lanes.socket = self._lanes.socket, None
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader
        if socket is not None:
            await socket.close()

    async def _first_connection(self, backoff: Backoff, give_up: float | None) -> asyncio.Task[str]:
        while True:
            try:
                return await self._connect()
            except errors.AriUnavailable as error:
                if give_up is not None and time.monotonic() >= give_up:
                    raise
                if self._state is not State.LOST:
                    self._enter(State.LOST)
                    log.warning("ari.unavailable", url=self.url, reason=error.message, remedy=error.remedy)
            delay = backoff.delay()
            if give_up is not None:
                delay = min(delay, max(0.0, give_up - time.monotonic()))
            await asyncio.sleep(delay)

    async def _keep(self, reader: asyncio.Task[str], backoff: Backoff) -> None:
        """Keep the connection up for ever."""
        try:
            while True:
                since = time.monotonic()
                why = await _outcome(reader)
                backoff.connected_for(time.monotonic() - since)
                await self._note_loss(why)
                reader = await self._reconnect(backoff)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _note_loss(self, why: str) -> None:
        socket = self._lanes.socket
        self._at_risk.update(self._registry.ids())
        if socket is not None and socket.replaced:
            self._enter(State.REPLACED)
            remedy = "stop the other instance, or give each instance an application name of its own"
            log.error("ari.replaced", url=self.url, app=self.app, remedy=remedy)
        else:
            self._enter(State.LOST)
            log.warning("ari.lost", url=self.url, app=self.app, reason=why)
        await self._lanes.lose()

    async def _reconnect(self, backoff: Backoff) -> asyncio.Task[str]:
        """Try until connected; return the reading task."""
        if self._state is State.REPLACED:
            await self._stand_by()
        while True:
            await asyncio.sleep(LONGEST if self._state is State.REFUSED else backoff.delay())
            try:
                return await self._connect()
            except errors.AriUnavailable:
                continue  # said once already, as ari.lost
            except (errors.AuthenticationFailed, errors.AccessDenied, errors.AsteriskTooOld) as error:
                self._enter(State.REFUSED)
                log.error("ari.refused", url=self.url, reason=error.message, remedy=error.remedy)
            except Exception:  # whatever it is, a line that does not try again is dead
                log.exception("ari.reconnect_failed", url=self.url)

    async def _stand_by(self) -> None:
        """Wait until the application may be registered again without taking it from a live client."""
        if self._take_back:
            await asyncio.sleep(TAKE_BACK_AFTER)
            return
        while True:
            await asyncio.sleep(STAND_BY_LOOKS_EVERY)
            try:
                await self.request(STATE, (self.app,))
            except (errors.ApplicationUnknown, errors.RequestNotSent):
                return
            except errors.AriError as error:
                log.debug("ari.standing_by", reason=error.message)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._callbacks.add(task)
        task.add_done_callback(self._callbacks.discard)


async def _outcome(reader: asyncio.Task[str]) -> str:
    """Return why the reader ended; whatever it was, the connection is to be made again."""
    try:
        return await reader
    except Exception as error:
        log.exception("ari.reader_failed")
        return str(error)


async def _run(callback: Callable[[], Awaitable[None]]) -> None:
    try:
        await callback()
    except Exception:
        log.exception("ari.callback_failed", event_type="ready")
