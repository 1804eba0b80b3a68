"""A thing that the line says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """Words to be heard: flows name them, the prompts room makes audio of them, a phone plays them.

    `name` is what an admin calls it (a recording `<language>/<name>.wav` beats the engine),
    `language` an ISO 639-1 code, `text` what is spoken.
    """

    name: str
    language: str
    text: str
