"""Was this sound really heard? Measurements on recordings, in numpy."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

RATE = 8000
"""Samples a second of everything on the simulated network (G.711)."""
BLOCK = RATE // 20
"""Samples in which a tone is looked for."""
ALIKE = 0.6
"""Normalised correlation from which two sounds are the same one: G.711 and a lost packet leave > 0.8."""


def read_wav(path: Path) -> Samples:
    """Return the samples of a mono 16-bit file at 8 kHz, between -1 and 1."""
    with wave.open(str(path), "rb") as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{path} is not mono, 16 bit, {RATE} Hz")
        frames = file.readframes(file.getnframes())
    return np.frombuffer(frames, dtype="<i2").astype(np.float64) / 32768.0


def _alaw_levels() -> Samples:
    """Return the level of each of the 256 codes of A-law (ITU-T G.711)."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude) / 4096.0


_ALAW = _alaw_levels()
_BY_LEVEL = np.argsort(_ALAW)


def alaw_samples(codes: npt.NDArray[np.uint8]) -> Samples:
    """Return the samples of sound in A-law, between -1 and 1."""
    return _ALAW[codes]


def alaw_codes(samples: Samples) -> npt.NDArray[np.uint8]:
    """Return samples as A-law: the code whose level is nearest."""
    levels = _ALAW[_BY_LEVEL]
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, samples)
    return _BY_LEVEL[nearest].astype(np.uint8)


def write_tone(path: Path, hertz: float, seconds: float, *, level: float = 0.25) -> Path:
    """Write a sine as a WAV file and return its path; `level` is the amplitude, at most 1."""
    times = np.arange(int(RATE * seconds)) / RATE
    samples = (level * 32767 * np.sin(2 * np.pi * hertz * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def loudest(sound: Samples, seconds: float = 1.0) -> Samples:
    """Return the loudest `seconds` of a sound, or all of it if it is shorter."""
    size = min(int(seconds * RATE), len(sound))
    start = int(np.argmax(_energies(sound, size)))
    return sound[start : start + size]


def likeness(heard: Samples, wanted: Samples, *, seconds: float = 1.0) -> float:
    """Return how well the loudest `seconds` of `wanted` are found in `heard`: 1 is the very same sound.

    The measure is the largest normalised cross-correlation, which knows neither level nor delay.
    """
    part = loudest(wanted, seconds)
    size = len(part)
    if size == 0 or len(heard) < size:
        return 0.0
    length = 1 << (len(heard) + size - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(part, length)), length)
    products = products[: len(heard) - size + 1]
    floor = 1e-4 * size * float(np.mean(part**2))
    scale = np.sqrt(np.maximum(_energies(heard, size), floor) * np.sum(part**2))
    return float(np.max(products / scale))


def _energies(samples: Samples, size: int) -> Samples:
    """Return the energy of each stretch of `size` samples, by where it begins."""
    squares = np.concatenate(([0.0], np.cumsum(samples**2)))
    return squares[size:] - squares[: len(squares) - size]


def tone_levels(heard: Samples, hertz: float) -> Samples:
    """Return the amplitude of a tone of `hertz` in each block of `BLOCK` samples."""
    probe = np.exp(-2j * np.pi * hertz * np.arange(BLOCK) / RATE)
    # Not `@`: the threads of its BLAS wait for more by turning, a tenth of a second of a core each time.
    levels: Samples = 2 * np.abs(np.einsum("ij,j", _blocks(heard), probe)) / BLOCK
    return levels


def tone_seconds(heard: Samples, hertz: float) -> float:
    """Return for how many seconds a tone of `hertz` is the main thing heard."""
    power = tone_levels(heard, hertz) ** 2 / 2
    total = np.mean(_blocks(heard) ** 2, axis=1)
    return float(np.count_nonzero((power > 0.5 * total) & (total > 1e-4))) * BLOCK / RATE


def _blocks(heard: Samples) -> Samples:
    return heard[: len(heard) // BLOCK * BLOCK].reshape(-1, BLOCK)


def loudness(heard: Samples) -> float:
    """Return the level of a recording in dB relative to full scale (RMS); silence is -120."""
    power = float(np.mean(heard**2)) if len(heard) else 0.0
    return 10 * float(np.log10(max(power, 1e-12)))
