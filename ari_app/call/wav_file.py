"""A WAV file that Asterisk wrote and that is ours now: see `sound` for what is in it."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from ..core.wav_chunks import CHUNK_HEADER, find_sound
from .sound import RATE

_LONGEST_HEADER = 4096
"""Bytes; Asterisk's has 44."""


def complete(file: BinaryIO) -> float:
    """Write into the header how long the file is, and all to the disk; return for how many seconds it sounds.

    When Asterisk dies while it records, the header says 0, and players play nothing. Raises `OSError`.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    sound = 0
    if found := find_sound(file.read(_LONGEST_HEADER)):
        at, _ = found
        sound = size - at
        _write_at(file, at - 4, sound)
        _write_at(file, 4, size - CHUNK_HEADER)
    file.flush()
    os.fsync(file.fileno())
    return sound / 2 / RATE


def _write_at(file: BinaryIO, at: int, length: int) -> None:
    file.seek(at)
    file.write(struct.pack("<I", length))
