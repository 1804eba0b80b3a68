"""A fact as it is stored: a row of `call_events`, a line of the spill file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from .facts import CallEvent, Entry, Fact


class Event(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that happened in the call `call`, "" for an entry that belongs to no call's story.

    `seq` orders events in the order in which they were put and is unique within a call. `elapsed` is
    seconds since the call's first event (see `ledger`), None until the ledger has placed the event.
    """

    call: str
    seq: int
    at: datetime
    name: str
    data: dict[str, Any]
    elapsed: float | None = None


def event_of(fact: Fact, seq: int, at: datetime) -> Event:
    """Return the event that keeps a fact which happened at `at` (UTC)."""
    if isinstance(fact, CallEvent):
        return Event(call=fact.call, seq=seq, at=at, name=fact.event, data=fact.data)
    name, fields = _KINDS[type(fact)]
    data = {key: value for key in fields if (value := getattr(fact, key)) is not None}
    return Event(call=fact.call, seq=seq, at=at, name=name, data=data)


def event_of_entry(entry: Entry, seq: int) -> Event:
    """Return the event that keeps an entry."""
    data = msgspec.to_builtins(entry, builtin_types=(bytes,))  # text only where it goes to a file
    return Event(call="", seq=seq, at=entry.at, name=data.pop("name"), data=data)


def entry_of(event: Event) -> Entry:
    """Return the entry that an event keeps. Raises `msgspec.ValidationError`."""
    kind = _ENTRIES.get(event.name)
    if kind is None:
        raise msgspec.ValidationError(f"no entry is called {event.name!r}")
    return msgspec.convert({"name": event.name, **event.data}, kind)


_COMMON = len(Fact.__struct_fields__)
_KINDS = {
    kind: (str(kind.__struct_config__.tag), kind.__struct_fields__[_COMMON:])
    for kind in Fact.__subclasses__()
}
_ENTRIES = {str(kind.__struct_config__.tag): kind for kind in Entry.__subclasses__()}
