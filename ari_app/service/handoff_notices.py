"""Tells people who is on next, before each handoff, where rosters say so: once, also across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ..call.desk import Desk
from ..core.logs import get_logger
from ..notify import Notice
from ..records.database import RecordsUnavailable
from ..records.duties import DutyReader
from ..roster.book import RosterBook
from ..roster.duty_shifts import Handoff, handoffs
from .duty_texts import handoff_text

log = get_logger(__name__)

LOOK_EVERY = timedelta(minutes=1)
"""Between two looks whether a notice is due; a clock that is set, or a sleep, is noticed as soon."""
AHEAD = timedelta(hours=6)
"""How far ahead handoffs are worked out at once, which takes some milliseconds a team."""


class HandoffNotices:
    """Sends notices when they are due. `now` is the clock."""

    def __init__(
        self,
        desk: Callable[[], Desk],
        send: Callable[[Notice], None],
        *,
        database_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._desk = desk
        self._send = send
        self._database_url = database_url
        self._now = now
        self._told: set[str] = set()
        self._looked: tuple[RosterBook, datetime, list[Handoff]] | None = None
        """By which rosters, when, and which handoffs are to be told of in the time that follows."""
        self._trouble = ""

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        while True:
            try:
                await self.look(self._now())
            except RecordsUnavailable as error:
                if error.problem != self._trouble:
                    log.warning("handoffs.wait", reason=error.message, remedy=error.remedy)
                self._trouble = error.problem
            except Exception:  # the next handoff is another one
                log.exception("handoffs.defect")
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self, now: datetime) -> None:
        """Send what is due at an instant. Raises `RecordsUnavailable` while it is not known what was sent."""
        desk = self._desk()
        due = []
        for handoff in await self._ahead(desk, now):
            rules = desk.rosters.handoff_notices.get(handoff.team)
            if rules is not None and handoff.start - timedelta(seconds=rules.before) <= now < handoff.start:
                due.append((handoff, rules.to))
        fresh = [about_of(handoff) for handoff, _ in due if about_of(handoff) not in self._told]
        if fresh:
            self._told |= await self._on_record(fresh)
        self._trouble = ""
        for handoff, to in due:
            about = about_of(handoff)
            if about in self._told:
                continue
            self._told.add(about)
            self._send(notice_of(desk, handoff, to))
            log.info(
                "handoff.told",
                team=handoff.team,
                start=handoff.start.isoformat(timespec="seconds"),
                agents=",".join(handoff.agents),
            )

    async def _ahead(self, desk: Desk, now: datetime) -> list[Handoff]:
        """Return the handoffs that are to be told of now, or soon."""
        rosters, at, found = self._looked or (None, now, [])
        if rosters is not desk.rosters or not at <= now < at + AHEAD:
            found = []
            for name, rules in desk.rosters.handoff_notices.items():
                before = timedelta(seconds=rules.before)
                found += handoffs(desk.rosters.teams[name], now, now + before + AHEAD)
                await asyncio.sleep(0)  # calls come first
            self._looked = desk.rosters, now, found
        return found

    async def _on_record(self, abouts: Sequence[str]) -> set[str]:
        try:
            async with DutyReader(self._database_url) as reader:
                return await reader.told_of(abouts)
        except RecordsUnavailable as error:
            if error.problem == "no-records":  # the very first start
                return set()
            raise


def notice_of(desk: Desk, handoff: Handoff, to: tuple[str, ...]) -> Notice:
    """Return what people are told of a handoff."""
    title, body = handoff_text(desk.rosters.teams[handoff.team], handoff, desk.flows.languages[0])
    return Notice(to=to, title=title, body=body, about=about_of(handoff))


def about_of(handoff: Handoff) -> str:
    """Return what a notice is about: the same handoff to others is told of again."""
    return f"handoff/{handoff.team}/{handoff.start.isoformat()}/{','.join(handoff.agents)}"
