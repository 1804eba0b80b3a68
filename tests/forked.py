"""`astreinte` in forks of a process that has loaded it: to load it takes a second of a processor each time.

What starts it as people do says so: by a shell, `through` another command, or on a terminal.
"""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, reduction
from pathlib import Path
from typing import Any

from ari_app.cli.main import main

_FORKS = multiprocessing.get_context("forkserver")


def stand_ready() -> None:
    """Start the process that forks, unless it runs; it loads the program meanwhile."""
    _FORKS.set_forkserver_preload(["tests.forked", "ari_app.cli.run", "ari_app.cli.serving"])
    forkserver.ensure_running()


class Forked:
    """A command in a process of its own, see `forked`."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self.returncode: int | None = None
        """Its exit code once it has ended; less than 0 for the signal that ended it."""
        self._process = process
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._on_end)

    def _on_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self.returncode = self._process.exitcode
        self._process.close()
        self._ended.set()

    async def wait(self) -> int:
        """Wait for its end; return its exit code."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as the kernel would."""
        if self.returncode is None:
            self._process.kill()


async def forked(
    *words: str, folder: Path, environment: Mapping[str, str], stdout: int, stderr: int
) -> Forked:
    """Run `astreinte` with these words in a folder and an environment; what it says goes to open files."""
    stand_ready()
    files = _Opened(stdout), _Opened(stderr)
    process = _FORKS.Process(target=_astreinte, args=(*files, folder, dict(environment), words))
    await asyncio.to_thread(process.start)  # it may still load
    return Forked(process)


class _Opened:
    """An open file that a fork gets too."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened_again, (reduction.DupFd(self.number),)


def _opened_again(file: Any) -> _Opened:
    return _Opened(file.detach())


def _astreinte(
    stdout: _Opened, stderr: _Opened, folder: Path, environment: Mapping[str, str], words: Sequence[str]
) -> None:
    for file, number in ((stdout, 1), (stderr, 2)):
        os.dup2(file.number, number)
        os.close(file.number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["astreinte", *words]
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a process of `multiprocessing` ends without
