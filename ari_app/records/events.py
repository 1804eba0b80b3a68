"""A fact as it is stored: a row of `call_events`, a line of the spill file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from .facts import CallEvent, Fact


class Event(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that happened in the call `call`.

    `seq` orders events in the order in which they were put and is unique within a call. `elapsed` is
    seconds since the call's first event (see `ledger`), None until the ledger has placed the event.
    """

    call: str
    seq: int
    at: datetime
    name: str
    data: dict[str, Any]
    elapsed: float | None = None


def event_of(fact: Fact, seq: int, now: datetime) -> Event:
    """Return the event that keeps a fact; `now` is its time unless it brings one (made UTC here)."""
    at = now if fact.at is None else fact.at.astimezone(UTC)
    if isinstance(fact, CallEvent):
        return Event(call=fact.call, seq=seq, at=at, name=fact.event, data=fact.data)
    kind = type(fact)
    data = {key: value for key in _OWN_FIELDS[kind] if (value := getattr(fact, key)) is not None}
    return Event(call=fact.call, seq=seq, at=at, name=_NAMES[kind], data=data)


_NAMES: dict[type[Fact], str] = {kind: str(kind.__struct_config__.tag) for kind in Fact.__subclasses__()}
_OWN_FIELDS = {kind: kind.__struct_fields__[len(Fact.__struct_fields__) :] for kind in _NAMES}
