"""Recordings of talks: their names, in Asterisk and here, and which are to be fetched from there.

A name says all that is needed to delete it on time, should nothing else be known: when its call began, and
after how many days.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from ..core.ids import begun_at
from ..core.settings import Settings

SUFFIX = ".wav"
_NAME = re.compile(r"([0-9]{8}T[0-9]{6}-[0-9a-f]{10})(\.t[0-9]{3})\.([0-9]{1,4})d")


class Name:
    """The name of a recording, without folder and suffix: its `id`, and after how many days it is deleted."""

    def __init__(self, recording: str, keep_days: int) -> None:
        self.id = recording
        self.keep_days = keep_days

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the name that is a text, None if it is none."""
        match = _NAME.fullmatch(text)
        return cls(match[1] + match[2], int(match[3])) if match else None

    def __str__(self) -> str:
        return f"{self.id}.{self.keep_days}d"

    @property
    def call(self) -> str:
        """The id of the call."""
        return self.id.partition(".")[0]

    @property
    def delete_at(self) -> datetime:
        """When it is to be deleted (UTC)."""
        return begun_at(self.call) + timedelta(days=self.keep_days)

    def in_asterisk(self, app: str) -> str:
        """Return the name under which Asterisk has it, in a folder of the application's own."""
        return f"{app}/{self}"

    def file(self, folder: Path) -> Path:
        """Return where it is, or would be."""
        return folder / f"{self}{SUFFIX}"


def folder_of(settings: Settings) -> Path:
    """Return where the recordings of talks are."""
    return settings.data / "recordings"


class Recorded:
    """Tells whoever fetches recordings which are being made by calls in progress, and which just ended."""

    def __init__(self) -> None:
        self.making: set[str] = set()
        self.ended: set[str] = set()
        """Those that Asterisk may be about to end."""
        self._news = asyncio.Event()

    def begins(self, recording: str) -> None:
        """A recording is about to begin."""
        self.making.add(recording)

    def over(self, recording: str) -> None:
        """It is over."""
        self.making.discard(recording)
        self.ended.add(recording)
        self._news.set()

    def wake(self) -> None:
        """Have Asterisk looked at."""
        self._news.set()

    async def told(self) -> None:
        """Wait until there is something to look for."""
        await self._news.wait()
        self._news.clear()
