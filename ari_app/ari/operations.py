"""Operations of ARI as data: method, path, lane, what it returns, what its errors mean.

REST over WebSocket is strictly serial for each socket: Asterisk's reading thread runs one request after
the other (`res/ari/ari_websockets.c`, `websocket_established_cb`). A request whose handler waits for the
channel's own thread (`stasis_app_send_command` in `res/stasis/control.c`; a playback holds that thread)
would stop all that come behind it, and our pings with them. Hence three lanes:

- `Lane.WEBSOCKET`, that of the events: handlers that only look something up, or queue a command and return;
- `Lane.SIDE`, a pool of further WebSockets: handlers that wait for another thread, as every call needs them:
  the channel's own (answer, addChannel, removeChannel, set-variable), or the SIP stack's (originate, create:
  `ast_sip_push_task_wait_servant` in `channels/chan_pjsip.c`);
- `Lane.HTTP`: handlers that make announcer or snoop channels, run dialplan functions, read files, or list
  everything there is.

Where Asterisk has no CPU left, its reading thread gets no more of it than any one thread of a call's: the
first lane falls behind for good, while each thread of the second is served soon. So what finds the first lane
behind takes the second. Two requests are therefore in no order, unless the reply to one was awaited.

What needs no HTTP should not use it: an HTTP request costs this process about three times the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

import msgspec

from . import errors
from .encoding import insist_on_text, path_segment, query_value

T = TypeVar("T")
Value = str | int | Sequence[str] | None
"""A query parameter: text, a whole number, true or false, a list of texts, or absent."""

_PLAIN = re.compile(r"[A-Za-z0-9_:/.@+=~-]+").fullmatch
_encode_json = msgspec.json.Encoder().encode


class Lane(Enum):
    """The way a request takes to Asterisk."""

    WEBSOCKET = "websocket"
    SIDE = "side"
    HTTP = "http"


class Operation(Generic[T]):
    """One operation, spelt as in Asterisk's API description.

    `errors` says what a status means here; `errors.BY_STATUS` applies to all others.
    """

    __slots__ = ("_has_body", "_head", "_tails", "decode", "errors", "lane", "method", "path")

    def __init__(
        self,
        method: str,
        path: str,
        decode: Callable[[bytes | str], T],
        *,
        lane: Lane = Lane.WEBSOCKET,
        meanings: Mapping[int, type[errors.AriError]] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.decode = decode
        self.lane = lane
        self._has_body = method in {"POST", "PUT"}
        self.errors = {**errors.BY_STATUS, **(meanings or {})}
        self._head, *self._tails = re.split(r"\{\w+\}", path.removeprefix("/"))

    def uri(self, ids: tuple[str, ...]) -> str:
        """Return the path, relative to `/ari/`, with `ids` in the place of its variables."""
        uri = self._head
        for value, tail in zip(ids, self._tails, strict=True):
            uri = f"{uri}{path_segment(value)}{tail}"
        return uri

    def prepare(
        self, ids: tuple[str, ...], query: Mapping[str, Value] | None, body: Mapping[str, Any] | None
    ) -> tuple[str, bytes | None]:
        """Return the URI with its query, and the JSON body or None.

        What a POST or a PUT is told travels in its body, as Asterisk lets it (`ast_ari_*_parse_body`): it
        need not be encoded for a URI, and a list is taken as it is. In a query Asterisk splits a list at
        commas, and gives quotes, parentheses and backslashes a meaning (`ast_app_separate_args`): one that
        holds any of them travels in the body too.
        """
        uri = self.uri(ids)
        if query and (given := {name: value for name, value in query.items() if value is not None}):
            in_body = given if self._has_body else {n: each for n, each in given.items() if _is_special(each)}
            if in_body:
                body = {**_carried(in_body), **(body or {})}
            if len(in_body) < len(given):
                in_query = (name for name in given if name not in in_body)
                uri = f"{uri}?{'&'.join(f'{name}={_query(given[name])}' for name in in_query)}"
        return uri, None if body is None else _encode_json(body)

    def error(self, uri: str, status: int, body: bytes | str, reason: str) -> errors.AriError:
        """Return the error that a reply with that status means."""
        fallback = errors.ServerError if status >= 500 else errors.RequestRefused
        meaning = self.errors.get(status, fallback)
        return errors.refusal(
            meaning, self.method, uri.partition("?")[0], status, _explanation(body) or reason
        )


def command(
    method: str,
    path: str,
    *,
    lane: Lane = Lane.WEBSOCKET,
    meanings: Mapping[int, type[errors.AriError]] | None = None,
) -> Operation[None]:
    """Describe an operation that returns nothing."""
    return Operation(method, path, _nothing, lane=lane, meanings=meanings)


def returning(
    result: type[T],
    method: str,
    path: str,
    *,
    lane: Lane = Lane.WEBSOCKET,
    meanings: Mapping[int, type[errors.AriError]] | None = None,
) -> Operation[T]:
    """Describe an operation that returns a `result`."""
    return Operation(method, path, msgspec.json.Decoder(result).decode, lane=lane, meanings=meanings)


def returning_file(
    path: str, *, meanings: Mapping[int, type[errors.AriError]] | None = None
) -> Operation[bytes]:
    """Describe an operation that returns a file: only HTTP can (`ari_websocket_requests.c` answers 406)."""
    return Operation("GET", path, _file, lane=Lane.HTTP, meanings=meanings)


def _is_special(value: Value) -> bool:
    return not isinstance(value, str | int | None) and not all(map(_PLAIN, value))


def _query(value: Value) -> str:
    match value:
        case str():
            return query_value(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return query_value(",".join(value or ()))


def _carried(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return values that go into a body. Raises ValueError for those that cannot."""
    for value in values.values():
        if isinstance(value, str):
            insist_on_text(value)
        elif not isinstance(value, int | None):
            for text in value:
                insist_on_text(text)
    return values


def _nothing(_body: bytes | str) -> None:
    return None


def _file(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body


class _Explanation(msgspec.Struct):
    message: str = ""
    error: str = ""  # "Allocation failed" comes under this name (`oom_json` in `res/res_ari.c`)


_decode_explanation = msgspec.json.Decoder(_Explanation).decode


def _explanation(body: bytes | str) -> str:
    """Return Asterisk's words in an error's body, or nothing: it may be empty, HTML or cut."""
    if not body:
        return ""
    try:
        explanation = _decode_explanation(body)
    except msgspec.DecodeError:
        return ""
    return explanation.message or explanation.error
