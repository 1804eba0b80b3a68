"""The files, read by a process of its own: a running line waits for nothing, whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import IO, TypeVar

from ..core.errors import AstreinteError
from ..core.settings import Settings
from ..pbx.children import dies_with_us
from ..records.facts import RostersPublished
from .reader import LENGTH, OTHER_CODE
from .reading import CODE, Reading, SettingsFile

SECONDS = 60.0
"""How long reading, and then computing the schedule, may take: a thousand teams take five."""
LIMIT = 1 << 17
"""Bytes that wait in memory until we fetch them."""
BURIAL = 1.0
"""Seconds to wait for the end of a process that was killed; one that a dead disk holds cannot end."""

Result = TypeVar("Result", Reading, RostersPublished)


class ReadingFailed(AstreinteError):
    """The process that reads the files did not get to an answer."""


class Apart:
    """The process while it works, see `reading_apart`. Its answers come one after the other."""

    def __init__(self, process: Process, complaints: IO[bytes]) -> None:
        self._process = process
        self._complaints = complaints

    async def reading(self) -> Reading:
        """Return what was read. Raises `ReadingFailed`."""
        return await self._result(Reading)

    async def published(self) -> RostersPublished:
        """Return what goes on record of it, if there are books. Raises `ReadingFailed`."""
        return await self._result(RostersPublished)

    async def _result(self, kind: type[Result]) -> Result:
        try:
            async with asyncio.timeout(SECONDS):
                packed = await self._piece()
                chunks = []
                while chunk := await self._piece():
                    chunks.append(chunk)
        except asyncio.IncompleteReadError:
            raise await self._died() from None
        except TimeoutError:
            raise ReadingFailed(
                f"the files were not read within {SECONDS:.0f} s",
                remedy="see whether their disk answers and whether this machine has a processor to spare",
            ) from None
        result = pickle.loads(packed, buffers=chunks)  # noqa: S301 - our own program of the same version made it
        assert isinstance(result, kind)  # noqa: S101 - the order of the results
        return result

    async def _piece(self) -> bytes:
        """Return the next piece of a result, see `reader._hand_over`."""
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        return await self._process.stdout.readexactly(length)

    async def _died(self) -> ReadingFailed:
        code = await self._process.wait()
        if code == OTHER_CODE:
            return ReadingFailed(
                "the program was upgraded since the line started, and cannot read files for it any more",
                remedy="restart the line (docs/production.md)",
            )
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return ReadingFailed(
            f"the process that reads the files ended without an answer ({how}){self._last_complaint()}",
            remedy="run `astreinte check`; if that goes well, see whether memory was short (`dmesg`)",
        )

    def _last_complaint(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {last[:200]}" if last else ""


@asynccontextmanager
async def reading_apart(asked: Settings | SettingsFile) -> AsyncIterator[Apart]:
    """Read and check all files in a process that lasts no longer than the block. Raises `ReadingFailed`."""
    # -P: nothing in the current folder is imported
    command = [*dies_with_us(), sys.executable, "-P", "-m", "ari_app.service.reader", CODE]
    with os.fdopen(os.memfd_create("complaints"), "w+b") as complaints:  # on no disk: it may be full
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=complaints, limit=LIMIT, start_new_session=True
            )
        except OSError as error:
            raise ReadingFailed(
                f"no process to read the files can be started: {error.strerror}",
                remedy="see to the machine's memory and limits (`ulimit -u`, `free`)",
            ) from None
        try:
            await _ask(process, asked)
            yield Apart(process, complaints)
        finally:
            await _end(process)


async def _ask(process: Process, asked: Settings | SettingsFile) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe
    with suppress(ConnectionError):  # it died: its answer will say so
        process.stdin.write(pickle.dumps(asked, pickle.HIGHEST_PROTOCOL))
        await process.stdin.drain()
        process.stdin.close()


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    with suppress(TimeoutError):
        async with asyncio.timeout(BURIAL):
            await process.wait()
