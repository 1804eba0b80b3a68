"""Sounds that a fifth of a second tells apart: what the line says in these tests, and people's voices."""

from __future__ import annotations

import hashlib
import os
import shutil
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ari_app.core.prompt import Prompt
from ari_app.core.settings import Settings
from ari_app.network.hearing import ALIKE, RATE, Samples, likeness, read_wav
from ari_app.service.announcing import spoken_beside

PART = RATE // 5
"""Samples of the parts that a sound is looked for in: long enough to be no other's."""
TELEPHONE_BAND = (300.0, 3400.0)
"""Hz: what G.711 carries."""


def write_hiss(path: Path, seconds: float) -> None:
    """Write a noise of its own, the same at every run, for the file's name: it is like no other sound."""
    seed = hashlib.sha256("/".join(path.parts[-2:]).encode()).digest()
    samples = np.random.default_rng(list(seed)).standard_normal(int(seconds * RATE))
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < TELEPHONE_BAND[0]) | (hertz > TELEPHONE_BAND[1])] = 0
    samples = np.fft.irfft(spectrum, len(samples))
    samples *= 0.1 / float(np.sqrt(np.mean(samples**2)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


@dataclass(frozen=True)
class Recordings:
    """The recorded prompts of the line under test; `made` is where it keeps what it makes of them."""

    folder: Path
    made: Path

    def add(self, names: Iterable[str], languages: Iterable[str], seconds: float) -> None:
        """Record prompts of these names, in each language."""
        for name in names:
            for language in languages:
                write_hiss(self.folder / language / f"{name}.wav", seconds)

    def with_more(self, folder: Path, names: Iterable[str], seconds: float) -> Recordings:
        """Return these and some more, in a folder of their own."""
        shutil.copytree(self.folder, folder, copy_function=os.link)
        more = Recordings(folder, self.made)
        more.add(names, [path.name for path in folder.iterdir()], seconds)
        return more

    def parts(self, name: str, language: str) -> list[Samples]:
        """Return a prompt cut into parts of a fifth of a second."""
        samples = read_wav(self.folder / language / f"{name}.wav")
        return [samples[at : at + PART] for at in range(0, len(samples) - PART + 1, PART)]


async def spoken(settings: Settings, name: str, text: str, language: str = "fr") -> Path:
    """Return the sound of words that stand in none of a line's files, as its speech engine speaks them."""
    store, prompt = spoken_beside(settings), Prompt(name, language, text)
    await store.prepare([prompt])
    return store.path(prompt)


def parts_heard(heard: Samples, parts: list[Samples]) -> int:
    """Return how many of the parts were heard."""
    return sum(likeness(heard, part, seconds=PART / RATE) > ALIKE for part in parts)
