"""Any program that speaks: text on its stdin, a WAV file on its stdout."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from .errors import EngineUnavailableError, SoundError
from .wav import Sound, parse_wav

SECONDS = 60.0
LANGUAGE = "{language}"


def speak(argv: Sequence[str], text: str, language: str) -> Sound:
    """Return a text as the program speaks it; `{language}` in `argv` is replaced. No shell is involved.

    Raises `EngineUnavailableError` when it cannot be run, `SoundError` when it fails.
    """
    words = [word.replace(LANGUAGE, language) for word in argv]
    mend = f"run it by hand to see why: echo TEXT | {' '.join(words)} > test.wav"
    try:
        done = subprocess.run(  # noqa: S603 - the admin's own settings name the program
            words, input=text.encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except OSError as error:
        raise EngineUnavailableError(
            f"the speech engine {words[0]} cannot be run: {error.strerror}",
            remedy="correct `prompts: {command: ...}` in the settings",
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
