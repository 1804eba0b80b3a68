"""The deletion, by a command, of what somebody said on the telephone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..core.errors import AstreinteError
from ..core.settings import Settings
from ..records.facts import MessageDeleted, RecordingDeleted
from ..records.recorder import Recorder


class NotDeleted(AstreinteError):
    """A file is still there."""


def delete(path: Path, settings: Settings, deleted: MessageDeleted | RecordingDeleted) -> None:
    """Delete a file, and put on record that it is no more; raises `NotDeleted`."""
    try:
        path.unlink()
    except OSError as error:
        remedy = "run this as the user of the line"
        raise NotDeleted(f"{error.filename}: {error.strerror}", remedy=remedy) from None
    asyncio.run(_put_on_record(settings, deleted))


async def _put_on_record(settings: Settings, deleted: MessageDeleted | RecordingDeleted) -> None:
    recorder = Recorder(settings.database_url, spill=settings.data / "unsaved.jsonl")
    await recorder.start()
    recorder.put_entry(deleted)
    await recorder.stop()
