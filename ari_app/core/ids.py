"""Ids that we choose ourselves.

Every id has the same length: Asterisk refuses (409) a new channel or bridge id that is a
case-insensitive prefix of a live one.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_id() -> str:
    """Return a random id of 20 hexadecimal characters, for a channel, a bridge, a playback, a request."""
    return secrets.token_hex(10)


def new_call_id(at: datetime | None = None) -> str:
    """Return a call's id, `20261124T081502-3f9c02ab7d`: it sorts by time (UTC) and can be read aloud."""
    moment = (at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    second = moment.isoformat(timespec="seconds").replace("-", "").replace(":", "")
    return f"{second}-{secrets.token_hex(5)}"


def begun_at(call_id: str) -> datetime:
    """Return when a call began, to the second (UTC), as its id says. Raises ValueError for no call's id."""
    return datetime.strptime(call_id.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
