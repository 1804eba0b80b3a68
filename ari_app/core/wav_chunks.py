"""WAV files, as far as to find the sound in them: their headers do not always know how long it is."""

from __future__ import annotations

import struct

RIFF_HEADER, CHUNK_HEADER = 12, 8
"""Bytes: `RIFF`, length, `WAVE`; then of each chunk its name and its length."""


def find_sound(content: bytes) -> tuple[int, int] | None:
    """Return where the sound begins, and how many bytes its header says that it has; None if there is none.

    A program that writes to a pipe, or dies while it records, leaves a wrong length, or 0.
    """
    at = RIFF_HEADER
    while at + CHUNK_HEADER <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        at += CHUNK_HEADER
        if name == b"data":
            return at, length
        at += length + length % 2
    return None
