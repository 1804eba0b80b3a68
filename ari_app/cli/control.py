"""What a running line does when it is signalled: stop, stop now, read its files anew."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import typer

from ..core.errors import AstreinteError
from ..core.logs import get_logger
from ..core.settings import Settings, load_settings
from ..service.line import Line
from ..service.reloading import waiting_for_a_restart

log = get_logger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Control:
    """Takes the signals of this process while its block lasts; set `line` when it is up.

    SIGINT and SIGTERM stop the line: the first lets calls end, the second does not. Before the line is up,
    the task that the block runs in is cancelled. SIGHUP reads the files anew, unless it says that the
    terminal is gone: then it stops the line too.
    """

    def __init__(self, settings: Settings, settings_file: Path | None) -> None:
        self.line: Line | None = None
        self.stopped_early = False
        self._settings = settings
        self._settings_file = settings_file
        self._stopped = asyncio.Event()
        self._task = asyncio.current_task()
        self._reloads: set[asyncio.Task[None]] = set()
        self._terminal = _terminal()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._hang_up if number is signal.SIGHUP else self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._reloads:
            task.cancel()

    async def until_stopped(self) -> None:
        """Wait for the first signal to stop."""
        await self._stopped.wait()

    def _stop(self) -> None:
        if self.line is not None:
            if self._stopped.is_set():
                self.line.reception.hurry()
            self._stopped.set()
        elif not self.stopped_early and self._task is not None:
            self.stopped_early = True
            self._task.cancel()

    def _hang_up(self) -> None:
        if self._terminal is not None and _is_gone(self._terminal):
            self._stop()
        elif self.line is not None and not self._stopped.is_set():
            task = asyncio.create_task(self._reload(self.line), name="reload")
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

    async def _reload(self, line: Line) -> None:
        try:
            fresh = load_settings(self._settings_file)
            for name in waiting_for_a_restart(self._settings, fresh):
                log.warning("config.needs_restart", setting=name, remedy="restart the line to use it")
            await line.reload(fresh)
        except AstreinteError as error:
            line.version.reject(error)
        except Exception:  # what is in force stays in force, whatever went wrong
            log.exception("config.reload_failed")


def _terminal() -> int | None:
    """Return a descriptor of the terminal that this process was started from, None when it was not."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        try:
            if os.isatty(stream.fileno()):
                return stream.fileno()
        except (AttributeError, OSError, ValueError):  # closed, or replaced by what has no descriptor
            continue
    return None


def _is_gone(terminal: int) -> bool:
    """Tell whether a terminal was closed: reading its settings fails then (EIO)."""
    try:
        termios.tcgetattr(terminal)
    except termios.error:
        return True
    return False


def say(sentence: str) -> None:
    """Tell whoever started the line; the standard output is the log's."""
    with suppress(OSError):  # the terminal is gone, and nobody reads it
        typer.echo(sentence, err=True)
