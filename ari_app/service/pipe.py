"""What a line and the process that reads its files agree on."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from struct import Struct

LENGTH = Struct("!Q")
"""Comes before each piece of a question or an answer: how many bytes it has."""
OTHER_CODE = 3
"""The exit code when the program was replaced since the line started: they would misunderstand each other."""


def _code() -> str:
    """Return a word that is another one once the program's files are others."""
    program = Path(__file__).parents[1]
    stamps = [f"{path.relative_to(program)} {path.stat().st_mtime_ns}" for path in program.rglob("*.py")]
    return sha256("\n".join(sorted(stamps)).encode()).hexdigest()[:16]


CODE = _code()
"""Of this process, as it started."""
