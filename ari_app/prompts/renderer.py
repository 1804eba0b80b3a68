"""The process that makes audio: one job a line on stdin (JSON, see `rendering.Job`), one answer a line.

An answer is `null` or `{"message", "remedy"}`. Run as `python -m ari_app.prompts.renderer KIND COMMAND…`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import AstreinteError
from . import audio, command, espeak
from .wav import Sound, parse_wav

NICENESS = 10
"""Calls in progress come first: a reload renders while people talk."""


def speak(kind: str, argv: Sequence[str], text: str, language: str) -> Sound:
    """Return a text as an engine speaks it. Raises `AstreinteError`."""
    if kind == "command":
        return command.speak(argv, text, language)
    return espeak.speak(text, language)


def make(kind: str, argv: Sequence[str], job: dict[str, str | None]) -> None:
    """Do one job. Raises `AstreinteError`, or `OSError` when a file cannot be read or written."""
    if job["recording"] is not None:
        sound = parse_wav(Path(job["recording"]).read_bytes())
    else:
        sound = speak(kind, argv, job["text"] or "", job["language"] or "")
    audio.write(Path(job["stem"] or ""), audio.for_telephone(sound))


def main() -> None:
    """Do jobs until stdin ends."""
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what C code prints is no answer
    kind, *argv = sys.argv[1:]
    for line in sys.stdin.buffer:
        answer: dict[str, str] | None = None
        try:
            make(kind, argv, json.loads(line))
        except AstreinteError as error:
            answer = {"message": error.message, "remedy": error.remedy}
        except OSError as error:
            remedy = "check that the folder of the prompts can be written to and has room"
            answer = {"message": str(error), "remedy": remedy}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
