"""Samples as they came made fit for a telephone: silence trimmed, level set, 8 and 16 kHz."""

from __future__ import annotations

import os
import tempfile
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from .errors import SoundError
from .wav import FORMATS, Sound

Samples = npt.NDArray[np.float32]
Finished = npt.NDArray[np.int16]

ACTIVE_LEVEL = -19.0
"""dBFS, RMS of what is speech: the middle of Asterisk's own prompts (French -20.3, English -18.2)."""
HIGHEST_PEAK = -1.0
"""dBFS: room for what a codec adds to a peak."""
HIGHEST_GAIN = 30.0
"""dB: a recording that is quieter than that is mostly noise."""
FRAME_SECONDS = 0.02
SPEECH_BELOW_PEAK = 30.0
"""dB below the loudest frame: what is quieter is a pause, and does not count for the level."""
SILENCE_BELOW_PEAK = 45.0
"""dB below the loudest frame: what is quieter, at the ends, is cut off."""
LEAD_SECONDS, TAIL_SECONDS = 0.06, 0.15
"""Silence left at the ends: prompts played in a row are spaced by it."""


def for_telephone(sound: Sound) -> dict[str, Finished]:
    """Return a sound in each of `FORMATS`, mono, trimmed, at `ACTIVE_LEVEL`.

    Raises `SoundError` on silence.
    """
    samples = np.frombuffer(sound.frames, dtype="<i2").astype(np.float32) / 32768
    mono = samples.reshape(-1, sound.channels).mean(axis=1, dtype=np.float32)
    mono = _trimmed(mono - mono.mean(), sound.rate)
    # what lies above half of each rate, a telephone cannot carry: soxr filters it out
    resampled: dict[str, Samples] = {
        suffix: soxr.resample(mono, sound.rate, rate, quality="HQ") for suffix, rate in FORMATS.items()
    }
    gain = _gain(resampled)
    return {suffix: _finished(each * gain, FORMATS[suffix]) for suffix, each in resampled.items()}


def active_level(samples: Samples, rate: int) -> float:
    """Return the RMS of the frames that hold speech, in dBFS (full-scale square wave: 0)."""
    power = _frame_power(samples, rate)
    speech = power[power >= power.max() * _ratio(-SPEECH_BELOW_PEAK) ** 2]
    return 10 * float(np.log10(speech.mean()))


def write(stem: Path, sounds: Mapping[str, Finished]) -> None:
    """Write a file of each format. Readers see whole files or none."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    for suffix, samples in sounds.items():
        descriptor, name = tempfile.mkstemp(dir=stem.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as raw, wave.open(raw, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(FORMATS[suffix])
                file.writeframes(samples.astype("<i2").tobytes())
            Path(name).chmod(0o644)  # Asterisk may run as another user
            Path(name).replace(f"{stem}{suffix}")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _gain(sounds: Mapping[str, Samples]) -> float:
    peak = max(float(np.abs(each).max()) for each in sounds.values())
    wanted = ACTIVE_LEVEL - active_level(sounds[".wav"], FORMATS[".wav"])
    return min(_ratio(min(wanted, HIGHEST_GAIN)), _ratio(HIGHEST_PEAK) / peak)


def _trimmed(samples: Samples, rate: int) -> Samples:
    power = _frame_power(samples, rate)
    loudest = float(power.max(initial=0.0))
    if loudest < _ratio(-70.0) ** 2:
        raise SoundError("there is no sound in it", remedy="record it again, or change the text")
    heard = np.flatnonzero(power >= loudest * _ratio(-SILENCE_BELOW_PEAK) ** 2)
    frame = int(rate * FRAME_SECONDS)
    return samples[heard[0] * frame : (heard[-1] + 1) * frame]


def _frame_power(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    frame = int(rate * FRAME_SECONDS)
    padded = np.concatenate([samples, np.zeros(-len(samples) % frame, dtype=np.float32)])
    power: npt.NDArray[np.float64] = np.square(padded.reshape(-1, frame), dtype=np.float64).mean(axis=1)
    return power


def _finished(samples: Samples, rate: int) -> Finished:
    lead, tail = (np.zeros(int(rate * seconds), np.float32) for seconds in (LEAD_SECONDS, TAIL_SECONDS))
    whole = np.concatenate([lead, samples, tail])
    finished: Finished = np.rint(whole * 32767).astype(np.int16)
    return finished


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))
