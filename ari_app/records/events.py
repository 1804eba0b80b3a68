"""A fact as it is stored: a row of `call_events`, a line of the spill file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from .facts import CallEvent, Fact, RostersPublished

ROSTERS = "rosters.published"
"""The name of the event that keeps a version of the rosters; it belongs to no call."""


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


def event_of(fact: Fact, seq: int, at: datetime) -> Event:
    """Return the event that keeps a fact which happened at `at` (UTC)."""
    if isinstance(fact, CallEvent):
        return Event(call=fact.call, seq=seq, at=at, name=fact.event, data=fact.data)
    name, fields = _KINDS[type(fact)]
    data = {key: value for key in fields if (value := getattr(fact, key)) is not None}
    return Event(call=fact.call, seq=seq, at=at, name=name, data=data)


def event_of_rosters(published: RostersPublished, seq: int) -> Event:
    """Return the event that keeps a version of the rosters."""
    data = msgspec.to_builtins(published, builtin_types=(bytes,))  # text only where it goes to a file
    return Event(call="", seq=seq, at=published.at, name=ROSTERS, data=data)


def rosters_of(event: Event) -> RostersPublished:
    """Return the version of the rosters that an event keeps. Raises `msgspec.ValidationError`."""
    return msgspec.convert(event.data, RostersPublished)


_COMMON = len(Fact.__struct_fields__)
_KINDS = {
    kind: (str(kind.__struct_config__.tag), kind.__struct_fields__[_COMMON:])
    for kind in Fact.__subclasses__()
}
