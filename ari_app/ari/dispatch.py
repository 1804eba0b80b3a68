"""Where an event goes: to its watchers, to whoever takes new channels, to observers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..core.logs import get_logger
from .events import ApplicationReplaced, Event, OtherEvent, StasisStart
from .watching import Registry

E = TypeVar("E", bound=Event)

log = get_logger(__name__)


class Dispatcher:
    """Takes each event inside the reader: it neither waits nor raises."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.on_stasis_start: Callable[[StasisStart], None] | None = None
        self.on_event: list[Callable[[Event], None]] = []
        self.events = 0
        self.unwatched = 0
        self.unknown = 0
        self._unknown_names: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Deliver one event."""
        self.events += 1
        if not self.registry.route(event):
            self._take_unwatched(event)
        if type(event) is OtherEvent:
            self._note_unknown(event)
        for observer in self.on_event:
            call_safely(observer, event)

    def _take_unwatched(self, event: Event) -> None:
        if type(event) is StasisStart and self.on_stasis_start is not None:
            call_safely(self.on_stasis_start, event)
            self.registry.hold(event.channel.id)
        elif type(event) is ApplicationReplaced:
            self.registry.tell_watchers(self.registry.ids(), event)
        else:
            self.unwatched += 1

    def _note_unknown(self, event: OtherEvent) -> None:
        self.unknown += 1
        if event.name not in self._unknown_names:
            self._unknown_names.add(event.name)
            log.warning("ari.unknown_event", event_type=event.name)


def call_safely(callback: Callable[[E], None], event: E) -> None:
    """Call someone else's code: whatever it raises must not end the reader."""
    try:
        callback(event)
    except Exception:
        log.exception("ari.callback_failed", event_type=type(event).__name__)
