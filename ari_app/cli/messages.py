"""`astreinte messages`: what callers left on the answering machine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from ..call.messages import folder_of
from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..records.facts import MessageDeleted, NoticeState
from ..records.messages import MessageReader, MessageRecord
from .calls import local, seconds
from .deletion import delete
from .terminal import print_table, safe

COLUMNS = ("message", "left", "caller", "reason", "team", "length", "told")
LEAST_WANTED = ("reason", "length", "team", "left")


class MessageGone(AstreinteError):
    """The sound of a message is no more."""


def list_messages(settings_file: Path | None, limit: int) -> int:
    """Print the newest messages as a table; return the exit code."""
    settings = load_settings(settings_file)

    async def read() -> list[MessageRecord]:
        async with MessageReader(settings.database_url) as reader:
            return await reader.messages(limit=limit)

    messages = asyncio.run(read())
    if not messages:
        typer.echo("No message.")
        return 0
    print_table(COLUMNS, [_row(each) for each in messages], drop=LEAST_WANTED)
    return 0


def _row(message: MessageRecord) -> tuple[object, ...]:
    return (
        message.id,
        local(message.left_at),
        message.number or "unknown",
        message.reason,
        message.team,
        seconds(message.seconds),
        _told(message),
    )


def _told(message: MessageRecord) -> str:
    """Return who was told, and who was not."""
    told: dict[str, list[str]] = {}
    for notice in message.notices:
        told.setdefault(notice.recipient, []).append(notice.state)
    texts = []
    for recipient, states in told.items():
        left = [state for state in states if state != NoticeState.SENT]
        some = f"{len(states) - len(left)} of {len(states)}, " if 0 < len(left) < len(states) else ""
        texts.append(f"{recipient} ({some}{left[0]})" if left else recipient)
    return ", ".join(texts) or "nobody"


def print_path(settings_file: Path | None, prefix: str) -> int:
    """Print where the sound of a message is; return the exit code."""
    settings = load_settings(settings_file)
    typer.echo(_path(settings, asyncio.run(_message(settings, prefix))))
    return 0


def delete_message(settings_file: Path | None, prefix: str) -> int:
    """Delete the sound of a message, and put that on record; return the exit code."""
    settings = load_settings(settings_file)
    message = asyncio.run(_message(settings, prefix))
    delete(_path(settings, message), settings, MessageDeleted(id=message.id, at=datetime.now(UTC)))
    typer.echo(f"The message {safe(message.id)} is deleted.")
    return 0


async def _message(settings: Settings, prefix: str) -> MessageRecord:
    async with MessageReader(settings.database_url) as reader:
        return await reader.message(prefix)


def _path(settings: Settings, message: MessageRecord) -> Path:
    path = folder_of(settings) / message.file
    if message.deleted_at is not None:
        raise MessageGone(
            f"the sound of the message {message.id} was deleted on {local(message.deleted_at)}",
            remedy=f"messages are kept for {settings.messages.keep_days} days (`messages: {{keep_days: …}}`)",
        )
    if not path.is_file():
        remedy = "name the folder `data` of the line that took it in the settings, or restore the file"
        raise MessageGone(f"the file of {message.id} is not there: {path}", remedy=remedy)
    return path
