"""One FastAGI session: the head that Asterisk sends, and the commands that we send back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from panoramisk.fast_agi import Request
from panoramisk.utils import parse_agi_result

from .errors import CommandFailed, NotAsterisk

LONGEST_HEAD = 16384  # bytes; Asterisk's own is some 600, and caller names come from strangers
_REPLY = re.compile(r"[0-9]{3}([ -]|$)", re.ASCII)


async def read_head(reader: asyncio.StreamReader) -> dict[str, str]:
    """Read the `agi_*` lines up to the empty one. Raises `NotAsterisk` for anything else.

    The first line of a name counts: Asterisk writes `agi_network_script` before what callers can
    influence.
    """
    try:
        block = await reader.readuntil(b"\n\n")
    except asyncio.IncompleteReadError as error:
        raise NotAsterisk("it connected and left" if not error.partial else "it left half way") from None
    except asyncio.LimitOverrunError:
        raise NotAsterisk(f"its head is longer than {LONGEST_HEAD} bytes") from None
    except OSError as error:
        raise NotAsterisk(f"the connection broke ({error})") from None
    head: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            head.setdefault(name, value)
    if not block.startswith(b"agi_"):
        raise NotAsterisk("it does not speak FastAGI")
    return head


class Session(Request):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's `Request` with its replies read safely.

    Replaced (panoramisk 1.4): `send_command` and `_read_result` take the `HANGUP` that Asterisk
    interposes for the reply, a reply cut off by the end for a number (ValueError), and one line of a
    multi-line 520 for all of it, so that each later reply answers an earlier command. `parse_agi_result`
    reads the one line that is left.
    """

    async def set_variables(self, variables: Mapping[str, str]) -> None:
        """Set channel variables, one after the other. Raises as `send_command` does.

        Never two at once: Asterisk reads them into one buffer and then waits for a third
        (`run_agi`, res/res_agi.c).
        """
        for name, value in variables.items():
            await self.send_command(f"SET VARIABLE {name} {quote(value)}")

    async def send_command(self, command: str) -> dict[str, object]:
        """Send one command and return what the reply says.

        Raises `CommandFailed` unless it is a 200, `NotAsterisk` when there is none or it is no reply.
        """
        if "\n" in command or "\r" in command:
            raise ValueError("an AGI command is one line")
        try:
            self.writer.write(command.encode(self.encoding) + b"\n")
            await self.writer.drain()
            line = await self._read_reply()
        except (OSError, ValueError) as error:
            raise NotAsterisk(f"the connection broke ({error})") from None
        reply: dict[str, object] = parse_agi_result(line)
        if reply.get("status_code") != 200:
            raise CommandFailed(" ".join(command.split(" ")[:3]), line[:200])
        return reply

    async def _read_reply(self) -> str:
        while True:
            line = await self._read_line()
            if line == "HANGUP" or line.startswith("100 "):
                continue  # not replies: the caller hung up, or the command takes its time
            if not _REPLY.match(line):
                raise NotAsterisk(f"{line[:200]!r} is not a reply")
            if line[3:4] == "-":
                await self._skip_usage(line[:3])
            return line

    async def _skip_usage(self, code: str) -> None:
        while not (await self._read_line()).startswith(f"{code} "):
            pass

    async def _read_line(self) -> str:
        data: bytes = await self.reader.readline()
        if not data.endswith(b"\n"):
            raise NotAsterisk("it left without a reply")
        return data[:-1].decode(self.encoding, "replace")


def quote(value: str) -> str:
    """Write a value as one AGI argument (`parse_args`, res/res_agi.c). Raises ValueError for a line break."""
    if any(control in value for control in "\r\n\0"):
        raise ValueError("an AGI argument is one line")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
