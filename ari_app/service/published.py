"""What was published before the files that are checked, as the line's records have it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ..core.errors import AstreinteError
from ..core.findings import Finding
from ..core.settings import Settings
from ..roster.notice import Published

VERSIONS = 50
"""How far back a version that says something else is looked for."""


class PublishedBefore:
    """Finds what was published before files with a given hash; `findings` tells why it could not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.findings: list[Finding] = []

    def __call__(self, content: str) -> Published | None:
        """Return what was published before; None when nothing was, or it is not known.

        It waits for the database: not for the event loop.
        """
        if self._settings.database is None and not self._settings.database_file.exists():
            return None
        from ..records.database import InvalidDatabaseUrl, RecordsUnavailable  # noqa: PLC0415 - a third of a second

        try:
            return asyncio.run(_before(self._settings.database_url, content))
        except RecordsUnavailable as error:
            if error.problem != "no-records":
                self.findings.append(_unknown(self._settings, error))
        except InvalidDatabaseUrl:  # told of where the settings are checked
            pass
        return None


async def _before(database: str, content: str) -> Published | None:
    from ..records.reader import Reader  # noqa: PLC0415 - the same

    async with Reader(database) as reader:
        versions = await reader.roster_versions(limit=VERSIONS)
        told_at = datetime.now(UTC)
        while versions and versions[0].hash == content:  # these files are in force already
            told_at = versions.pop(0).since
        if not versions:
            return None
        schedule = await reader.published_schedule(versions[0].id)
    shifts = [shift for shifts in schedule.values() for shift in shifts]
    return Published(shifts, versions[0].published_until, told_at)


def _unknown(settings: Settings, error: AstreinteError) -> Finding:
    return Finding(
        *settings.place("database"),
        message="whether changes of the rosters come too late is not known",
        found=error.message,
        expected="the records of the line, with what was published before",
        remedy=error.remedy,
        severity="note",
    )
