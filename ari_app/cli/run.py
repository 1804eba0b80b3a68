"""`astreinte run`: the line, until someone stops it."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from pathlib import Path

from ..core import logs
from ..core.settings import Settings, load_settings
from ..pbx import Installation, find_asterisk
from ..service.apart import FileReader, ReadingFailed


def run_line(settings_file: Path | None) -> int:
    """Start the line and serve calls until SIGINT or SIGTERM; return the exit code.

    Raises `AstreinteError` when it cannot start.
    """
    settings = load_settings(settings_file)
    log = settings.log
    logs.configure(format=log.format, level=log.level, file=log.file, mask_numbers=log.mask_numbers)
    installation = _set_up() if settings.asterisk.managed else None
    asyncio.run(_run(settings, settings_file, installation))
    return 0


def _set_up() -> Installation:
    """Return the Asterisk that the line is to start; Ctrl-C ends what may be a long download."""
    from .progress import SetupProgress

    with SetupProgress() as progress:
        return find_asterisk(progress.asterisk)


async def _run(settings: Settings, settings_file: Path | None, installation: Installation | None) -> None:
    """Have the process that reads the files load the program while this one does: callers may be waiting."""
    reader = FileReader()
    try:
        with suppress(ReadingFailed):  # it is started when it is needed, or its work done here
            await reader.start()
        gc.disable()  # what is loaded stays: looking for garbage in it takes a fifth of the start
        from .serving import serve

        gc.enable()
        await serve(settings, settings_file, installation, reader)
    finally:
        await reader.close()
