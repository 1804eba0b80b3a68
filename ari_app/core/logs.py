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
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from structlog.contextvars import merge_contextvars

from .errors import AstreinteError
from .log_output import LogOutput

Format = Literal["auto", "json", "pretty"]
Fields = dict[str, Any]

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
PATIENCE_AT_EXIT = 1.0  # seconds that the reader of a pipe has for what still waits when the program ends
GATHER_SECONDS = 0.05  # for which lines without trouble wait for others: what a kill -9 can lose
TROUBLE = LEVELS["warning"]  # from here on a line is written at once
DEEPEST = 4  # levels of lists and mappings in a field's value; below that it is written as one text


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
        _Pretty(colours=output.is_terminal and not os.environ.get("NO_COLOR")) if pretty else _json
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


# Masking -------------------------------------------------------------------------------------------

# Any number that could reach a person or pay for something: E.164 with or without separators, a French
# national number in pairs, a bare run of 7 digits (the shortest subscriber numbers) to 19 (the longest card
# numbers, ISO/IEC 7812). Left alone: parts of words and of hexadecimal ids, Asterisk's unique ids
# (`1732345678.12`), channel suffixes (`PJSIP/trunk-00000012`) and the tail of our own call ids.
_NUMBER = re.compile(
    r"(?<!\w)\+\d(?:[ .\-]?\(?\d\)?){6,}(?!\d)"
    r"|(?<![\w.])0\d(?:[ .\-]\d\d){4}(?!\w)"
    r"|(?<![\w.\-])\d{7,19}(?!\w|\.\d)"
)


def mask(text: str) -> str:
    """Hide the middle of each phone or card number in a text: `+336•••••78`, `06•••••78`."""
    return _NUMBER.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    number = match[0]
    return f"{number[: 4 if number[0] == '+' else 2]}•••••{number[-2:]}"


# From fields to a line -----------------------------------------------------------------------------


Taken = tuple[datetime, str, Fields]
"""An event that is to be logged: when, its level, its fields as values that can no longer change."""


def _take(_logger: object, method: str, fields: Any) -> tuple[Taken, Fields]:
    """End the processor chain: make the fields plain, now that they are what they were at the event."""
    if exc_info := fields.pop("exc_info", None):
        fields["exception"] = _traceback(exc_info)
    for key, value in fields.items():
        if type(value) not in _AS_IT_IS:
            fields[key] = _plain(value, DEEPEST)
    return (datetime.now(UTC), method, fields), {}


_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


def _render(at: datetime, level: str, fields: Fields) -> bytes:
    """Return an event as a line: order the fields, mask them, encode them."""
    line: Fields = {"time": at, "level": level, "event": fields.pop("event")}
    if "call" in fields:
        line["call"] = fields.pop("call")
    masked = _state.mask
    for key, value in fields.items():
        plain = _NUMBER.sub(_masked, value) if masked and type(value) is str and len(value) >= 7 else value
        line[f"{key}_" if key in line else key] = plain
    try:
        return _state.encode(line)
    except (UnicodeEncodeError, OverflowError, ValueError, TypeError):  # lone surrogates, huge integers
        return _state.encode({key: _encodable(value) for key, value in line.items()})


def _plain(value: object, depth: int) -> object:
    """Return a value made of JSON's own types; what is none of them becomes text."""
    if value is None or type(value) in (int, float, bool):
        return value
    if depth and isinstance(value, Mapping):
        return {str(_plain(key, 0)): _plain(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth - 1) for item in value]
    try:
        text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    except Exception as error:  # noqa: BLE001 (a broken __str__ must not stop a call for a log line)
        text = f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
    return mask(text) if _state.mask else text


def _encodable(value: object) -> object:
    if isinstance(value, datetime):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _traceback(exc_info: object) -> str:
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    return "" if error is None else "".join(traceback.format_exception(error)).rstrip()


_encoder = msgspec.json.Encoder()
# What JSON allows raw but a terminal or `str.splitlines` acts upon: C1 controls, line separators, bidi marks.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _json(line: Fields) -> bytes:
    encoded = _encoder.encode(line)
    if not encoded.isascii() and _UNSAFE.search(text := encoded.decode()):
        encoded = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
    return encoded + b"\n"


class _Pretty:
    """Encodes a line for a person: local time, level, event, `key=value`; a traceback below, indented."""

    _COLOURS: Mapping[str, str] = {
        "debug": "2",
        "info": "32",
        "warning": "33",
        "error": "31",
        "critical": "1;31",
    }

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, line: Fields) -> bytes:
        fields = dict(line)
        at: datetime = fields.pop("time")
        level, event = fields.pop("level"), fields.pop("event")
        below = fields.pop("exception", None)
        fields.pop("logger", None)
        parts = [
            self._paint(f"{at.astimezone():%H:%M:%S.%f}"[:-3], "2"),
            self._paint(f"{level:<8}", self._COLOURS[level]),
            self._paint(f"{_shown(event):<20}", "1"),
            *(f"{self._paint(_shown(key), '36')}={_shown(value)}" for key, value in fields.items()),
        ]
        rows = [" ".join(parts), *(f"    │ {_escaped(row)}" for row in str(below or "").split("\n") if row)]
        return ("\n".join(rows) + "\n").encode("utf-8", "backslashreplace")

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if text and text.isprintable() and not set(text) & {" ", "=", '"'} else repr(text)


def _escaped(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


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
        self.encode: Callable[[Fields], bytes] = _Pretty(colours=False) if self.output.is_terminal else _json

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
                    lines.append(_render(*self._taken.popleft()))
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
