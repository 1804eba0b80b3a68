"""What the files say when a line starts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.findings import Finding
from ..core.settings import Settings
from ..records.facts import RostersPublished
from .apart import FileReader, ReadingFailed
from .books import Books, open_books
from .publishing import publish


@dataclass(frozen=True, slots=True)
class FirstReading:
    """The books, their warnings, what goes on record of them, and who reads the files from now on."""

    books: Books
    findings: Sequence[Finding]
    published: RostersPublished
    reader: FileReader


async def read_apart(settings: Settings, reader: FileReader) -> FirstReading:
    """Have the files read by a process that then stands ready for their next versions.

    What is left of reading a thousand teams would take this one as much memory again as the teams do. Raises
    `InvalidConfiguration` with every error.
    """
    with suppress(ReadingFailed):
        async with reader.reading(settings) as apart:
            reading = await apart.reading()
            if reading.books is not None:
                return FirstReading(reading.books, reading.findings, await apart.published(), reader)
    return read_here(settings, reader)  # it says what is wrong


def read_here(settings: Settings, reader: FileReader | None = None) -> FirstReading:
    """Read the files. Raises `InvalidConfiguration` with every error."""
    books, findings = open_books(settings)
    published = publish(books.rosters, datetime.now(UTC))
    books.rosters.pack()
    return FirstReading(books, findings, published, reader or FileReader())
