"""The files, read by a process of their own: a running line waits for nothing, whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import IO, TYPE_CHECKING, TypeVar

from ..core.errors import AstreinteError
from ..core.settings import Settings
from ..pbx.children import dies_with_us
from ..records.facts import RostersPublished
from .pipe import CODE, LENGTH, OTHER_CODE

if TYPE_CHECKING:
    from .reading import Reading, SettingsFile

SECONDS = 60.0
"""How long reading, and then computing the schedule, may take: a thousand teams take five."""
LIMIT = 1 << 17
"""Bytes that wait in memory until we fetch them."""
BURIAL = 1.0
"""Seconds to wait for the end of a process that was killed; one that a dead disk holds cannot end."""

Result = TypeVar("Result")


class ReadingFailed(AstreinteError):
    """The process that reads the files did not get to an answer."""


class Apart:
    """One question to the process, see `FileReader.reading`. Its answers come one after the other."""

    def __init__(self, process: Process, complaints: IO[bytes]) -> None:
        self.over = False
        """Whether there is nothing left to come."""
        self._process = process
        self._complaints = complaints

    async def reading(self) -> Reading:
        """Return what was read. Raises `ReadingFailed`."""
        from .reading import Reading  # noqa: PLC0415 - the process is started before all that is loaded

        reading = await self._result(Reading)
        self.over = reading.books is None
        return reading

    async def published(self) -> RostersPublished:
        """Return what goes on record of it, if there are books. Raises `ReadingFailed`."""
        published = await self._result(RostersPublished)
        self.over = True
        return published

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


class FileReader:
    """The process that reads the files. It stands ready from `start` to `close`, for one question at a time.

    To load the program takes it longer than to read most companies' files.
    """

    def __init__(self) -> None:
        self._process: Process | None = None
        self._complaints: IO[bytes] = BytesIO()

    async def start(self) -> None:
        """Have the process load the program, unless it has. Raises `ReadingFailed`."""
        if self._process is not None and self._process.returncode is None:
            return
        await self.close()
        self._complaints = os.fdopen(os.memfd_create("complaints"), "w+b")  # on no disk: it may be full
        # -P: nothing in the current folder is imported
        command = [*dies_with_us(), sys.executable, "-P", "-m", "ari_app.service.reader", CODE]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=self._complaints,
                limit=LIMIT,
                start_new_session=True,
            )
        except OSError as error:
            raise ReadingFailed(
                f"no process to read the files can be started: {error.strerror}",
                remedy="see to the machine's memory and limits (`ulimit -u`, `free`)",
            ) from None

    @asynccontextmanager
    async def reading(self, asked: Settings | SettingsFile) -> AsyncIterator[Apart]:
        """Have all files read and checked. A process that dies of it is replaced. Raises `ReadingFailed`."""
        await self.start()
        assert self._process is not None  # noqa: S101 - it was started
        apart = Apart(self._process, self._complaints)
        try:
            await _ask(self._process, asked)
            yield apart
        finally:
            if not apart.over:
                await self.close()

    async def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its fork too
            with suppress(TimeoutError):
                async with asyncio.timeout(BURIAL):
                    await process.wait()
        self._complaints.close()


async def _ask(process: Process, asked: Settings | SettingsFile) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe
    question = pickle.dumps(asked, pickle.HIGHEST_PROTOCOL)
    with suppress(ConnectionError):  # it died: its answer will say so
        process.stdin.write(LENGTH.pack(len(question)) + question)
        await process.stdin.drain()
