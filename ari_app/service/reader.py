"""The process that reads the files for a running line, and ends.

    python -m ari_app.service.reader CODE < asked > reading, published

Thousands of rosters take seconds of a processor, and whoever shares a process with that waits. `apart` is the
other side.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from contextlib import suppress
from datetime import UTC, datetime
from struct import Struct
from typing import BinaryIO

from .publishing import publish
from .reading import CODE, read

NICENESS = 10
"""Calls come first."""
OTHER_CODE = 3
"""The exit code when the program was replaced since the line started: they would misunderstand each other."""
LENGTH = Struct("!Q")
"""Comes before each piece of a result: how many bytes it has."""


def main() -> int:
    """Answer one question; return the exit code."""
    with suppress(OSError):  # a sandbox may forbid it
        os.nice(NICENESS)
    gc.disable()  # it ends before there is much garbage
    if sys.argv[1:] != [CODE]:
        return OTHER_CODE
    asked = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the line that started us
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no result
    reading = read(asked)
    _hand_over(out, reading)
    if reading.books is not None:
        _hand_over(out, publish(reading.books.rosters, datetime.now(UTC)))
    return 0


def _hand_over(out: BinaryIO, result: object) -> None:
    """Write a result and then its chunks (PEP 574), each after its length; a length of zero ends them."""
    chunks: list[pickle.PickleBuffer] = []
    packed = pickle.dumps(result, pickle.HIGHEST_PROTOCOL, buffer_callback=chunks.append)
    for piece in (memoryview(packed), *(chunk.raw() for chunk in chunks)):
        out.write(LENGTH.pack(piece.nbytes))
        out.write(piece)
    out.write(LENGTH.pack(0))
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
