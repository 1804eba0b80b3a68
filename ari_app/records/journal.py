"""What is not in the database yet, in files: however this process dies, the next one writes it.

A file is begun when there is something to keep, and removed when all of it is in the database. Its lines are
those of the spill file, into which the next start puts what it finds. A file belongs to the process that
holds its lock, which the kernel takes away at its death.

What is kept survives the death of the process, not of the machine: nothing waits for the disk.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ari_app.core.ids import new_id
from ari_app.core.logs import get_logger

from .events import Event
from .spill import SpillFile, encoded

log = get_logger(__name__)

SUFFIX = ".open"


class Journal:
    """Keeps events beside the spill file until they are `written`; it never raises.

    Events that are noted between `turn` and `written` are kept on.
    """

    def __init__(self, spill: SpillFile) -> None:
        self._spill = spill
        self._files: list[tuple[Path, int]] = []  # with their descriptors; the last one is written to
        self._kept = 0  # of the files, those of which all is about to be in the database
        self._turned = True  # whether the next event begins a file
        self._over = False
        self._stuck = False

    def start(self) -> None:
        """Give the spill file what processes that died have left."""
        path = self._spill.path
        for left in sorted(path.parent.glob(f"{path.name}.*{SUFFIX}")):
            try:
                self._take(left)
            except OSError as error:
                remedy = "let this user read and remove it; the next start tries again to put it on record"
                log.error("records.journal_unusable", error=str(error), file=left, remedy=remedy)

    def _take(self, left: Path) -> None:
        with left.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # whoever writes it lives
            self._spill.add(file.read())
            left.unlink()

    def note(self, event: Event) -> None:
        """Keep an event."""
        if self._over:
            return
        try:
            if self._turned:
                self._begin()
            os.write(self._files[-1][1], b"\n" + encoded(event))  # first: a line that was cut short is none
        except OSError as error:
            if not self._stuck:
                remedy = "what is recorded meanwhile is lost if the line is killed; a stop loses nothing"
                log.error("records.journal_unusable", error=str(error), file=self._spill.path, remedy=remedy)
            self._stuck = True
        else:
            self._stuck = False

    def _begin(self) -> None:
        path = self._spill.path.with_name(f"{self._spill.path.name}.{new_id()}{SUFFIX}")
        path.parent.mkdir(exist_ok=True)  # with no parents: a volume that is not mounted must not be hidden
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._files.append((path, descriptor))
        self._turned = False

    def turn(self) -> None:
        """Note that all events so far are about to be written."""
        if not self._kept:
            self._kept, self._turned = len(self._files), True

    def written(self) -> None:
        """Note that all events up to the last `turn` that this was not called for are in the database."""
        over, self._files, self._kept = self._files[: self._kept], self._files[self._kept :], 0
        for path, descriptor in over:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:  # then it is written once more, which does no harm
                remedy = "let this user remove it; the next start reads it once more, which does no harm"
                log.error("records.journal_unusable", error=str(error), file=path, remedy=remedy)
            os.close(descriptor)

    def close(self) -> None:
        """Keep nothing more: all is in the database, or spilled."""
        self._over = True
        self._kept = len(self._files)
        self.written()
