"""Logs: one line an event, JSON for machines, columns for a terminal.

    log = get_logger(__name__)
    log.info("call.arrived", line="100", number="+33612345678")

An event's name is a literal, stable, dotted (`call.arrived`) and listed in `docs/logs.md`; what
varies goes in fields, which are never used as a format. Whoever starts a call's task says once
`structlog.contextvars.bind_contextvars(call=call_id)`, and each line of that task carries it.

Phone numbers are masked under every key (`+33612345678` is logged as `+336•••••78`). Writing a line
never raises, whatever its fields hold, and never waits: see `log_output`. A warning or worse is written
at once, and all before it; the others within `GATHER_SECONDS`.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import sys
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import structlog
from structlog.contextvars import merge_contextvars

from .errors import AstreinteError
from .log_lines import Columns, Encode, Fields, plain, render, to_json, traceback_of
from .log_output import LogOutput

Format = Literal["auto", "json", "pretty"]

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
PATIENCE_AT_EXIT = 1.0  # seconds that the reader of a pipe has for what still waits when the program ends
GATHER_SECONDS = 0.05  # for which lines without trouble wait for others: what a kill -9 can lose
TROUBLE = LEVELS["warning"]  # from here on a line is written at once


class Logger(structlog.BoundLoggerBase):
    """Writes events, with the fields bound to it (`log.bind(leg=...)`) and those of the task's context."""

    def debug(self, event: str, /, **fields: object) -> None:
        """Log what only someone who mends the program wants to read."""
        self.log(10, event, **fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Log that something happened as it should."""
        self.log(20, event, **fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Log that something is wrong and the line copes; someone should look."""
        self.log(30, event, **fields)

    def error(self, event: str, /, **fields: object) -> None:
        """Log that something failed that a caller, an agent or an admin may have noticed."""
        self.log(40, event, **fields)

    def exception(self, event: str, /, **fields: object) -> None:
        """Log a failure with the traceback of the exception being handled."""
        fields.setdefault("exc_info", True)
        self.log(40, event, **fields)

    def critical(self, event: str, /, **fields: object) -> None:
        """Log that the line cannot go on."""
        self.log(50, event, **fields)

    def log(self, level: int, event: str, /, **fields: object) -> None:
        """Log at a numeric level (10, 20, 30, 40, 50: `debug` to `critical`)."""
        if level >= _state.level:
            try:
                arguments, keywords = self._process_event(_NAMES[level], event, fields)
            except structlog.DropEvent:
                return
            self._logger.take(*arguments, **keywords)


def get_logger(name: str) -> Logger:
    """Return the logger of a module; `name` is its `__name__`."""
    return Logger(_sink, _processors, {"logger": name.removeprefix("ari_app.")})


def configure(
    format: Format = "auto",  # noqa: A002 (the setting's own name)
    level: str = "info",
    file: Path | None = None,
    mask_numbers: bool = True,
) -> None:
    """Say where log lines go, how they look and which are left out; may be called again at any time.

    `auto` is `pretty` on a terminal and `json` elsewhere. Without a `file`, lines go to the
    standard output. Libraries that use the standard `logging` are routed through the same output
    from their warnings on (from `info` on when `level` is `debug`).

    Raises `LogsMisconfigured` when the level is unknown or the file cannot be opened.
    """
    if level not in LEVELS:
        raise LogsMisconfigured(f"unknown log level {level!r}", remedy=f"use one of {', '.join(LEVELS)}")
    try:
        output = LogOutput.to_file(file) if file is not None else LogOutput(_descriptor(sys.stdout, 1))
    except OSError as error:
        raise LogsMisconfigured(
            f"the log file {file} cannot be written: {error.strerror}",
            remedy="create its folder, let this user write there, or set another file",
        ) from error
    _state.replace_output(output)
    _state.level = LEVELS[level]
    _state.mask = mask_numbers
    pretty = format == "pretty" or (format == "auto" and output.is_terminal)
    _state.encode = (
        Columns(colours=output.is_terminal and not os.environ.get("NO_COLOR")) if pretty else to_json
    )
    _route_libraries(logging.INFO if level == "debug" else logging.WARNING)


def flush(seconds: float = 0.0) -> None:
    """Try once more to write the lines that a full disk or a slow reader kept waiting.

    A slow reader is given `seconds`. Happens by itself when the program ends.
    """
    _sink.write()
    _state.output.flush(seconds)
    _tell_what_was_lost(_state.output)


class LogsMisconfigured(AstreinteError):
    """The settings of the logs cannot be followed."""


Taken = tuple[datetime, str, Fields]
"""An event that is to be logged: when, its level, its fields as values that can no longer change."""

_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


def _take(_logger: object, method: str, fields: Any) -> tuple[Taken, Fields]:
    """End the processor chain: make the fields plain, now that they are what they were at the event."""
    if exc_info := fields.pop("exc_info", None):
        fields["exception"] = traceback_of(exc_info)
    for key, value in fields.items():
        if type(value) not in _AS_IT_IS:
            fields[key] = plain(value, masked=_state.mask)
    return (datetime.now(UTC), method, fields), {}


# The one output ------------------------------------------------------------------------------------


def _descriptor(stream: object, otherwise: int) -> int:
    """Return a stream's file descriptor; streams replaced by in-memory ones have none."""
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]  # ruled by the except below
    except (AttributeError, OSError, ValueError):
        return otherwise


