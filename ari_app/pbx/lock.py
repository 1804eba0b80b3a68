"""The lock that keeps two set-ups of one cache folder apart."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import AsteriskUnavailable
from .progress import OnProgress, Progress, silent

_LOCK_POLL = 0.2  # seconds


@contextmanager
def locked(path: Path, progress: OnProgress = silent) -> Iterator[None]:
    """Hold the lock file `path`; wait while another process does. The kernel frees it if its holder dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise AsteriskUnavailable(
            f"cannot write to the cache folder {path.parent}: {error.strerror}",
            remedy="make it writable, or name another one with ASTREINTE_CACHE",
        ) from error
    try:
        waited = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if waited == 0.0:
                    progress(Progress("waiting for another set-up of this machine to end"))
                time.sleep(_LOCK_POLL)
                waited += _LOCK_POLL
        yield
    finally:
        os.close(descriptor)
