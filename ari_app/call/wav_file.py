"""A WAV file that Asterisk wrote and that is ours now: see `sound` for what is in it."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from .sound import RATE

_RIFF_HEADER, _CHUNK_HEADER = 12, 8
_LONGEST_HEADER = 4096
"""Bytes; Asterisk's has 44."""


def complete(file: BinaryIO) -> float:
    """Write into the header how long the file is, and all to the disk; return for how many seconds it sounds.

    When Asterisk dies while it records, the header says 0, and players play nothing. Raises `OSError`.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    header = file.read(_LONGEST_HEADER)
    at, sound = _RIFF_HEADER, 0
    while at + _CHUNK_HEADER <= len(header):
        name, length = struct.unpack_from("<4sI", header, at)
        at += _CHUNK_HEADER
        if name == b"data":
            sound = size - at
            _write_at(file, at - 4, sound)
            _write_at(file, 4, size - _CHUNK_HEADER)
            break
        at += length + length % 2
    file.flush()
    os.fsync(file.fileno())
    return sound / 2 / RATE


def _write_at(file: BinaryIO, at: int, length: int) -> None:
    file.seek(at)
    file.write(struct.pack("<I", length))
