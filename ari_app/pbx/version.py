"""Which Asterisk is new enough, and why."""

from __future__ import annotations

import re
from typing import NamedTuple


class Version(NamedTuple):
    """An Asterisk release: 22.10.1."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


MINIMUM = Version(22, 10, 1)

# CERT-FR's notice CERTFR-2026-AVI-0805 gives the first release without the two holes on each branch; 20 and
# 21 have such releases too, but not REST over WebSocket (22.4), which this line stands on.
_FIRST_SAFE = {22: MINIMUM, 23: Version(23, 4, 1)}

_WHY = (
    "older ones have GHSA-wcvv-g26m-wx5c (a read-only ARI user can write through REST over WebSocket) and "
    "GHSA-vrfp-mg3q-3959 (ARI can write files and run shell commands by setting a variable)"
)

# What `asterisk -V` prints: "Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", "Asterisk 22.10.0-rc1".
_RELEASE = re.compile(r"Asterisk (\d+)\.(\d+)(?:\.(\d+))?(-(?:rc|beta|pre)\d+)?")


def parse_version(text: str) -> Version | None:
    """Return the release that `asterisk -V` names, None for one that is no numbered release.

    Certified and development builds ("certified/22.8-cert1", "GIT-master-...") count as none. A release
    candidate is older than its release: 22.10.1-rc1 is taken for 22.10.0.
    """
    found = _RELEASE.match(text.strip())
    if found is None:
        return None
    major, minor, patch, candidate = found.groups()
    version = Version(int(major), int(minor), int(patch or 0))
    return version._replace(patch=version.patch - 1) if candidate else version


def refusal(version: Version | None) -> str | None:
    """Return why an Asterisk of this release must not be used, None when it may."""
    if version is None:
        return f"it does not say which release it is; {MINIMUM} or newer is required, because {_WHY}"
    first_safe = _FIRST_SAFE.get(version.major, MINIMUM)
    if version < first_safe:
        return f"it is {version}; {first_safe} or newer is required, because {_WHY}"
    return None
