"""What is wrong with an installation: one look a function, each says what it saw and what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ..ami import AmiClient
from ..ami.errors import AmiError
from ..ari import AriClient
from ..ari.errors import ApplicationUnknown, AriError
from ..core.counted import counted
from ..core.errors import AstreinteError
from ..core.findings import Finding
from ..core.settings import Settings
from ..notify.parcel import Parcel
from ..notify.sending import sent
from ..pbx import LineConfig
from ..records.database import Database
from ..records.reader import Reader
from ..records.troubles import explain
from .books import Books, read_books
from .fallback import FAMILY, KEY
from .instance import holder_of
from .managed import reaching
from .reloading import brief
from .status import read_status

LOW_DISK = 200_000_000
"""Bytes: below it, records and logs are about to be refused."""
PATIENCE = 1.5
"""Seconds for each thing that is asked; they are all asked at once."""
AMI_WAIT = 1.0
"""Seconds that AMI may take to let us in; less, so that its own words for the trouble are heard."""
READING_SECONDS = 10.0
"""Seconds that reading the addresses of those who are told things may take; it takes one."""
LOCKED_AFTER = 0.5
"""Seconds to wait for the database's lock: the line holds it for milliseconds."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at: `remedy` is empty when it is well, `fatal` says that it prevents serving calls."""

    what: str
    seen: str
    remedy: str = ""
    fatal: bool = False


async def examine(settings: Settings) -> list[Diagnosis]:
    """Look at the files, the disk, the records, and each way to Asterisk."""
    books, findings = await asyncio.to_thread(read_books, settings)
    if settings.asterisk.managed:
        try:
            settings = reaching(settings, LineConfig.load(settings.data / "asterisk"))
        except (OSError, ValueError, TypeError, KeyError):
            never = "the line's own Asterisk has never been started here"
            start = Diagnosis("Asterisk", never, "start the line: `astreinte run`", fatal=True)
            return [_files(settings, books, findings, serving=False), _disk(settings), start]
    records, ari, ami, agi, notices = await asyncio.gather(
        _patiently("records", _records(settings)),
        _patiently("ARI", _ari(settings), fatal=True),
        _patiently("AMI", _ami(settings, books)),
        _patiently("AGI", _agi(settings)),
        _notices(settings),
    )
    serving = not any(each.fatal for each in ari)
    here = [_files(settings, books, findings, serving=serving), _disk(settings)]
    return [*here, *records, *ari, *ami, *agi, *notices]


async def _patiently(what: str, look: Awaitable[list[Diagnosis]], *, fatal: bool = False) -> list[Diagnosis]:
    try:
        return await asyncio.wait_for(look, PATIENCE)
    except TimeoutError:
        seen = f"no answer within {PATIENCE:g} s"
        return [
            Diagnosis(
                what, seen, "see whether that machine is up and busy, and what the way there drops", fatal
            )
        ]


def _files(
    settings: Settings, books: Books | None, findings: Sequence[Finding], *, serving: bool
) -> Diagnosis:
    errors = [finding for finding in findings if finding.severity == "error"]
    status = read_status(settings.data) if holder_of(settings.data) is not None else None
    if books is None:
        meanwhile = "; the running line keeps the last good version" if serving else ""
        since = f" of {status.since}" if meanwhile and status is not None else ""
        seen = f"{counted(len(errors), 'error')}, the first is {brief(errors[0])}{meanwhile}{since}"
        return Diagnosis("files", seen, "run `astreinte check`, which tells them all", fatal=not serving)
    seen = f"{counted(len(books.rosters.teams), 'team')}, {counted(len(books.flows.flows), 'flow')}"
    if status is not None and status.reason:
        seen = f"{seen}; the running line keeps those of {status.since}: {status.reason}"
        return Diagnosis("files", seen, status.remedy)
    if status is not None:
        edits = f"{counted(status.reloaded, 'edit')} taken, {status.rejected} rejected"
        seen = f"{seen}, in force since {status.since} ({edits})"
    warnings = sum(finding.severity == "warning" for finding in findings)
    if warnings:
        return Diagnosis(
            "files", f"{seen}, {counted(warnings, 'warning')}", "run `astreinte check`, which tells them"
        )
    return Diagnosis("files", seen)


def _disk(settings: Settings) -> Diagnosis:
    folder = next(each for each in (settings.data, *settings.data.parents) if each.exists())
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Diagnosis("disk", f"{folder}: {error.strerror}", "see to the disk (`dmesg`, `df`)")
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = f"let this user write to {folder}, or set `data` in the settings: records need it"
        return Diagnosis("disk", f"{folder} cannot be written", remedy)
    seen = f"{free / 1e9:.1f} GB free at {folder}"
    return Diagnosis("disk", seen, "free some space: records and logs need it" if free < LOW_DISK else "")


async def _records(settings: Settings) -> list[Diagnosis]:
    try:
        async with Reader(settings.database_url) as reader:
            newest = await reader.calls(limit=1)
        await asyncio.to_thread(_try_to_write, Database.at(settings.database_url))
    except AstreinteError as error:
        return [Diagnosis("records", error.message, error.remedy)]
    seen = f"the newest call is {newest[0].id}" if newest else "no call yet"
    unsaved = settings.data / "unsaved.jsonl"
    if unsaved.exists():
        return [
            Diagnosis(
                "records", f"{seen}; facts wait in {unsaved}", "the next start of the line reads them in"
            )
        ]
    return [Diagnosis("records", seen)]


