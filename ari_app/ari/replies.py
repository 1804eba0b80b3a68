"""What both lanes hand back, and the words for a request that got no reply."""

from __future__ import annotations

from typing import NamedTuple

from .errors import OutcomeUnknown, RequestNotSent


class Reply(NamedTuple):
    """Asterisk's reply: a status as in HTTP, its reason, and a JSON body or nothing."""

    status: int
    reason: str
    body: bytes | str


def not_sent(method: str, uri: str, why: str) -> RequestNotSent:
    """Return the error for a request that never left."""
    path = uri.partition("?")[0]
    return RequestNotSent(f"{method} {path} was not sent: {why}", method=method, path=path, detail=why)


def unknown(method: str, uri: str, why: str) -> OutcomeUnknown:
    """Return the error for a request that left and got no reply."""
    path = uri.partition("?")[0]
    return OutcomeUnknown(f"{method} {path} got no reply: {why}", method=method, path=path, detail=why)
