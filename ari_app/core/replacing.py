"""A file is replaced by a new version of itself: whoever reads it reads the one or the other, whole."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import AstreinteError

PATIENCE = 30.0
"""Seconds to wait for somebody else's edit: it takes much less than one."""
_POLL = 0.02  # seconds


class FileIsChanging(AstreinteError):
    """Somebody else changes `path` at this moment."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        super().__init__(f"{path} {what}; nothing was written", remedy="give the command again")


class CannotReplace(AstreinteError):
    """The system does not let `path` be replaced."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"{path} cannot be written: {why}", remedy=remedy)


@contextmanager
def only_editor(folder: Path) -> Iterator[None]:
    """Keep other commands from editing files of a folder while the block lasts; wait for one that does.

    No file is left behind: the lock is the folder's own, and the kernel frees it if its holder dies. Raises
    `FileIsChanging` after `PATIENCE`.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise FileIsChanging(folder, "is being edited by another command") from None
                time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def replace_content(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file's content, at once and for good, unless it is no longer `old`.

    Mode, owner and access lists stay; a symbolic link stays one, and what it leads to is replaced. Raises
    `FileIsChanging` and `CannotReplace`; then the file is as it was.
    """
    target = path
    try:
        target = path.resolve(strict=True)
        _replace(path, target, old, new)
    except PermissionError as error:
        remedy = f"run this as a user who may write in {target.parent} and who owns the file"
        raise CannotReplace(path, error.strerror or "no permission", remedy) from error
    except OSError as error:
        raise CannotReplace(path, error.strerror or str(error), "mend what the system says") from error


def _replace(path: Path, target: Path, old: bytes, new: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)  # hidden, and of no suffix that is read
    try:
        with os.fdopen(descriptor, "wb") as file:
            _take_after(file.fileno(), target)
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        if target.read_bytes() != old:
            raise FileIsChanging(path, "was changed meanwhile")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_after(descriptor: int, model: Path) -> None:
    """Give an open file the owner, the mode and the access lists of another."""
    status = model.stat()
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    with suppress(OSError):  # a file system without them, or a label that the system alone may set
        for name in os.listxattr(model):
            os.setxattr(descriptor, name, os.getxattr(model, name))
