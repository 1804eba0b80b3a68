"""The recorder's way to the database: connects, migrates, imports, writes, and salvages what it can.

Every method raises what the database raises; the recorder decides what to do about it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from ari_app.core.logs import get_logger

from . import rows
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
        self._engine: AsyncEngine | None = None
        self._identity: tuple[int, int] | None = None  # of SQLite's file, to notice that it was replaced

    @property
    def connected(self) -> bool:
        """Whether the database was reached and has been no trouble since."""
        return self._engine is not None

    async def was_replaced(self) -> bool:
        """Whether another file, or none, stands where the open one was; if so it is closed."""
        if self._engine is None or self._identity == _identity(self.database.file):
            return False
        await self.disconnect()
        return True

    async def connect(self) -> AsyncEngine:
        """Return an engine whose schema is current, after whatever was spilled is imported."""
        if self._engine is None:
            engine = self.database.engine()
            try:
                async with engine.connect() as connection:
                    await migrate(connection)
                await self._import(engine)
            except BaseException:
                await engine.dispose()
                raise
            self._engine = engine
            self._identity = _identity(self.database.file)
        return self._engine

    async def disconnect(self) -> None:
        """Close all connections."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def open_calls(self) -> list[OpenCall]:
        """Return the calls whose end is not on record."""
        async with (await self.connect()).connect() as connection:
            return await open_calls(connection)

    async def events_of(self, calls: Collection[str]) -> dict[str, list[Event]]:
        """Return the stored events of calls, by call, in order."""
        async with (await self.connect()).connect() as connection:
            return await rows.events_of(connection, calls)

    async def write(self, ledgers: Iterable[Ledger], events: Collection[Event]) -> None:
        """Write events, and the rows that they changed, in one transaction."""
        async with (await self.connect()).begin() as connection:
            await rows.write(connection, ledgers, events)

    async def salvage(self, call: str, events: Collection[Event]) -> None:
        """Write one call's events one by one; set aside those that are refused even when cleaned."""
        await self._salvage(await self.connect(), call, events)

    async def _salvage(self, engine: AsyncEngine, call: str, events: Iterable[Event]) -> None:
        async with engine.connect() as connection:
            good = (await rows.events_of(connection, [call])).get(call, [])
        rejected = []
        there = {event.seq for event in good}
        for event in events:
            if event.seq in there:
                continue
            tidy = msgspec.structs.replace(event, name=cleaned(event.name), data=cleaned(event.data))
            for candidate in (event, tidy):
                try:
                    async with engine.begin() as connection:
                        await rows.write(connection, [Ledger.replay([*good, candidate])], [candidate])
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

    async def _import(self, engine: AsyncEngine) -> None:
        """Write what an earlier process had to spill; what is there already stays as it is."""
        with self._spill.taken() as entries:
            if not entries:
                return
            self._spill.reject([entry for entry in entries if isinstance(entry, Rejected)])
            by_call: defaultdict[str, list[Event]] = defaultdict(list)
            for entry in entries:
                if isinstance(entry, Event):
                    by_call[entry.call].append(entry)
            calls = iter(by_call)
            while chunk := list(islice(calls, IMPORT_CALLS)):
                await self._import_calls(engine, {call: by_call[call] for call in chunk})
        log.info("records.imported", facts=sum(map(len, by_call.values())), file=str(self._spill.path))

    async def _import_calls(self, engine: AsyncEngine, spilled: dict[str, list[Event]]) -> None:
        try:
            async with engine.begin() as connection:
                stored = await rows.events_of(connection, spilled)
                ledgers = [
                    Ledger.replay({event.seq: event for event in events + stored.get(call, [])}.values())
                    for call, events in spilled.items()
                ]
                added = [event for events in spilled.values() for event in events]
                await rows.write(connection, ledgers, added)
        except Exception as error:
            if not is_bad_data(error):
                raise
            for call, events in spilled.items():
                await self._salvage(engine, call, sorted(events, key=lambda event: event.seq))


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Return which file stands under a name; None when there is none, or for a server."""
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None
