"""Who gets which event.

A watcher is registered before the request that causes the events: `StasisStart` can come before the reply
to the originate that caused it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from ..core.logs import get_logger
from .errors import AriError
from .events import Event

BACKLOG_WORTH_A_WARNING = 100
"""Events that a watcher has not fetched. A call makes about ten: this one is not being read."""

HOLD_SECONDS = 1.0
"""Seconds that the events of a new channel are kept for a watcher that is about to come."""

log = get_logger(__name__)


class Watched:
    """The events about some channels (and bridges), in order, kept until they are fetched.

    Made by `AriClient.watch`, for one consumer. Events are kept from that call on; leaving `async with`
    ends it. `backlog` tells how many are waiting.
    """

    __slots__ = ("_ended", "_events", "_ids", "_on_event", "_registry", "_waiter")

    def __init__(self, registry: Registry, on_event: Callable[[Event], None] | None = None) -> None:
        self._on_event = on_event
        self._registry = registry
        self._events: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ids: set[str] = set()
        self._ended: AriError | None = None

    def add(self, channel_id: str) -> None:
        """Watch this channel too: call it before the request that creates it."""
        self._ids.add(channel_id)
        self._registry.add(channel_id, self)

    def add_bridge(self, bridge_id: str) -> None:
        """Watch this bridge too."""
        self._registry.bridges.add(bridge_id)
        self.add(bridge_id)

    def remove(self, watched_id: str) -> None:
        """Watch this channel or bridge no longer; events that came already stay."""
        self._ids.discard(watched_id)
        self._registry.remove(watched_id, self)

    async def get(self) -> Event:
        """Return the next event, waiting for it. Cancelling loses none.

        Raises ClientClosed when the client was closed, after the last event.
        """
        while not self._events:
            if self._ended is not None:
                raise self._ended
            if self._waiter is not None:
                raise RuntimeError("a Watched has one consumer")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._events.popleft()

    def get_nowait(self) -> Event | None:
        """Return the next event if there is one already."""
        return self._events.popleft() if self._events else None

    @property
    def backlog(self) -> int:
        """How many events wait to be fetched."""
        return len(self._events)

    @property
    def ids(self) -> frozenset[str]:
        """The channels and bridges that are watched."""
        return frozenset(self._ids)

    def close(self) -> None:
        """Watch nothing any more. Leaving `async with` does it."""
        for watched_id in self._ids:
            self._registry.remove(watched_id, self)
        self._ids.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self.get()

    def deliver(self, event: Event) -> None:
        """Keep an event for the consumer and wake it (the client calls this)."""
        if self._on_event is not None:
            self._push(self._on_event, event)
            return
        events = self._events
        events.append(event)
        waiter = self._waiter
        if waiter is not None:
            if not waiter.done():
                waiter.set_result(None)
        elif len(events) >= BACKLOG_WORTH_A_WARNING and len(events) % BACKLOG_WORTH_A_WARNING == 0:
            log.warning("ari.slow_consumer", backlog=len(events), ids=sorted(self._ids))

    def _push(self, on_event: Callable[[Event], None], event: Event) -> None:
        """Call someone else's code inside the reader: whatever it raises must not end the reader."""
        try:
            on_event(event)
        except Exception:
            log.exception("ari.callback_failed", event_type=type(event).__name__)

    def end(self, error: AriError) -> None:
        """Let the consumer fail with `error` once it has fetched all (the client calls this)."""
        self._ended = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Registry:
    """Which watchers watch which id."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watched]] = {}
        self._held: dict[str, list[Event]] = {}
        self.bridges: set[str] = set()
        """Those of the watched ids that are bridges."""

    def add(self, watched_id: str, watcher: Watched) -> None:
        """Register a watcher for an id."""
        watchers = self._watchers.setdefault(watched_id, [])
        if watcher not in watchers:
            watchers.append(watcher)
        if self._held:
            for event in self._held.pop(watched_id, ()):
                watcher.deliver(event)

    def hold(self, watched_id: str) -> None:
        """Keep the events about an id that nobody watches yet, for `HOLD_SECONDS` or until somebody does.

        Whoever takes up a new channel starts a task; Asterisk's next events can be here before it runs.
        """
        if watched_id not in self._watchers:
            self._held[watched_id] = []
            asyncio.get_running_loop().call_later(HOLD_SECONDS, self._held.pop, watched_id, None)

    def remove(self, watched_id: str, watcher: Watched) -> None:
        """Forget that a watcher watches an id."""
        watchers = self._watchers.get(watched_id)
        if watchers is None or watcher not in watchers:
            return
        watchers.remove(watcher)
        if not watchers:
            del self._watchers[watched_id]
            self.bridges.discard(watched_id)

    def route(self, event: Event) -> bool:
        """Give an event to everyone who watches what it is about, once each; return whether anyone does."""
        delivered: list[Watched] = []
        for watched_id in event.about():
            for watcher in self._watchers.get(watched_id, ()):
                if watcher not in delivered:
                    watcher.deliver(event)
                    delivered.append(watcher)
        if self._held and not delivered:
            for watched_id in event.about():
                if watched_id in self._held:
                    self._held[watched_id].append(event)
        return bool(delivered)

    def ids(self) -> list[str]:
        """Return every id that is watched."""
        return list(self._watchers)

    def tell_watchers(self, ids: Iterable[str], event: Event) -> None:
        """Deliver one event, once, to everyone who watches any of the ids."""
        watchers = [watcher for watched_id in ids for watcher in self._watchers.get(watched_id, ())]
        for watcher in dict.fromkeys(watchers):
            watcher.deliver(event)

    def tell(self, watched_id: str, event: Event) -> None:
        """Deliver an event to everyone who watches the id."""
        for watcher in self._watchers.get(watched_id, ()):
            watcher.deliver(event)

    def end(self, error: AriError) -> None:
        """Let every watcher end with `error`."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.end(error)
