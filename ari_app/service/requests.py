"""What commands ask of a running line: a socket in its folder, for this user alone.

A request is a line of JSON, and so is each answer, as they come; the last one is `{"done": true}`. Whoever
closes the connection gives up what was asked.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from ..core.errors import AstreinteError
from ..core.logs import get_logger
from ..core.tasks import ended

log = get_logger(__name__)

SOCKET = "line.sock"
LONGEST_REQUEST = 1 << 16
"""Bytes."""
REQUEST_WITHIN = 5.0
"""Seconds that a request may take to be here."""

Answers = AsyncGenerator[Mapping[str, Any], None]
Handler = Callable[[Mapping[str, Any]], Answers]
"""Answers a request; raises `AstreinteError` for what cannot be done."""


class NoLineRunning(AstreinteError):
    """No line uses this folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"no line runs with the folder {folder}",
            remedy="start it (`astreinte run`), or name its settings with `--settings`",
        )


class Refused(AstreinteError):
    """The line does not do what was asked, and says why."""


@asynccontextmanager
async def answering(folder: Path, handlers: Mapping[str, Handler]) -> AsyncIterator[None]:
    """Answer requests in a folder while the block lasts: each by the handler that it names (`ask`).

    A folder in which there can be no socket is no reason not to serve calls: it is logged.
    """
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_serve(reader, writer, handlers), name="request")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    try:
        server = await asyncio.start_unix_server(connected, sock=_listening(folder), limit=LONGEST_REQUEST)
    except OSError as error:
        remedy = "let this user write there: `astreinte drill` needs it"
        log.error("requests.unavailable", folder=str(folder), reason=error.strerror, remedy=remedy)
        yield
        return
    try:
        yield
    finally:
        server.close()
        await ended(*tasks)
        with suppress(OSError):
            (folder / SOCKET).unlink()


async def asked(folder: Path, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
    """Ask the line that uses a folder; yield its answers.

    Raises `NoLineRunning`, and `Refused` with what the line says.
    """
    try:
        with _short(folder) as short:
            reader, writer = await asyncio.open_unix_connection(str(short / SOCKET), limit=LONGEST_REQUEST)
    except (FileNotFoundError, ConnectionRefusedError):
        raise NoLineRunning(folder) from None
    try:
        writer.write(msgspec.json.encode(request) + b"\n")
        await writer.drain()
        while line := await reader.readline():
            answer: dict[str, Any] = msgspec.json.decode(line)
            if answer.get("done"):
                return
            if "refused" in answer:
                raise Refused(answer["refused"], remedy=answer["remedy"])
            yield answer
        raise Refused("the line ended before it had answered", remedy="read its log, then ask again")
    finally:
        writer.close()


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handlers: Mapping[str, Handler]
) -> None:
    try:
        async with asyncio.timeout(REQUEST_WITHIN):
            line = await reader.readline()
        answering = asyncio.create_task(_answer(line, writer, handlers), name="answering")
        hung_up = asyncio.create_task(_hung_up(reader), name="asking")
        try:
            await asyncio.wait([answering, hung_up], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await ended(answering, hung_up)
    except (TimeoutError, ValueError, OSError) as error:  # late, too long, or gone
        log.debug("requests.ignored", reason=str(error))
    finally:
        writer.close()


async def _hung_up(reader: asyncio.StreamReader) -> None:
    """Wait until whoever asks closes the connection; what they say meanwhile does not count."""
    with suppress(OSError):
        while await reader.read(LONGEST_REQUEST):
            pass


async def _answer(line: bytes, writer: asyncio.StreamWriter, handlers: Mapping[str, Handler]) -> None:
    last: Mapping[str, Any] = {"done": True}
    try:
        request = msgspec.json.decode(line, type=dict[str, Any])
        handler = handlers.get(str(request.get("ask")))
        if handler is None:
            raise AstreinteError(
                "the line does not know this request", remedy="restart the line: it may be of another version"
            )
        async with aclosing(handler(request)) as answers:
            async for answer in answers:
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
    except AstreinteError as error:
        last = {"refused": error.message, "remedy": error.remedy}
    except msgspec.DecodeError as error:
        last = {"refused": f"this is no request: {error}", "remedy": "send a line of JSON"}
    except ConnectionError:
        return
    except Exception:
        log.exception("requests.defect")
        last = {"refused": "the line has a defect", "remedy": "read its log"}
    with suppress(ConnectionError):
        writer.write(msgspec.json.encode(last) + b"\n")
        await writer.drain()


@contextmanager
def _short(folder: Path) -> Iterator[Path]:
    """Give a folder a path that is short enough for a socket's address (108 bytes), whatever its own."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _listening(folder: Path) -> socket.socket:
    """Return a socket that only this user can connect to; one that a dead line left is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(folder) as short:
            path = short / SOCKET
            path.unlink(missing_ok=True)
            listener.bind(str(path))
            path.chmod(0o600)  # nobody can connect before we listen
    except OSError:
        listener.close()
        raise
    return listener