class _State:
    """What `configure` sets. Until then: warnings and worse, to the standard error stream."""

    def __init__(self) -> None:
        self.output = LogOutput(_descriptor(sys.stderr, 2))
        self.level = LEVELS["warning"]
        self.mask = True
        self.encode: Encode = Columns(colours=False) if self.output.is_terminal else to_json

    def replace_output(self, output: LogOutput) -> None:
        _sink.write()
        previous, self.output = self.output, output
        previous.close()


class _Sink:
    """The last link of structlog's chain: takes events, and writes their lines.

    Where an event loop runs, those that are no trouble are gathered for `GATHER_SECONDS`: made and written
    together they cost half as much, and the call path does not wait for it.
    """

    def __init__(self) -> None:
        self._taken: deque[Taken] = deque()
        self._writing = threading.Lock()
        self._due_in: asyncio.AbstractEventLoop | None = None

    def take(self, at: datetime, level: str, fields: Fields) -> None:
        """Take an event, whatever its level."""
        self._taken.append((at, level, fields))
        if LEVELS[level] >= TROUBLE or not self._is_gathering():
            self.write()

    def _is_gathering(self) -> bool:
        if self._due_in is not None and not self._due_in.is_closed():
            return True
        try:
            self._due_in = asyncio.get_running_loop()
        except RuntimeError:
            return False
        self._due_in.call_later(GATHER_SECONDS, self.write)
        return True

    def write(self) -> None:
        """Write all that was taken; where a write is under way already, it goes on with what is new."""
        self._due_in = None
        while self._taken and self._writing.acquire(blocking=False):
            try:
                lines = []
                while self._taken:
                    lines.append(render(*self._taken.popleft(), _state.encode, masked=_state.mask))
                _state.output.write(*lines)
            finally:
                self._writing.release()
        if _state.output.lost:
            _tell_what_was_lost(_state.output)


def _tell_what_was_lost(output: LogOutput) -> None:
    if output.lost and not output.waiting:
        _log.warning("log.lost", lines=output.take_lost())


class _FromLibraries(logging.Handler):
    """Brings what libraries say through the standard `logging` into the same output."""

    def emit(self, record: logging.LogRecord) -> None:
        level = max(10, min(50, record.levelno // 10 * 10))
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # the library's arguments do not fit its own format
            message = f"{record.msg!r} {record.args!r}"
        _log.log(level, "library.message", logger=record.name, message=message, exc_info=record.exc_info)


def _route_libraries(level: int) -> None:
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, _FromLibraries):
            root.removeHandler(handler)
    root.addHandler(_FromLibraries())
    root.setLevel(level)
    logging.captureWarnings(True)


_NAMES = {number: name for name, number in LEVELS.items()}
_state = _State()
_sink = _Sink()
_processors: list[Any] = [merge_contextvars, _take]
# structlog's own configuration names the same list, so that `structlog.testing.capture_logs` works on us.
structlog.configure(processors=_processors, wrapper_class=Logger, logger_factory=lambda *_: _sink)
_log = get_logger(__name__)
atexit.register(flush, PATIENCE_AT_EXIT)
