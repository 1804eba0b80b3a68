"""The process that reads the files for a running line.

    python -m ari_app.service.reader CODE < questions > answers

Thousands of rosters take seconds of a processor, and whoever shares a process with that waits. It has the
whole program in memory and forks for each question, which then has a clean process of its own at once. After
the answer it reads the files that have changed itself, for what comes next. It ends when its questions do,
and in the same way as a fork that failed. `apart` is the other side.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import BinaryIO

import holidays  # noqa: F401 - otherwise each fork would load it

from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..roster.files import KnownFiles, read_folder
from .pipe import CODE, LENGTH, OTHER_CODE
from .publishing import publish
from .reading import SettingsFile, read

NICENESS = 10
"""Calls come first."""


def main() -> int:
    """Answer every question; return the exit code."""
    with suppress(OSError):  # a sandbox may forbid it
        os.nice(NICENESS)
    if sys.argv[1:] != [CODE]:
        return OTHER_CODE
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    gc.disable()  # no fork lasts until there is much garbage
    gc.freeze()
    known = KnownFiles()
    while (length := sys.stdin.buffer.read(LENGTH.size)) != b"":
        # from the line that started us
        asked = pickle.loads(sys.stdin.buffer.read(*LENGTH.unpack(length)))  # noqa: S301
        if code := _forked(asked, known, out):
            if code < 0:
                os.kill(os.getpid(), -code)
            return code
        _learn(asked, known)
    return 0


def _learn(asked: Settings | SettingsFile, known: KnownFiles) -> None:
    """Read the roster files that have changed: a thousand take longer than all that is done with them."""
    with suppress(AstreinteError):
        settings = load_settings(asked.path) if isinstance(asked, SettingsFile) else asked
        read_folder(settings.rosters, known=known)
    gc.collect()
    gc.freeze()


def _forked(asked: Settings | SettingsFile, known: KnownFiles, out: BinaryIO) -> int:
    """Have a fork answer; return its exit code, or less than 0 for the signal that ended it."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        _answer(asked, known, out)
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must not go on with what is the parent's
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(asked: Settings | SettingsFile, known: KnownFiles, out: BinaryIO) -> None:
    reading = read(asked, known)
    _hand_over(out, reading)
    if reading.books is not None:
        _hand_over(out, publish(reading.books.rosters, datetime.now(UTC)))


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
