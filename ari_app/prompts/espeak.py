"""espeak-ng through ctypes (`speak_lib.h`), from the wheel that carries it. One process, one thread."""

from __future__ import annotations

import ctypes
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from .engines import WORDS_A_MINUTE
from .errors import EngineUnavailableError, SoundError
from .wav import Sound

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_RATE, _CHARS_UTF8, _POS_CHARACTER = 1, 1, 1
_LONGEST_PATH = 150
"""Bytes. speak_lib keeps its data's path in 160 (N_PATH_HOME)."""
_VOICES = {"no": "nb", "zh": "cmn"}
"""Languages that espeak-ng knows under another code."""
_OTHER_ENGINE = "record the prompts, or use another engine (docs/prompts.md)"

_SYNTH_ARGUMENTS: list[Any] = [
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_uint,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.c_void_p,
    ctypes.c_void_p,
]
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(text: str, language: str) -> Sound:
    """Return a text as espeak-ng speaks it.

    Raises `EngineUnavailableError`, also for a language that it has no voice of.
    """
    engine = _engine()
    use_voice(language)
    engine.library.espeak_SetParameter(_RATE, WORDS_A_MINUTE, 0)
    return Sound(engine.rate, 1, engine.synthesize(text.encode()))


def use_voice(language: str) -> None:
    """Speak a language from here on.

    Raises `EngineUnavailableError` for one that it has no voice of.
    """
    voice = _VOICES.get(language, language)
    if _engine().library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise EngineUnavailableError(f"espeak-ng has no voice for `{language}`", remedy=_OTHER_ENGINE)


class _Engine:
    """The loaded library; `rate` is what it speaks at, in Hz."""

    def __init__(self, library: Any, rate: int) -> None:
        self.library = library
        self.rate = rate
        self._spoken = bytearray()
        self._callback = _Callback(self._take)  # kept: the library holds only its address
        library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._spoken += ctypes.string_at(samples, 2 * count)
        return 0

    def synthesize(self, text: bytes) -> bytes:
        self._spoken.clear()
        result = self.library.espeak_Synth(text, len(text) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        if result != 0 or not self._spoken:
            raise SoundError(f"espeak-ng spoke nothing (error {result})", remedy=_OTHER_ENGINE)
        return bytes(self._spoken)


@cache
def _engine() -> _Engine:
    try:
        import espeakng_loader  # noqa: PLC0415 - a line whose prompts are all recorded needs no engine

        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except (ImportError, OSError) as error:
        raise EngineUnavailableError(f"espeak-ng cannot be loaded: {error}", remedy=_OTHER_ENGINE) from None
    rate: int = library.espeak_Initialize(
        _AUDIO_OUTPUT_SYNCHRONOUS, 0, _short(espeakng_loader.get_data_path()).encode(), _INITIALIZE_DONT_EXIT
    )
    if rate <= 0:
        raise EngineUnavailableError(
            "espeak-ng does not find its voices", remedy="reinstall `espeakng-loader`"
        )
    library.espeak_Synth.argtypes = _SYNTH_ARGUMENTS
    return _Engine(library, rate)


def _short(path: str) -> str:
    """Return a path that the library has room for: a deep folder gets a link from a shallow one."""
    if len(path.encode()) <= _LONGEST_PATH:
        return path
    link = Path(_links().name) / "data"
    link.symlink_to(path)
    return str(link)


@cache
def _links() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="astreinte-")  # removed when the process ends
