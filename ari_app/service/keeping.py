"""Keeps the files of a running line in force as they are on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from ..core.logs import get_logger
from ..core.settings import Settings
from ..core.tasks import ended
from .files import look, settings_folders
from .line import Line
from .reading import SettingsFile
from .watching import Watch

log = get_logger(__name__)

DAY = 86_400.0
"""Seconds after which files that did not change are read again: time passes for them too, and the schedule on
record must reach far enough."""
TRY_AGAIN = 60.0
"""Seconds until the next try when something else than the files was in the way."""


class FileKeeper:
    """Has a line reload when its files changed (`watch` in the settings), and when somebody asks.

    Make it before the line reads its files: from then on every change counts.
    """

    def __init__(self, file: SettingsFile) -> None:
        self._file = file
        self._seen = look(self._files(file.at_start))
        self._news = asyncio.Event()
        self._asked = False

    def ask(self) -> None:
        """Read the files now, and log what is wrong with them even if it is known."""
        self._asked = True
        self._news.set()

    @asynccontextmanager
    async def keeping(self, line: Line) -> AsyncIterator[None]:
        """Do so for a line while the block lasts."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            with suppress(RuntimeError):  # the loop was closed this very instant
                loop.call_soon_threadsafe(self._news.set)

        def files() -> list[Path]:
            return [*self._files(line.settings), *line.calendar_files]

        watch = Watch(files, changed, seen=self._seen | look(line.calendar_files))
        watching = self._file.at_start.watch
        if watching:
            watch.start()
        task = asyncio.create_task(self._keep(line, DAY if watching else None), name="files")
        try:
            yield
        finally:
            watch.stop()
            await ended(task)

    async def _keep(self, line: Line, usual: float | None) -> None:
        pause = usual
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)
            self._news.clear()
            asked, self._asked = self._asked, False
            pause = usual
            try:
                await line.reload(self._file, again=asked)
            except Exception:  # what is in force stays in force, whatever went wrong
                log.exception("config.reload_failed")
            rejection = line.version.rejection
            if rejection is not None and not rejection.findings:
                pause = TRY_AGAIN

    def _files(self, settings: Settings) -> list[Path]:
        return [self._file.file, *settings_folders(settings)]
