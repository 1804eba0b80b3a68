"""Which program speaks, and what makes its voice the one that it is.

To add an engine: a `kind`, its `fingerprint`, how to look for its voice, and its line in `renderer.speak`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from . import command
from .errors import EngineUnavailableError

WORDS_A_MINUTE = 150
"""espeak-ng's own scale; measured, it says about 160 French words a minute, pauses included: the
pace at which people take in what they hear for the first time, on a telephone."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and its settings. `command` is for the kind of the same name."""

    kind: Literal["espeak", "command"] = "espeak"
    command: Sequence[str] = ()

    def fingerprint(self) -> str:
        """Return what changes when the voice changes: audio made under another one is made again.

        Raises `EngineUnavailableError`.
        """
        if self.kind == "espeak":
            try:
                return f"espeak {metadata.version('espeakng-loader')} {WORDS_A_MINUTE}"
            except metadata.PackageNotFoundError:
                raise EngineUnavailableError(
                    "the speech engine espeak-ng is not installed",
                    remedy="run `pip install espeakng-loader`, set `prompts: {engine: command}`, "
                    "or record the prompts (docs/prompts.md)",
                ) from None
        if not self.command:
            raise EngineUnavailableError(
                "the speech engine `command` has no command",
                remedy="set `prompts: {command: [...]}` in the settings (docs/prompts.md)",
            )
        files = [Path(word) for word in self.command]
        stamps = [(str(file), *_stamp(file)) for file in files]  # a model may be replaced under its name
        return f"command {json.dumps(stamps)}"

    def look_for_voice(self, language: str) -> None:
        """Look whether it speaks a language, as far as can be known without a word.

        Raises `EngineUnavailableError`.
        """
        self.fingerprint()
        if self.kind == "espeak":
            from .espeak import use_voice  # noqa: PLC0415 - loads the library, which a running line does not

            use_voice(language)
        else:
            command.look_for_voice(self.command, language)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except (OSError, ValueError):
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
