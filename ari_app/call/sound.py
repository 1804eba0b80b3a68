"""The sound of a recorded message: what Asterisk wrote, measured and stored."""

from __future__ import annotations

import os
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.wav_chunks import find_sound

RATE = 8000
"""Samples a second; each is signed, 16 bit, little-endian (`FORMAT` in `recording`)."""
BLOCK = RATE // 50
"""Samples of which it is told whether they are silent: 20 ms, a packet of G.711."""
SILENT_BELOW = 256
"""Mean level of a block, of 32768: what Asterisk takes for silence (`silencethreshold` in dsp.conf)."""
SHORTEST = 1.0
"""Seconds of sound that make a message: less is a breath, a click, an "oh"."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples, as they are in the file."""

    samples: bytes

    @classmethod
    def of_wav(cls, content: bytes) -> Sound:
        """Return the sound of a file of Asterisk's, as far as it goes.

        When Asterisk dies while it records, the lengths in the header are still 0.
        """
        found = find_sound(content)
        if found is None:
            return cls(b"")
        at, length = found
        end = at + length if 0 < length <= len(content) - at else len(content)
        return cls(content[at : at + (end - at) // 2 * 2])

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / 2 / RATE

    @property
    def loud_seconds(self) -> float:
        """For how long something is to be heard in it."""
        samples = np.frombuffer(self.samples, dtype="<i2").astype(np.int32)
        blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
        return float(np.count_nonzero(np.abs(blocks).mean(axis=1) >= SILENT_BELOW)) * BLOCK / RATE

    def write(self, path: Path) -> None:
        """Write it as a WAV file that only its owner may read, whole or not at all. Raises `OSError`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                with wave.open(file, "wb") as wav:
                    wav.setnchannels(1)
                    wav.setsampwidth(2)
                    wav.setframerate(RATE)
                    wav.writeframes(self.samples)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def is_message(sound: Sound) -> bool:
    """Tell whether somebody said something. It takes some milliseconds."""
    return sound.loud_seconds >= SHORTEST
