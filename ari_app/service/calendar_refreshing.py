"""Reads the calendars of a running line anew, each on its interval."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from ..core.feed_address import shown
from ..core.logs import get_logger
from ..core.settings import Settings
from ..roster.calendar_schema import CalendarEntry
from ..roster.calendars import CalendarUnavailable
from .calendars import Refreshed, address_of, copies_of
from .feed_reading import refresh

log = get_logger(__name__)

GLANCE = 5.0
"""Seconds between two looks at which calendars are due."""


class CalendarKeeper:
    """Keeps copies of the calendars in force up to date; asks for `reload` when one says something new."""

    def __init__(
        self,
        calendars: Callable[[], Iterable[CalendarEntry]],
        settings: Callable[[], Settings],
        reload: Callable[[], Awaitable[object]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calendars = calendars
        self._settings = settings
        self._reload = reload
        self._clock = clock
        self._read_at: dict[str, float] = {}
        self._troubles: dict[str, str] = {}

    async def run(self) -> None:
        """Read each calendar now, and then on its interval, until cancelled."""
        while True:
            try:
                await self.read_due()
            except Exception:
                log.exception("calendar.defect")
            await asyncio.sleep(GLANCE)

    async def read_due(self) -> None:
        """Read the calendars whose interval is over."""
        settings = self._settings()
        intervals: dict[str, float] = {}
        for calendar in self._calendars():
            try:
                address = address_of(calendar, settings)
            except CalendarUnavailable:
                continue  # removed from the settings: the files that name it are not taken into use anew
            intervals[address] = min(calendar.every, intervals.get(address, calendar.every))
        now = self._clock()
        due = [each for each, every in intervals.items() if now - self._read_at.get(each, -every) >= every]
        if not due:
            return
        results = await refresh(due, copies_of(settings))
        for address, result in results.items():
            self._read_at[address] = now
            self._tell(address, result)
        if any(result.changed for result in results.values()):
            await self._reload()

    def _tell(self, address: str, result: Refreshed) -> None:
        calendar, trouble = shown(address), result.trouble
        if result.changed:
            log.info("calendar.changed", calendar=calendar)
        if trouble is not None and self._troubles.get(address) != trouble.message:
            self._troubles[address] = trouble.message
            log.warning("calendar.trouble", calendar=calendar, reason=trouble.message, remedy=trouble.remedy)
        elif trouble is None and self._troubles.pop(address, None) is not None:
            log.info("calendar.recovered", calendar=calendar)
