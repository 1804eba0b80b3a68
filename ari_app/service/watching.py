"""Notices that files changed, once they are quiet again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Thread

from .files import Look, look

LOOK_EVERY = 0.25
"""Seconds between two looks at the files."""
QUIET = 0.25
"""Seconds without a change after which a change is complete: an editor's save, a checkout of many files."""
LONGEST_WAIT = 0.75
"""Seconds after which a change is told although it still goes on: it is to be in force within two."""


class Watch:
    """Calls `changed` after each change of `files`, until `stop`; both are called in a thread of its own.

    `seen` is how the files were when they were read. A disk that does not answer (a dead NFS server) holds up
    that thread and nothing else, not even the end of the process.
    """

    def __init__(
        self, files: Callable[[], Iterable[Path]], changed: Callable[[], None], *, seen: Look
    ) -> None:
        self._files = files
        self._changed = changed
        self._seen = seen
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="files", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            now = look(self._files())
            if now != self._seen:
                self._seen = self._settled(now)
                if not self._stopping.is_set():
                    self._changed()

    def _settled(self, before: Look) -> Look:
        """Return how the files are once they are quiet, or at the deadline."""
        deadline = time.monotonic() + LONGEST_WAIT
        while not self._stopping.wait(QUIET):
            now = look(self._files())
            if now == before or time.monotonic() >= deadline:
                return now
            before = now
        return before
