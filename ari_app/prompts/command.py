"""Any program that speaks: text on its stdin, a WAV file on its stdout."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import EngineUnavailableError, SoundError
from .wav import Sound, parse_wav

SECONDS = 60.0
LANGUAGE = "{language}"
_CORRECT = "correct `prompts: {command: ...}` in the settings"


def speak(argv: Sequence[str], text: str, language: str) -> Sound:
    """Return a text as the program speaks it; `{language}` in `argv` is replaced. No shell is involved.

    Raises `EngineUnavailableError` when it cannot be run, `SoundError` when it fails.
    """
    words = _in_language(argv, language)
    mend = f"run it by hand to see why: echo TEXT | {' '.join(words)} > test.wav"
    try:
        done = subprocess.run(  # noqa: S603 - the admin's own settings name the program
            words, input=text.encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except OSError as error:
        raise EngineUnavailableError(
            f"the speech engine {words[0]} cannot be run: {error.strerror}",
            remedy=_CORRECT,
        ) from None
    except subprocess.TimeoutExpired:
        raise SoundError(f"{words[0]} spoke for more than {SECONDS:.0f} seconds", remedy=mend) from None
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        raise SoundError(f"{words[0]} failed (exit code {done.returncode}): {last}", remedy=mend)
    try:
        return parse_wav(done.stdout)
    except SoundError as error:
        raise SoundError(f"{words[0]} gave what is no speech: {error.message}", remedy=mend) from None


def look_for_voice(argv: Sequence[str], language: str) -> None:
    """Look whether the program, and each file that the command names by its language, is there.

    Raises `EngineUnavailableError`.
    """
    for word, named in zip(argv, _in_language(argv, language), strict=True):
        if LANGUAGE in word and named.startswith("/") and not Path(named).exists():
            raise EngineUnavailableError(
                f"the speech engine {argv[0]} has no voice for `{language}`: there is no {named}",
                remedy=f"put that voice there, or record the prompts in `{language}` (docs/prompts.md)",
            )
    if shutil.which(argv[0]) is None:
        raise EngineUnavailableError(f"the speech engine {argv[0]} cannot be found", remedy=_CORRECT)


def _in_language(argv: Sequence[str], language: str) -> list[str]:
    return [word.replace(LANGUAGE, language) for word in argv]
