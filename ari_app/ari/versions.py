"""Which versions of Asterisk may be used."""

from __future__ import annotations

import re

from .errors import AsteriskTooOld

OLDEST = (22, 10, 1)


def require_supported(version: str) -> None:
    """Raise AsteriskTooOld if `version`, as `/asterisk/info` gives it, is below the oldest that we accept.

    22.10.1 closes GHSA-wcvv-g26m-wx5c (a read-only ARI user could write through REST over WebSocket) and
    GHSA-vrfp-mg3q-3959 (ARI set-variable reached `DB()`, `FILE()` and `SHELL()`). A version that does not
    begin with numbers (built from a branch) is taken to be its builder's own responsibility.
    """
    numbers = re.match(r"(?:certified[-/])?(\d+)\.(\d+)(?:\.(\d+))?", version)
    if numbers is None:
        return
    found = tuple(int(number or 0) for number in numbers.groups())
    if found < OLDEST:
        raise AsteriskTooOld(
            f"this Asterisk is {version}: versions before 22.10.1 let a read-only ARI user write "
            "(GHSA-wcvv-g26m-wx5c) and ARI variables run shell commands (GHSA-vrfp-mg3q-3959)",
            remedy="install Asterisk 22.10.1 or newer",
            detail=version,
        )
