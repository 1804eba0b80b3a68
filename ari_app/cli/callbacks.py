"""`astreinte callbacks`: who waits to be called back, what became of it, and a way to call it off."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from ..core.settings import load_settings
from ..records.callbacks import CallbackReader, CallbackRecord, UnknownCallback, cancel
from ..records.facts import CallbackState
from .calls import local
from .terminal import print_table

COLUMNS = ("callback", "number", "reason", "asked", "state", "tries", "next", "until", "last")
LEAST_WANTED = ("until", "reason", "asked", "tries", "next", "last")
"""What a narrow terminal does without."""


def list_callbacks(settings_file: Path | None, limit: int, *, over: bool) -> int:
    """Print who waits to be called back, next first; with `over` the latest wishes, newest first."""
    settings = load_settings(settings_file)
    wishes = asyncio.run(_wishes(settings.database_url, limit, over=over))
    if not wishes:
        typer.echo("Nobody has asked to be called back." if over else "Nobody waits to be called back.")
        return 0
    print_table(COLUMNS, [_row(wish) for wish in wishes], drop=LEAST_WANTED)
    return 0


def _row(wish: CallbackRecord) -> tuple[object, ...]:
    waits = wish.state == CallbackState.WAITING
    return (
        wish.id,
        wish.number,
        wish.reason,
        local(wish.asked_at),
        wish.state,
        f"{wish.counted}/{wish.attempts}",
        local(wish.next_at) if waits else "",
        local(wish.ended_at or wish.until),
        wish.result,
    )


async def _wishes(database_url: str, limit: int, *, over: bool) -> list[CallbackRecord]:
    async with CallbackReader(database_url) as reader:
        if over:
            return await reader.callbacks(limit=limit)
        return (await reader.open_callbacks())[:limit]


def cancel_callback(settings_file: Path | None, prefix: str) -> int:
    """Call a callback off; return the exit code."""
    settings = load_settings(settings_file)
    wish = asyncio.run(_cancelled(settings.database_url, prefix))
    typer.echo(f"{wish.number} is not called back.")
    if wish.state == CallbackState.CALLING:
        typer.echo("Telephones ring, or the two talk: what rings stops in a second, who talks talks on.")
    return 0


async def _cancelled(database_url: str, prefix: str) -> CallbackRecord:
    async with CallbackReader(database_url) as reader:
        wish = await reader.callback(prefix)
        if wish.ended_at is not None:
            raise UnknownCallback(
                f"{wish.id} is over: {wish.state}", remedy="see who waits with `astreinte callbacks`"
            )
    await cancel(database_url, wish.id)
    return wish
