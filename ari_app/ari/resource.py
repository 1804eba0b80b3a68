"""What all resources share: a way to send their operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from .http_lane import Sink
from .operations import Operation, Value

T = TypeVar("T")


class Sender(Protocol):
    """Sends one operation and returns what Asterisk replied. `AriClient.request` is the one."""

    async def __call__(
        self,
        operation: Operation[T],
        ids: tuple[str, ...] = ...,
        query: Mapping[str, Value] | None = ...,
        body: Mapping[str, Any] | None = ...,
        deadline: float | None = ...,
        *,
        into: Sink | None = ...,
    ) -> T: ...


class Resource:
    """One resource of ARI.

    Every method raises, beside what it names, `RequestNotSent`, `OutcomeUnknown`, `AuthenticationFailed`,
    `AccessDenied` and `RequestRefused`. `deadline` is in seconds (None: the client's).
    """

    __slots__ = ("_send",)

    def __init__(self, send: Sender) -> None:
        self._send = send
