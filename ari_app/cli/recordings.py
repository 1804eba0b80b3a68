"""`astreinte recordings`: what callers and agents said, where flows have it recorded."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from ..call.recordings import folder_of
from ..core.counted import counted
from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..records.facts import Deleted, RecordingDeleted
from ..records.recordings import RecordingReader, RecordingRecord
from .calls import local, seconds
from .deletion import delete
from .terminal import BOLD, paint, print_table, safe

COLUMNS = ("recording", "begun", "caller", "reason", "team", "agent", "length", "kept until")
LEAST_WANTED = ("reason", "length", "team", "kept until", "agent", "begun")
"""What a narrow terminal does without: `recordings show` has it all."""
WHY = {Deleted.RETENTION: "its time was over", Deleted.COMMAND: "by `astreinte recordings delete`"}


class RecordingGone(AstreinteError):
    """A recording is no more."""


class NotExported(AstreinteError):
    """A recording cannot be written where it is wanted."""


def list_recordings(
    settings_file: Path | None,
    limit: int,
    *,
    call: str = "",
    day: datetime | None = None,
    team: str | None = None,
    agent: str | None = None,
    deleted: bool = False,
) -> int:
    """Print the newest recordings as a table; return the exit code. `day` is one of this machine's."""
    settings = load_settings(settings_file)

    async def read() -> list[RecordingRecord]:
        async with RecordingReader(settings.database_url) as reader:
            return await reader.recordings(
                limit=limit,
                call=call,
                since=day.astimezone() if day else None,
                until=(day + timedelta(days=1)).astimezone() if day else None,
                team=team,
                agent=agent,
                deleted=deleted,
            )

    recordings = asyncio.run(read())
    if not recordings:
        typer.echo("No recording.")
        return 0
    print_table(COLUMNS, [_row(each) for each in recordings], drop=LEAST_WANTED)
    return 0


def _row(recording: RecordingRecord) -> tuple[object, ...]:
    gone = recording.deleted_at is not None
    return (
        recording.id,
        local(recording.begun_at),
        recording.number or "unknown",
        recording.reason,
        recording.team,
        recording.agent,
        seconds(recording.seconds),
        "deleted" if gone else local(recording.delete_at),
    )


def show_recording(settings_file: Path | None, prefix: str) -> int:
    """Print all that is known of a recording; return the exit code."""
    settings = load_settings(settings_file)
    recording = asyncio.run(_recording(settings, prefix))
    facts = {
        "call": recording.call_id,
        "caller": recording.number or "unknown",
        "reason": recording.reason,
        "team": recording.team,
        "agent": recording.agent,
        "begun": local(recording.begun_at),
        "length": f"{seconds(recording.seconds)}, {counted(recording.size, 'byte')}",
        "paused": ", ".join(f"{start:.1f} s to {end:.1f} s" for start, end in recording.pauses),
        "file": folder_of(settings) / recording.file if recording.deleted_at is None else "",
        "kept until": local(recording.delete_at) if recording.deleted_at is None else "",
        "deleted": _deleted(recording),
    }
    typer.echo(paint(f"Recording {safe(recording.id)}", BOLD))
    for name, value in facts.items():
        if value not in (None, ""):
            typer.echo(f"  {name:<10} {safe(value)}")
    return 0


def _deleted(recording: RecordingRecord) -> str:
    if recording.deleted_at is None:
        return ""
    why = next((text for why, text in WHY.items() if why == recording.deleted_why), recording.deleted_why)
    return f"{local(recording.deleted_at)}: {why}"


def export_recording(settings_file: Path | None, prefix: str, target: Path | None) -> int:
    """Copy a recording to a file that only its owner may read; return the exit code."""
    settings = load_settings(settings_file)
    recording = asyncio.run(_recording(settings, prefix))
    path = _path(settings, recording)
    target = target or Path(f"{recording.id}.wav")
    if target.is_dir():
        target /= f"{recording.id}.wav"
    try:
        with path.open("rb") as source:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(source, file)
    except FileExistsError:
        raise NotExported(f"{target} is there already", remedy="name another file") from None
    except OSError as error:
        remedy = "run this as the user of the line, and name a file in a folder that exists"
        raise NotExported(f"{error.filename or target}: {error.strerror}", remedy=remedy) from None
    typer.echo(f"{safe(target)}: {seconds(recording.seconds)}. The line does not delete it: you have to.")
    return 0


def delete_recording(settings_file: Path | None, prefix: str) -> int:
    """Delete a recording before its time is over, and put that on record; return the exit code."""
    settings = load_settings(settings_file)
    recording = asyncio.run(_recording(settings, prefix))
    gone = RecordingDeleted(id=recording.id, at=datetime.now(UTC), why=Deleted.COMMAND)
    delete(_path(settings, recording), settings, gone)
    typer.echo(f"The recording {safe(recording.id)} is deleted.")
    return 0


async def _recording(settings: Settings, prefix: str) -> RecordingRecord:
    async with RecordingReader(settings.database_url) as reader:
        return await reader.recording(prefix)


def _path(settings: Settings, recording: RecordingRecord) -> Path:
    path = folder_of(settings) / recording.file
    if recording.deleted_at is not None:
        remedy = "none: that it was there stays on record, what was said does not"
        raise RecordingGone(f"{recording.id} was deleted on {_deleted(recording)}", remedy=remedy)
    if not path.is_file():
        remedy = "name the folder `data` of the line that recorded it in the settings, or restore the file"
        raise RecordingGone(f"the file of {recording.id} is not there: {path}", remedy=remedy)
    return path
