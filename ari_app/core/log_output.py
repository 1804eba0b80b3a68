"""Where log lines are written: a file or a stream, without ever raising or waiting."""

from __future__ import annotations

import os
import select
import stat
import threading
import time
from collections import deque
from contextlib import suppress
from itertools import islice
from pathlib import Path

KEPT_BYTES = 1 << 20  # lines kept in memory while the disk is full or the reader of a pipe is slow
PIECE_BYTES = select.PIPE_BUF  # a pipe that polls as writable takes this much without waiting (pipe(7))
FILE_MODE = 0o640


class LogOutput:
    """A file descriptor that takes lines.

    While the disk is full or the reader of the pipe does not read, lines wait in memory, up to
    `KEPT_BYTES`, and are tried again with each further line; those beyond are counted in `lost`.
    A pipe that nobody will read again takes nothing more. A file that was renamed, moved or
    deleted (log rotation) is opened anew under its name before the next line.
    """

    def __init__(self, descriptor: int, path: Path | None = None) -> None:
        self._descriptor = descriptor
        self._path = path
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.lost = 0
        self._poll: select.poll | None = None
        self._identity = (0, 0)
        with suppress(OSError):  # a closed descriptor: each write will say so again, and be counted
            status = os.fstat(descriptor)
            self._identity = (status.st_dev, status.st_ino)
            if not stat.S_ISREG(status.st_mode):
                self._poll = select.poll()
                self._poll.register(descriptor, select.POLLOUT)

    @classmethod
    def to_file(cls, path: Path) -> LogOutput:
        """Open a file to append to; raises `OSError` when that cannot be done."""
        return cls(_open(path), path)

    @property
    def is_terminal(self) -> bool:
        """Whether a person is looking."""
        return os.isatty(self._descriptor)

    @property
    def waiting(self) -> int:
        """How many lines (or ends of lines) wait to be written."""
        return len(self._waiting)

    def write(self, *lines: bytes) -> None:
        """Write lines, each of which ends in a newline, or keep them for later, or count them as lost."""
        with self._lock:
            if self._path is not None:
                self._follow(self._path)
            if self._waiting:
                self._drain()
            for line in lines:
                if self._waiting_bytes + len(line) > KEPT_BYTES:
                    self._drain()
                if self._waiting and self._waiting_bytes + len(line) > KEPT_BYTES:
                    self.lost += 1
                else:
                    self._waiting.append(line)
                    self._waiting_bytes += len(line)
            self._drain()

    def flush(self, seconds: float = 0.0) -> None:
        """Try to write what waits; give the reader of a pipe that many seconds."""
        deadline = time.monotonic() + seconds
        with self._lock:
            self._drain()
            while self._waiting and self._poll is not None and (left := deadline - time.monotonic()) > 0:
                self._poll.poll(left * 1000)
                if not self._drain():
                    break

    def take_lost(self) -> int:
        """Return how many lines were lost since the last time this was asked."""
        with self._lock:
            lost, self.lost = self.lost, 0
        return lost

    def close(self) -> None:
        """Write what can be written; close the file if it was opened here."""
        self.flush()
        if self._path is not None:
            with suppress(OSError):  # the disk's last word (EIO, ENOSPC): nobody is left to be told
                os.close(self._descriptor)
            self._path = None

    def _drain(self) -> bool:
        """Write what waits as far as it goes; return whether anything went."""
        went = False
        while self._waiting:
            piece = self._next_piece()
            written = self._write(piece) if self._has_room() else 0
            if not written:
                return went
            went = True
            self._take_off(written)
        return went

    def _next_piece(self) -> bytes:
        """Return as many lines as one write may take; of a line that is longer than that, its beginning."""
        if self._poll is None:
            return b"".join(self._waiting)
        size, count = 0, 0
        for line in self._waiting:
            size += len(line)
            if size > PIECE_BYTES:
                break
            count += 1
        return b"".join(islice(self._waiting, count)) or self._waiting[0][:PIECE_BYTES]

    def _take_off(self, written: int) -> None:
        """Forget the bytes that were written."""
        self._waiting_bytes -= written
        while written:
            line = self._waiting.popleft()
            if len(line) > written:
                self._waiting.appendleft(line[written:])
                return
            written -= len(line)

    def _has_room(self) -> bool:
        return self._poll is None or bool(self._poll.poll(0))

    def _write(self, data: bytes) -> int:
        """Write what goes at once; return how many bytes went."""
        try:
            return os.write(self._descriptor, data)
        except BrokenPipeError:  # nobody will ever read what waits, nor be told how much it was
            self._waiting.clear()
            self._waiting_bytes = 0
            return 0
        except OSError:  # disk full, quota, I/O error, closed descriptor: the line waits
            return 0

    def _follow(self, path: Path) -> None:
        """Open the file anew when its name stands for another file, or for none."""
        try:
            status = os.stat(path)  # noqa: PTH116 (half the cost of Path.stat, once per line)
            if (status.st_dev, status.st_ino) == self._identity:
                return
        except OSError:
            self._identity = (0, 0)
        with suppress(OSError):  # the folder is gone or refuses: go on in the file that is open
            fresh = _open(path)
            os.dup2(fresh, self._descriptor, inheritable=False)
            os.close(fresh)
            status = os.fstat(self._descriptor)
            self._identity = (status.st_dev, status.st_ino)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
