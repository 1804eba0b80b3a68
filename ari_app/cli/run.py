"""`astreinte run`: the line, until someone stops it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from ..core import logs
from ..core.settings import Settings, load_settings
from ..service.apart import FileReader, ReadingFailed


def run_line(settings_file: Path | None) -> int:
    """Start the line and serve calls until SIGINT or SIGTERM; return the exit code.

    Raises `AstreinteError` when it cannot start.
    """
    settings = load_settings(settings_file)
    log = settings.log
    logs.configure(format=log.format, level=log.level, file=log.file, mask_numbers=log.mask_numbers)
    asyncio.run(_run(settings, settings_file))
    return 0


async def _run(settings: Settings, settings_file: Path | None) -> None:
    """Have the process that reads the files load the program while this one does: callers may be waiting."""
    reader = FileReader()
    try:
        with suppress(ReadingFailed):  # it is started when it is needed, or its work done here
            await reader.start()
        from .serving import serve

        await serve(settings, settings_file, reader)
    finally:
        await reader.close()
