"""Keeps the announcements of a running line as they are on the board, from the moment that it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from ..announcements.announcement import Announcement
from ..announcements.board import Board
from ..call.announcements import Announcements
from ..core.errors import AstreinteError
from ..core.logs import get_logger
from ..core.settings import Settings
from ..core.tasks import ended
from ..prompts import PromptStore
from .files import look
from .watching import Watch

log = get_logger(__name__)

HEAD_START = 2.0
"""Seconds until a start goes on although the sound of what is on is not there yet."""
TRY_AGAIN = 30.0
"""Seconds until the next try when something was in the way."""


def spoken_beside(settings: Settings) -> PromptStore:
    """Return a store for what the files do not have: nothing else that is being made holds it up."""
    recordings = Board(settings.data).folder
    return PromptStore.from_settings(settings.prompts.model_copy(update={"recordings": recordings}))


class AnnouncementKeeper:
    """Watches the board; makes the sound of what is new, and only then lets callers hear it."""

    def __init__(self, settings: Settings, announcements: Announcements) -> None:
        self._board = Board(settings.data)
        self._announcements = announcements
        self._news = asyncio.Event()
        self._looked = asyncio.Event()
        self._trouble = ""

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Do so while the block lasts."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            with suppress(RuntimeError):  # the loop was closed this very instant
                loop.call_soon_threadsafe(self._news.set)

        files = [self._board.file]
        watch = Watch(lambda: files, changed, seen=look(files))
        watch.start()
        task = asyncio.create_task(self._keep(), name="announcements")
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._looked.wait(), HEAD_START)
            yield
        finally:
            watch.stop()
            await ended(task)

    async def _keep(self) -> None:
        """Look at the board at each change; what is still being made for an older state is dropped."""
        while True:
            self._news.clear()
            looking = asyncio.create_task(self._look())
            changing = asyncio.create_task(self._news.wait())
            try:
                await asyncio.wait([looking, changing], return_when=asyncio.FIRST_COMPLETED)
                if looking.done():
                    self._looked.set()
                    await asyncio.wait([changing], timeout=None if looking.result() else TRY_AGAIN)
            finally:
                await ended(looking, changing)

    async def _look(self) -> bool:
        """Let callers hear what is on the board; False if some of it cannot be had."""
        try:
            now, board = datetime.now(UTC), await asyncio.to_thread(self._board.read)
        except AstreinteError as error:
            self._tell("", error)
            return False
        wanted = [each for each in board if each.is_on(now)]
        kept = [each for each in self._announcements.on if each in wanted]
        for each in self._announcements.on:
            if each not in kept:
                log.info("announcement.off", announcement=each.id, to=str(each.target))
        self._announcements.on = kept
        ready = [await self._prepare(each) for each in wanted if each not in kept]
        if all(ready):
            self._trouble = ""
        return all(ready)

    async def _prepare(self, announcement: Announcement) -> bool:
        try:
            await self._announcements.prompts.prepare(announcement.prompts())
        except AstreinteError as error:
            self._tell(announcement.id, error)
            return False
        except Exception:  # what callers hear already is heard on
            log.exception("announcement.defect", announcement=announcement.id)
            return False
        self._announcements.on = [*self._announcements.on, announcement]
        log.info(
            "announcement.on",
            announcement=announcement.id,
            to=str(announcement.target),
            languages=",".join(announcement.said),
            until=announcement.until.isoformat() if announcement.until else None,
        )
        return True

    def _tell(self, announcement: str, error: AstreinteError) -> None:
        """Log what is in the way, once."""
        if error.message != self._trouble:
            self._trouble = error.message
            log.error(
                "announcement.failed", announcement=announcement, reason=error.message, remedy=error.remedy
            )
