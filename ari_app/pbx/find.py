"""Finding an Asterisk that is new enough, or unpacking one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .errors import WAYS_OUT, AsteriskUnavailable
from .installation import Installation, private_installation, root_command, system_installation
from .private import ASTERISK, SIPP, discard, unpack
from .progress import OnProgress, Progress, silent
from .version import MINIMUM, refusal


def find_asterisk(progress: OnProgress = silent, *, cache: Path | None = None) -> Installation:
    """Return an Asterisk of at least 22.10.1: the machine's own, else a private one, unpacked when need be.

    Blocking: the first time on a machine it downloads 85 MB and reports each step to `progress`.
    Raises `AsteriskUnavailable`, which says what was tried and the ways out.
    """
    tried: list[str] = []
    program = _on_path("asterisk")
    if program is not None:
        installation, version = system_installation(program)
        why_not = refusal(version)
        if installation is not None and why_not is None:
            return installation
        tried.append(f"{program}: {why_not or 'its modules or its data are not in the usual places'}")
        progress(Progress(f"{tried[-1]}; a private Asterisk is used instead"))
    for _attempt in range(2):
        try:
            root = unpack(ASTERISK, progress, cache=cache)
        except AsteriskUnavailable as error:
            if not tried:
                raise
            raise AsteriskUnavailable(
                "no Asterisk can be used here; what was tried:",
                tried=[*tried, *(error.tried or [error.message])],
                remedy=error.remedy,
            ) from error
        private = private_installation(root)
        why_not = refusal(private.version) if private is not None else "it does not start"
        if private is not None and why_not is None:
            return private
        tried.append(f"the Asterisk unpacked into {root}: {why_not}")
        discard(
            root
        )  # damaged, or from before a release that closes a hole: once more, with today's packages
    raise AsteriskUnavailable(
        "no Asterisk can be used here; what was tried:", tried=tried, remedy=WAYS_OUT.format(minimum=MINIMUM)
    )


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
