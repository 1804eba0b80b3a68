"""What a running line tells other processes about its files: `astreinte doctor` reads it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from ..core.logs import get_logger
from .reloading import Version

log = get_logger(__name__)

FILE = "files.json"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are in force, and why later ones are not."""

    in_force_since: datetime
    reloaded: int = 0
    rejected: int = 0
    reason: str = ""
    remedy: str = ""

    @property
    def since(self) -> str:
        """Since when these files are in force, in this machine's time."""
        return self.in_force_since.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def write_status(folder: Path, version: Version) -> None:
    """Tell of a version, in the line's folder; a folder that cannot be written is no reason not to go on."""
    why = version.rejection
    status = Status(
        in_force_since=version.since,
        reloaded=version.reloaded,
        rejected=version.rejected,
        reason=why.reason if why else "",
        remedy=why.remedy if why else "",
    )
    try:
        unfinished = folder / f"{FILE}.new"
        unfinished.write_bytes(msgspec.json.encode(status))
        unfinished.replace(folder / FILE)
    except OSError as error:
        log.debug("config.status_not_written", folder=str(folder), error=str(error))


def read_status(folder: Path) -> Status | None:
    """Return what the line that uses a folder tells; None when it tells nothing that can be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Status)
    except (OSError, msgspec.DecodeError):
        return None
