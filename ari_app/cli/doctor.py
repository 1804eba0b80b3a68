"""`astreinte doctor`: is anything in the way of serving calls?"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from ..ami import AmiClient
from ..ami.errors import AmiError
from ..ari import AriClient
from ..ari.errors import ApplicationUnknown, AriError
from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..pbx import LineConfig
from ..records.reader import Reader
from ..service.books import open_books
from ..service.managed import reaching

LOW_DISK = 200_000_000
"""Bytes: below it, records and logs are about to be refused."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at: `trouble` is None when it is well."""

    what: str
    seen: str
    trouble: AstreinteError | None = None
    fatal: bool = True
    """Whether calls cannot be served because of it."""


def run_doctor(settings_file: Path | None) -> int:
    """Look at everything, print what was seen and what to do; return the exit code."""
    settings = load_settings(settings_file)
    return asyncio.run(_print_all(settings))


async def _print_all(settings: Settings) -> int:
    sick = 0
    async for diagnosis in examine(settings):
        if diagnosis.trouble is None:
            mark, colour = "ok  ", typer.colors.GREEN
        else:
            mark, colour = ("FAIL", typer.colors.RED) if diagnosis.fatal else ("warn", typer.colors.YELLOW)
            sick += diagnosis.fatal
        typer.echo(f"{typer.style(mark, fg=colour)}  {diagnosis.what:<10} {diagnosis.seen}")
        if diagnosis.trouble is not None:
            typer.echo(f"      → {diagnosis.trouble.remedy}")
    typer.echo("\nCalls can be served." if not sick else f"\n{sick} in the way of serving calls.")
    return 1 if sick else 0


async def examine(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Look at the files, the disk, the records, and each way to Asterisk, one after the other."""
    yield _files(settings)
    yield _disk(settings)
    yield await _records(settings)
    if settings.asterisk.managed:
        try:
            settings = reaching(settings, LineConfig.load(settings.data / "asterisk"))
        except OSError:
            yield Diagnosis(
                "asterisk",
                "the line's own Asterisk has never been started here",
                AstreinteError("never started", remedy="start the line: `astreinte run`"),
            )
            return
    yield await _ari(settings)
    yield await _ami(settings)
    yield await _agi(settings)


def _files(settings: Settings) -> Diagnosis:
    try:
        books, warnings = open_books(settings)
    except AstreinteError as error:
        return Diagnosis("files", f"errors in {settings.rosters} or {settings.flows}", error)
    seen = f"{len(books.rosters.teams)} teams, {len(books.flows.flows)} flows, {len(warnings)} warnings"
    return Diagnosis("files", seen)


def _disk(settings: Settings) -> Diagnosis:
    folder = next(each for each in (settings.data, *settings.data.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1e9:.1f} GB free at {folder}"
    if not os.access(folder, os.W_OK):
        error = AstreinteError(
            "not writable", remedy=f"let this user write to {folder}, or set `data` in the settings"
        )
        return Diagnosis("disk", f"{folder} cannot be written", error)
    if free < LOW_DISK:
        return Diagnosis("disk", seen, AstreinteError("low", remedy="free some space: records need it"))
    return Diagnosis("disk", seen)


async def _records(settings: Settings) -> Diagnosis:
    unsaved = settings.data / "unsaved.jsonl"
    try:
        async with Reader(settings.database_url) as reader:
            calls = await reader.calls(limit=1)
    except AstreinteError as error:
        return Diagnosis("records", error.message, error, fatal=False)
    newest = f"the newest call is {calls[0].id}" if calls else "no call yet"
    if unsaved.exists():
        waiting = AstreinteError("unsaved", remedy="the next start of the line reads them in")
        return Diagnosis("records", f"{newest}; facts wait in {unsaved}", waiting, fatal=False)
    return Diagnosis("records", newest)


async def _ari(settings: Settings) -> Diagnosis:
    ari = settings.ari
    client = AriClient(
        url=ari.url,
        username=ari.username,
        password=ari.password.get_secret_value(),
        app=f"{ari.app}-doctor",
    )
    try:
        async with client:
            version = (await client.asterisk.info()).system.version
            await client.applications.get(ari.app)
    except ApplicationUnknown:
        absent = AstreinteError("line down", remedy="start the line: `astreinte run`")
        return Diagnosis("ARI", f"Asterisk {version} at {ari.url}; the line is not connected to it", absent)
    except AriError as error:
        return Diagnosis("ARI", error.message, error)
    return Diagnosis("ARI", f"Asterisk {version} at {ari.url}; the line is connected to it")


async def _ami(settings: Settings) -> Diagnosis:
    ami = settings.ami
    client = AmiClient(ami.host, ami.port, ami.username, ami.password.get_secret_value())
    try:
        await client.start()
        fallback = await client.db_get("astreinte", "fallback/default")
    except AmiError as error:
        return Diagnosis("AMI", f"{error.message}; calls are served without it", error, fatal=False)
    finally:
        await client.close()
    who = f"rings {fallback}" if fallback else "rings nobody: callers would hear an apology"
    return Diagnosis("AMI", f"connected; while the line is away, Asterisk {who}")


async def _agi(settings: Settings) -> Diagnosis:
    host, port = settings.agi.host, settings.agi.port
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        error = AstreinteError("no AGI", remedy="start the line; plain dialplans cannot ask who is on call")
        return Diagnosis("AGI", f"nobody answers at {host}:{port}", error, fatal=False)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return Diagnosis("AGI", f"answers at {host}:{port}")
