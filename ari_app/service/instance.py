"""One line for one folder: two would fight for the same Asterisk, the same ports, the same records."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import AstreinteError
from ..core.logs import get_logger

log = get_logger(__name__)

LOCK = "line.lock"


class AlreadyRunning(AstreinteError):
    """A line that uses the same folder runs already; `pid` is its process."""

    def __init__(self, folder: Path, pid: str) -> None:
        self.pid = pid
        super().__init__(
            f"a line runs already with the folder {folder}{f' (process {pid})' if pid else ''}",
            remedy="stop it, reload it (`kill -HUP`), or give this one a `data` folder of its own",
        )


@contextmanager
def only_instance(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel frees it when the process ends, however it does.

    Raises `AlreadyRunning`. A folder that cannot be written is no reason not to serve calls: it is logged.
    """
    descriptor = _open(folder / LOCK)
    try:
        if descriptor is not None:
            _take(descriptor, folder)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def holder_of(folder: Path) -> str | None:
    """Return the process id of the line that uses a folder, None when none does."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    return None


def _open(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        remedy = "let this user write there, or set `data` in the settings: records need it"
        log.error("data.not_writable", folder=str(path.parent), reason=error.strerror, remedy=remedy)
        return None


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise AlreadyRunning(folder, pid) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
