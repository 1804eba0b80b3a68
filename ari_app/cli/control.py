"""What a running line does when it is signalled: stop, stop now, read its files anew."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import termios
from contextlib import suppress
from pathlib import Path

import typer

from ..core.settings import Settings
from ..service.keeping import FileKeeper
from ..service.line import Line
from ..service.reading import SettingsFile

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Control:
    """Takes the signals of this process; set `line` when it is up.

    SIGINT and SIGTERM stop the line: the first lets calls end, the second does not. Before the line is up,
    the task that the block runs in is cancelled. SIGHUP reads the files anew, unless it says that the
    terminal is gone: then it stops the line too.
    """

    def __init__(self, settings: Settings, settings_file: Path | None) -> None:
        self.line: Line | None = None
        self.stopped_early = False
        self.files = FileKeeper(SettingsFile(settings_file, settings))
        self._stopped = asyncio.Event()
        self._task = asyncio.current_task()
        self._terminal = _terminal()

    def take_signals(self) -> None:
        """Act on signals from here on."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._hang_up if number is signal.SIGHUP else self._stop)

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
            _let_go_of_terminal()
            self._stop()
        elif self.line is not None and not self._stopped.is_set():
            self.files.ask()


def _terminal() -> int | None:
    """Return a descriptor of the terminal that this process was started from, None when it was not."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        try:
            if os.isatty(stream.fileno()):
                return stream.fileno()
        except (AttributeError, OSError, ValueError):  # closed, or replaced by what has no descriptor
            continue
    return None


def _let_go_of_terminal() -> None:
    """Let what is still to be said go nowhere: Python exits with 120 if it cannot be written."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # as in `_terminal`
            if _is_gone(stream.fileno()):
                os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _is_gone(terminal: int) -> bool:
    """Tell whether a terminal was closed: reading its settings fails then (EIO)."""
    try:
        termios.tcgetattr(terminal)
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False


def say(sentence: str) -> None:
    """Tell whoever started the line; the standard output is the log's."""
    with suppress(OSError):  # the terminal is gone, and nobody reads it
        typer.echo(sentence, err=True)
