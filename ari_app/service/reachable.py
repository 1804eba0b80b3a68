"""Who is unconfirmed at this instant, as the line's records have it: for commands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ..core.settings import Settings


def unconfirmed_now(settings: Settings) -> tuple[set[str], str]:
    """Return the agents who were asked whether they can be reached and have not said so.

    With them, why that is not known, or "". It waits for the database: not for the event loop.
    """
    if settings.database is None and not settings.database_file.exists():
        return set(), ""
    from ..records.database import RecordsUnavailable  # noqa: PLC0415 - a third of a second

    try:
        return asyncio.run(_unconfirmed(settings.database_url)), ""
    except RecordsUnavailable as error:
        asked_nobody = error.problem in {"no-records", "other-schema"}  # no line of this version ran yet
        return set(), "" if asked_nobody else error.message


async def _unconfirmed(database: str) -> set[str]:
    from ..records.duties import DutyReader  # noqa: PLC0415 - the same

    async with DutyReader(database) as reader:
        return await reader.unconfirmed(datetime.now(UTC))
