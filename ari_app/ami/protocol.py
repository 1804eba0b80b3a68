"""One AMI connection: panoramisk's protocol with its traps closed.

Of panoramisk we keep `Action` (how an action is written), `Message` (how a response or an event is
read) and `AMIProtocol` (which response belongs to which action). Replaced here, because they cannot
be used safely (panoramisk 1.4):

- `AMIProtocol.data_received` decodes each read by itself and drops the letters that two reads share;
- `AMIProtocol.close` keeps the unanswered actions, Originate too, to send them again on the next
  connection: here they fail with `OutcomeUnknown`;
- `Action.__str__` writes CR and LF as they are, so a value could carry headers or a second action.

`Manager` is not used at all: see `client`.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from ..core.ids import new_id
from ..core.logs import get_logger
from .errors import ActionNotSent, ActionRefused, InvalidValue, OutcomeUnknown, PermissionDenied

log = get_logger(__name__)

LONGEST_LINE = 1022  # bytes that Asterisk reads as one header, without CR LF (inbuf[1025], main/manager.c)
LONGEST_FRAME = 1 << 20  # characters; a peer that never ends a message is no AMI
FRAME_END = "\r\n\r\n"


class ManagerProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no types
    """Reads and writes one connection; `on_event(message)` is called for each event, in the wire's order."""

    closed: bool
    responses: dict[str, Action]

    def __init__(self, on_event: Callable[[Message], None]) -> None:
        self._on_event = on_event
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self.encoding = "utf-8"
        loop = asyncio.get_running_loop()
        self.banner: asyncio.Future[str] = loop.create_future()
        """The first line that the peer sent; an empty one if it sent none."""
        self.lost: asyncio.Future[str] = loop.create_future()
        """Done when the connection is over; why, in words."""
        self.booted: asyncio.Future[None] = loop.create_future()
        """Done when Asterisk has said FullyBooted."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self  # AMIProtocol hands events to its factory's `dispatch`

    def data_received(self, data: bytes) -> None:
        self._text += self._decoder.decode(data)
        if not self.banner.done() and not self._read_banner():
            return
        *frames, self._text = self._text.split(FRAME_END)
        for frame in frames:
            self._read_frame(frame)
        if len(self._text) > LONGEST_FRAME:
            self.drop("a message that never ends")

    def _read_banner(self) -> bool:
        banner, eol, rest = self._text.partition("\n")
        if not eol and len(banner) <= LONGEST_LINE:
            return False
        self._text = rest
        self.banner.set_result(banner.strip()[:200])
        return True

    def _read_frame(self, frame: str) -> None:
        try:
            message = Message.from_line(frame.strip("\r\n"))
            if message is not None:
                self.handle_message(message)
        except Exception:  # one bad message must not end the connection
            log.exception("ami.message_ignored", message=frame[:500])

    def handle_message(self, message: Message) -> None:
        if "event" in message:
            self._on_event(message)  # the items of a list too: they are older than any event behind them
            if message.event == "FullyBooted" and not self.booted.done():
                self.booted.set_result(None)
        super().handle_message(message)

    def dispatch(self, event: Message) -> None:
        """Do nothing: `handle_message` has passed the event on already."""

    async def exchange(self, name: str, headers: Mapping[str, str], deadline: float) -> list[Message]:
        """Send an action and return its response, followed by the items if it is a list.

        Raises `ActionNotSent` when the connection is over and `InvalidValue` when a header could not
        arrive as it is (nothing was sent then); `OutcomeUnknown` when no answer came within `deadline`
        seconds or the connection broke; `PermissionDenied` or `ActionRefused` as Asterisk says.
        """
        if self.closed or self.transport.is_closing():
            raise ActionNotSent(name, None)
        for header, value in headers.items():
            check_header(header, value)
        action = Action({"Action": name, "ActionID": new_id(), **headers})
        try:
            async with asyncio.timeout(deadline):
                answer = await self.send(action, as_list=None)  # None: the response says if it is a list
        except TimeoutError:
            raise OutcomeUnknown(name, f"no answer within {deadline:g} s") from None
        finally:
            self.responses.pop(action.id, None)
        messages: list[Message] = answer if isinstance(answer, list) else [answer]
        if messages[0].success:
            return messages
        reason = str(messages[0].message)
        raise PermissionDenied(name) if reason == "Permission denied" else ActionRefused(name, reason)

    def drop(self, why: str) -> None:
        """End the connection at once, without waiting for a peer that may read nothing any more."""
        self.transport.abort()
        self._finish(why)

    def close(self) -> None:
        self.drop("closed by us")

    def connection_lost(self, exc: Any) -> None:
        self._finish(
            f"connection lost ({exc})" if isinstance(exc, Exception) else "Asterisk closed the connection"
        )

    def _finish(self, why: str) -> None:
        if self.closed:
            return
        self.closed = True
        if not self.banner.done():
            self.banner.set_result("")
        self.lost.set_result(why)
        unanswered = {action.id: action for action in self.responses.values()}
        self.responses.clear()
        for action in unanswered.values():
            if not action.future.done():
                action.future.set_exception(OutcomeUnknown(action["action"], why))


def check_header(header: str, value: str) -> None:
    """Raise `InvalidValue` unless Asterisk will read exactly `value`."""
    if any(control in value for control in "\r\n\0"):
        raise InvalidValue(header, "it holds a line break or a NUL")
    if value != value.lstrip(" \t"):
        raise InvalidValue(header, "it begins with a blank, which Asterisk drops")
    try:
        size = len(f"{header}: {value}".encode())
    except UnicodeEncodeError:
        raise InvalidValue(header, "it is not text that UTF-8 can carry") from None
    if size > LONGEST_LINE:
        raise InvalidValue(header, f"it is {size - LONGEST_LINE} bytes too long for one line of AMI")
