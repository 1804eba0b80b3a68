"""The last resort for events that the database refuses: files of JSON lines, one event a line.

The recorder writes `spill` when it stops while the database is stuck, and reads it back when it
next reaches the database. Events are unique by (call, seq), so reading a file twice does no harm.
What no database would take goes to `<spill>.rejected`, with the reason, for a person to look at.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ari_app.core.logs import get_logger

from .events import Event

log = get_logger(__name__)
_encoder = msgspec.json.Encoder(enc_hook=repr)
_decoder = msgspec.json.Decoder(Event)


class Rejected(msgspec.Struct, omit_defaults=True):
    """A line of `<spill>.rejected`: why, and the event, or the line that could not be read."""

    error: str
    event: Event | None = None
    line: str = ""


class SpillFile:
    """The spill file `path` and, beside it, `<path>.rejected`. Keeping and rejecting never raise."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rejected_path = path.with_name(path.name + ".rejected")

    def keep(self, events: Collection[Event]) -> None:
        """Keep events for the next start; if the disk refuses that too, they go to the log."""
        try:
            _append(self.path, _lines(events))
        except OSError as error:
            for event in events:
                log.critical(
                    "records.unsaved", call=event.call, error=str(error), file=self.path, fact=encoded(event)
                )
        else:
            log.warning("records.spilled", facts=len(events), file=self.path)

    def add(self, lines: bytes) -> None:
        """Add lines of another file; raises `OSError`."""
        _append(self.path, lines)

    def reject(self, entries: Collection[Rejected]) -> None:
        """Set aside what the database will never take."""
        if not entries:
            return
        for entry in entries:
            fact = entry.event.name if entry.event else entry.line[:40]
            call = entry.event.call if entry.event else ""
            log.error("records.rejected", call=call, fact=fact, error=entry.error, file=self.rejected_path)
        try:
            _append(self.rejected_path, _lines(entries))
        except OSError as error:
            for entry in entries:
                log.critical(
                    "records.unsaved", error=str(error), file=self.rejected_path, fact=encoded(entry)
                )

    @contextmanager
    def taken(self) -> Iterator[list[Event | Rejected]]:
        """Lend what the file holds, and remove the file unless the block raises.

        A line that cannot be read (a write cut short) comes as `Rejected`.
        """
        try:
            file = self.path.open("r+b")
        except FileNotFoundError:
            yield []
            return
        except OSError as error:
            self._say_unusable(error)
            yield []
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield [_decode(line) for line in file.read().splitlines() if line.strip()]
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:  # then it is read again, which does no harm
                self._say_unusable(error)

    def _say_unusable(self, error: OSError) -> None:
        remedy = "let this user read, write and remove it; the next start tries again"
        log.error("records.spill_unusable", error=str(error), file=self.path, remedy=remedy)


def _lines(entries: Iterable[Event | Rejected]) -> bytes:
    return b"".join(encoded(entry) + b"\n" for entry in entries)


def _append(path: Path, data: bytes) -> None:
    """Add lines and bring them to the disk, all or none; raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink == 0:  # another process has just taken and removed it
                continue
            _write_all(descriptor, data)
            return
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":  # the end of a write cut short: not our line
        data = b"\n" + data
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)  # all of it or nothing: what is not here goes elsewhere
        raise


def encoded(entry: Event | Rejected) -> bytes:
    """Return an entry as a line, whatever text is in it."""
    try:
        return _encoder.encode(entry)
    except (UnicodeEncodeError, OverflowError, ValueError, TypeError):
        return _encoder.encode(cleaned(msgspec.to_builtins(entry, enc_hook=repr)))


def _decode(line: bytes) -> Event | Rejected:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Rejected(error=str(error), line=line.decode("utf-8", "backslashreplace"))


def cleaned(value: Any) -> Any:
    """Return a value with replacements for what databases refuse in text: NUL, and lone surrogates."""
    if isinstance(value, str):
        return str(value).replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item) for item in value]
    return value
