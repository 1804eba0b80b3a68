"""Whether the files that admins write have changed: a look at their stamps, which costs microseconds a file.

Looking works wherever files can be read. Being told (inotify) does not: not over NFS or most containers'
mounts, and not when a folder, or a link on the way to it, is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..core.settings import Settings

SUFFIXES = (".yaml", ".yml", ".ics", ".txt", ".csv")

Stamp = tuple[int, int, int, int, int]
"""Which file stands under a name, and its state: device, inode, size, and when content and inode changed."""
Look = dict[str, Stamp | None]
"""Each file's stamp; None for what cannot be reached, such as a link to nowhere."""


def settings_folders(settings: Settings) -> list[Path]:
    """Return the folders that the settings name and a line reads."""
    callers = [settings.callers] if settings.callers else []
    return [settings.rosters, settings.flows, *callers]


def look(paths: Iterable[Path]) -> Look:
    """Return the stamps of files, and of what a line reads of folders. Links are followed. Never raises."""
    seen: Look = {}
    for path in paths:
        try:
            with os.scandir(path) as entries:
                names = [entry.path for entry in entries if _is_read(entry.name)]
        except OSError:  # a file, or nothing
            names = [str(path)]
        for name in names:
            seen[name] = _stamp(name)
    return seen


def _is_read(name: str) -> bool:
    return name.endswith(SUFFIXES) and not name.startswith(".")


def _stamp(name: str) -> Stamp | None:
    try:
        status = os.stat(name)  # noqa: PTH116 - a thousand files, twice a second
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
