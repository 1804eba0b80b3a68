"""Processes that end when the bench does, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

STOP_SECONDS = 15.0
"""How long a process may take to end when it is asked to, before it is killed."""


class ProcessFailed(Exception):
    """A process of the bench ended before its time, or not at all."""


@asynccontextmanager
async def running(
    command: Sequence[str], log: Path, *, cwd: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program while the block lasts, its output in `log`; SIGTERM at the end, then SIGKILL.

    It works in `cwd`, or else beside its log.

    It has a session of its own, so that Ctrl-C reaches only the bench, which ends the others in order; and
    the kernel kills it when the bench itself is killed.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_dies_with_us(),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd or log.parent,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await _end(process)


async def until_said(
    process: asyncio.subprocess.Process, word: str, *, file: Path, log: Path, seconds: float
) -> None:
    """Wait until the process has written `word` into `file`. Raises `ProcessFailed` with the end of `log`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while process.returncode is None:
                if word in _text(file):
                    return
                await asyncio.sleep(0.05)
    raise ProcessFailed(f"{log.stem} did not start:\n{tail(log)}")


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a file, or nothing."""
    return "\n".join(_text(log).splitlines()[-lines:])


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), STOP_SECONDS)


def _dies_with_us() -> list[str]:
    setpriv = shutil.which("setpriv")  # util-linux
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