def _try_to_write(database: Database) -> None:
    """Raise what the line would meet if it wrote to an SQLite file now; nothing is written."""
    if database.file is None:
        return
    try:
        connection = sqlite3.connect(
            f"{database.file.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=LOCKED_AFTER,
            isolation_level=None,
        )
        with closing(connection):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise explain(error, database) from error


async def _ari(settings: Settings) -> list[Diagnosis]:
    ari = settings.ari
    client = AriClient(
        url=ari.url,
        username=ari.username,
        password=ari.password.get_secret_value(),
        app=f"{ari.app}-doctor",
        deadline=PATIENCE,
    )
    try:
        async with client:
            version = (await client.asterisk.info()).system.version
            await client.applications.get(ari.app)
    except ApplicationUnknown:
        seen = f"Asterisk {version} at {ari.url}; the line is not connected to it"
        return [Diagnosis("ARI", seen, _how_to_connect(settings), fatal=True)]
    except AriError as error:
        remedy = "start the line: `astreinte run`" if settings.asterisk.managed else error.remedy
        return [Diagnosis("ARI", error.message, remedy, fatal=True)]
    return [Diagnosis("ARI", f"Asterisk {version} at {ari.url}; the line is connected to it")]


def _how_to_connect(settings: Settings) -> str:
    pid = holder_of(settings.data)
    if pid is None:
        return "start the line: `astreinte run`, or its service"
    return f"the line runs (process {pid}): its log says what keeps it from connecting"


async def _ami(settings: Settings, books: Books | None) -> list[Diagnosis]:
    ami = settings.ami
    client = AmiClient(
        ami.host,
        ami.port,
        ami.username,
        ami.password.get_secret_value(),
        deadline=PATIENCE,
        boot_deadline=PATIENCE,
    )
    try:
        await client.start(wait=AMI_WAIT)
        dials = await client.db_tree(FAMILY, KEY)
    except AmiError as error:
        return [Diagnosis("AMI", f"{error.message}; calls are served without it", error.remedy)]
    else:
        found = [_fallback(settings, dials)]
        if books is not None:
            found += [_phones(books, client), *_trunk(settings, books, client)]
        return found
    finally:
        await client.close()


def _fallback(settings: Settings, dials: dict[str, str]) -> Diagnosis:
    missing = [line for line in settings.lines if line not in dials]
    if missing:
        seen = f"connected; while the line is away, Asterisk rings nobody for {', '.join(missing)}"
        return Diagnosis("AMI", seen, "start the line, or reload it: it writes down who is on call")
    rung = ", ".join(f"{dials[line] or 'nobody'} ({line})" for line in settings.lines)
    return Diagnosis("AMI", f"connected; while the line is away, Asterisk rings {rung}")


def _phones(books: Books, client: AmiClient) -> Diagnosis:
    """Look whether the phones of those on call now can be reached."""
    now = datetime.now(UTC)
    on_call = {
        each.agent for team in books.rosters.teams for each in books.rosters.plan_for_team(team, now).agents()
    }
    phones = sorted({phone.address for agent in on_call for phone in agent.phones if phone.scheme == "sip"})
    away = [name for name in phones if client.state(name).unreachable or client.state(name) == "UNKNOWN"]
    if not away:
        return Diagnosis("phones", f"the {len(phones)} phones of those on call are registered")
    seen = f"not registered, of those on call: {', '.join(away)}"
    return Diagnosis(
        "phones", seen, "register them (`pjsip show contacts` in Asterisk), or give agents a `tel:`"
    )


def _trunk(settings: Settings, books: Books, client: AmiClient) -> list[Diagnosis]:
    """Look whether the trunk answers, if there are phones behind it."""
    name = settings.dial.trunk
    phones = (phone for agent in books.rosters.agents.values() for phone in agent.phones)
    if not any(phone.scheme == "tel" for phone in phones):
        return []
    state = client.state(name)
    if state.unreachable or state == "UNKNOWN":
        remedy = f"look at [{name}] in pjsip.conf, or name another endpoint in `dial: {{trunk: ...}}`"
        return [Diagnosis("trunk", f"`{name}` does not answer: `tel:` phones cannot be rung", remedy)]
    return [Diagnosis("trunk", f"`{name}` answers")]


async def _agi(settings: Settings) -> list[Diagnosis]:
    host, port = settings.agi.host, settings.agi.port
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        remedy = "start the line; until then plain dialplans cannot ask who is on call"
        return [Diagnosis("AGI", f"nobody answers at {host}:{port}", remedy)]
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return [Diagnosis("AGI", f"answers at {host}:{port}")]


async def _notices(settings: Settings) -> list[Diagnosis]:
    """Look whether the addresses of those who are told things can be read. Nothing is sent."""
    names = [(name, each) for name, some in settings.notify.recipients.items() for each in some]
    if not names:
        return []
    parcels = [Parcel(address=address.get_secret_value(), only_read=True) for _, address in names]
    async with aclosing(sent(parcels, READING_SECONDS)) as receipts:
        wrong = {names[each.number][0]: each.reason async for each in receipts if not each.sent}
    if wrong:
        seen = "; ".join(f"`{name}`: {reason}" for name, reason in wrong.items())
        remedy = "write the address as docs/notices.md shows, then `astreinte notify test NAME`"
        return [Diagnosis("notices", seen, remedy)]
    return [
        Diagnosis(
            "notices", f"the addresses of {counted(len(settings.notify.recipients), 'name')} can be read"
        )
    ]
