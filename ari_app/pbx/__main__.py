"""`python -m ari_app.pbx`: find an Asterisk, or unpack one, and say how far it is. `make` does it first."""

from __future__ import annotations

import sys

from .errors import AsteriskUnavailable
from .find import find_asterisk
from .progress import Progress

_TENTHS = 10


class _Teller:
    """Tells progress on stderr: a step a line, and each tenth of it."""

    def __init__(self) -> None:
        self._told: tuple[str, int] | None = None

    def __call__(self, progress: Progress) -> None:
        tenth = progress.done * _TENTHS // progress.total if progress.total else 0
        if self._told == (progress.step, tenth):
            return
        self._told = (progress.step, tenth)
        share = f" {tenth * 100 // _TENTHS:3d} % of {_amount(progress)}" if progress.total else " ..."
        sys.stderr.write(f"{progress.step}{share}\n")
        sys.stderr.flush()


def _amount(progress: Progress) -> str:
    if progress.unit == "B":
        return f"{progress.total / 1e6:.0f} MB"
    return f"{progress.total} {progress.unit}"


def main() -> int:
    """Return 0 once an Asterisk is there, 1 with what was tried when none can be had."""
    try:
        installation = find_asterisk(_Teller())
    except AsteriskUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if sys.stderr.isatty():
        sys.stderr.write(f"Asterisk {installation.version}: {installation.program}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
