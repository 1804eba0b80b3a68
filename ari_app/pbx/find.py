"""Finding an Asterisk that is new enough, or unpacking one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .errors import AsteriskUnavailable
from .installation import Installation, ask_version, private_installation, root_command, system_installation
from .private import ASTERISK, SIPP, unpack
from .progress import OnProgress, Progress, silent
from .version import refusal


def find_asterisk(progress: OnProgress = silent, *, cache: Path | None = None) -> Installation:
    """Return an Asterisk of at least 22.10.1: the machine's own, else a private one, unpacked when need be.

    Blocking: the first time on a machine it downloads 85 MB and reports each step to `progress`.
    Raises `AsteriskUnavailable`, which says what was tried and the ways out.
    """
    program = _on_path("asterisk")
    refused = ""
    if program is not None:
        try:
            why_not = refusal(ask_version([str(program)]))
            if why_not is None:
                return system_installation(program)
        except OSError as error:
            why_not = f"it cannot be used: {error}"
        refused = f"{program}: {why_not}"
        progress(Progress(f"{refused}; a private Asterisk is used instead"))
    try:
        return private_installation(unpack(ASTERISK, progress, cache=cache))
    except AsteriskUnavailable as error:
        if not refused:
            raise
        raise AsteriskUnavailable(
            "no Asterisk can be used here; what was tried:",
            tried=[refused, *(error.tried or [error.message])],
            remedy=error.remedy,
        ) from error


def find_sipp(progress: OnProgress = silent, *, cache: Path | None = None) -> list[str]:
    """Return the words that start SIPp, the SIP load generator: the machine's own, else a private one.

    Blocking: the first time it downloads 10 MB. Raises `AsteriskUnavailable`.
    """
    program = _on_path("sipp")
    if program is not None:
        return [str(program)]
    return root_command(unpack(SIPP, progress, cache=cache), "sipp")


def _on_path(name: str) -> Path | None:
    # An ordinary user's PATH often lacks the sbin folders, where distributions install Asterisk.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])
    found = shutil.which(name, path=path)
    return Path(found) if found else None
