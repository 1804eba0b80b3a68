"""The recorder's way to the database: connects, migrates, imports, writes, and salvages what it can.

Every method raises what the database raises; the recorder decides what to do about it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from ari_app.core.logs import get_logger

from . import entries, rows
from .access import Access, open_database
from .database import Database, migrate
from .events import Event
from .ledger import Ledger
from .reader import OpenCall, open_calls
from .spill import Rejected, SpillFile, cleaned
from .troubles import is_bad_data

IMPORT_CALLS = 200  # calls of the spill file in one transaction

log = get_logger(__name__)


class Store:
    """A database that is opened when first needed, and again after `disconnect`."""

    def __init__(self, database: Database, spill: SpillFile) -> None:
        self.database = database
        self._spill = spill
        self._access: Access | None = None
        self._identity: tuple[int, int] | None = None  # of SQLite's file, to notice that it was replaced

    @property
    def connected(self) -> bool:
        """Whether the database was reached and has been no trouble since."""
        return self._access is not None

    async def was_replaced(self) -> bool:
        """Whether another file, or none, stands where the open one was; if so it is closed."""
        if self._access is None or self._identity == _identity(self.database.file):
            return False
        await self.disconnect()
        return True

    async def connect(self) -> Access:
        """Return the way to the database, its schema current, whatever was spilled imported."""
        if self._access is None:
            if self.database.file is not None:
                _make_private(self.database.file)
            access = open_database(self.database)
            try:
                await access.run(migrate)
                await self._import(access)
            except BaseException:
                await access.close()
                raise
            self._access = access
            self._identity = _identity(self.database.file)
        return self._access

    async def disconnect(self) -> None:
        """Close all connections."""
        access, self._access = self._access, None
        if access is not None:
            await access.close()

    async def open_calls(self) -> list[OpenCall]:
        """Return the calls whose end is not on record."""
        return await (await self.connect()).run(open_calls)

    async def events_of(self, calls: Collection[str]) -> dict[str, list[Event]]:
        """Return the stored events of calls, by call, in order."""
        return await (await self.connect()).run(partial(rows.events_of, calls=calls))

    async def write(self, ledgers: Collection[Ledger], events: Collection[Event]) -> None:
        """Write events, and the rows that they changed, in one transaction."""
        await (await self.connect()).run(partial(rows.write, ledgers=ledgers, events=events))

    async def write_entry(self, event: Event) -> None:
        """Write an entry; set it aside if the database will never take it."""
        await self._write_entry(await self.connect(), event)

    async def _write_entry(self, access: Access, event: Event) -> None:
        reason = ""
        for candidate in (event, msgspec.structs.replace(event, data=cleaned(event.data))):
            try:
                await access.run(partial(entries.write, event=candidate))
            except Exception as error:
                if not is_bad_data(error):
                    raise
                reason = str(error).split("\n", 1)[0]
            else:
                return
        self._spill.reject([Rejected(error=reason, event=event)])

    async def salvage(self, call: str, events: Collection[Event]) -> None:
        """Write one call's events one by one; set aside those that are refused even when cleaned."""
        await self._salvage(await self.connect(), call, events)

    async def _salvage(self, access: Access, call: str, events: Iterable[Event]) -> None:
        good = (await access.run(partial(rows.events_of, calls=[call]))).get(call, [])
        there = {event.seq for event in good}
        rejected = []
        for event in events:
            if event.seq in there:
                continue
            tidy = msgspec.structs.replace(event, name=cleaned(event.name), data=cleaned(event.data))
            for candidate in (event, tidy):
                try:
                    ledger = Ledger.replay([*good, candidate])
                    await access.run(partial(rows.write, ledgers=[ledger], events=[candidate]))
                except Exception as error:
                    if not is_bad_data(error):
                        raise
                    reason = str(error).split("\n", 1)[0]
                else:
                    good.append(candidate)
                    break
            else:
                rejected.append(Rejected(error=reason, event=event))
        self._spill.reject(rejected)

    async def _import(self, access: Access) -> None:
        """Write what an earlier process had to spill; what is there already stays as it is."""
        with self._spill.taken() as spilled:
            if not spilled:
                return
            self._spill.reject([entry for entry in spilled if isinstance(entry, Rejected)])
            by_call: defaultdict[str, list[Event]] = defaultdict(list)
            for entry in spilled:
                if isinstance(entry, Event):
                    by_call[entry.call].append(entry)
            of_no_call = by_call.pop("", [])
            for event in of_no_call:
                await self._write_entry(access, event)
            calls = iter(by_call)
            while chunk := list(islice(calls, IMPORT_CALLS)):
                await self._import_calls(access, {call: by_call[call] for call in chunk})
        log.info(
            "records.imported",
            facts=len(of_no_call) + sum(map(len, by_call.values())),
            file=str(self._spill.path),
        )

    async def _import_calls(self, access: Access, spilled: dict[str, list[Event]]) -> None:
        try:
            await access.run(partial(_add, spilled=spilled))
        except Exception as error:
            if not is_bad_data(error):
                raise
            for call, events in spilled.items():
                await self._salvage(access, call, sorted(events, key=lambda event: event.seq))


def _add(connection: Connection, spilled: dict[str, list[Event]]) -> None:
    """Write calls' rows anew from what is stored of them and what was spilled."""
    stored = rows.events_of(connection, spilled)
    for call, events in spilled.items():
        once = {event.seq: event for event in [*events, *stored.get(call, [])]}
        rows.write(connection, [Ledger.replay(once.values())], events)


def _make_private(file: Path) -> None:
    """Let only its owner read a file that SQLite is about to make: callers' numbers will be in it."""
    with suppress(OSError):  # it is there; or SQLite says what is wrong
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Return which file stands under a name; None when there is none, or for a server."""
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None
