"""One announcement: to whom, in which words, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ..core.prompt import Prompt


class Target(msgspec.Struct, frozen=True):
    """Whose callers hear an announcement: those of a line, or those who are put through to a team."""

    line: str = ""
    team: str = ""

    def __str__(self) -> str:
        return f"line {self.line}" if self.line else f"team {self.team}"


class Words(msgspec.Struct, frozen=True):
    """What is said in one language: a text, or a recording, by the name under which it is kept."""

    text: str = ""
    recording: str = ""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What is said, by language (ISO 639); the first one was given first. Instants are UTC."""

    id: str
    target: Target
    said: dict[str, Words]
    since: datetime
    until: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        """Tell whether callers hear it at an instant."""
        return self.until is None or at < self.until

    def prompts(self, languages: Sequence[str] | None = None) -> list[Prompt]:
        """Return it as prompts: in all of its languages, or in those of some that it has."""
        return [
            Prompt(words.recording or "announcement", language, words.text)
            for language, words in self.said.items()
            if languages is None or language in languages
        ]

    def prompts_for(self, language: str | None) -> list[Prompt]:
        """Return what somebody hears who speaks a language; who speaks another, or any, hears all."""
        return self.prompts([language] if language in self.said else None)
