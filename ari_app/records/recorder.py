"""The recorder: takes facts at once, writes them a little later, loses none.

    recorder = Recorder("sqlite:////var/lib/astreinte/records.db", spill=Path("/var/lib/astreinte/spill"))
    await recorder.start()
    recorder.put(CallArrived(call=call, line="100", channel_id=channel))
    ...
    await recorder.stop()

`put` stamps the fact with the clocks and returns: the call path never waits for a disk. One task folds what
came in (`ledger`) and writes it, all that came within `BATCH_SECONDS` in one transaction.

While the database refuses (full, locked, gone, damaged: `troubles`) facts stay in memory, in order, and are
tried again; `records.stuck` is logged once for each kind of trouble, `records.recovered` when it is over. A
stop meanwhile writes them to the spill file, which the next start reads; what a process that was killed had
still to write is found there too (`journal`). A fact that the database will never take is set aside in
`<spill>.rejected` and does not hold up the others.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from ari_app.core.logs import get_logger

from .database import Database, RecordsUnavailable
from .events import Event
from .facts import Entry, Fact, RostersPublished
from .journal import Journal
from .pending import Pending
from .reader import OpenCall
from .spill import SpillFile
from .store import Store
from .troubles import explain, is_bad_data

BATCH_SECONDS = 0.5  # how long facts are gathered: what a power cut can lose
BATCH_EVENTS = 500  # at most so many in one transaction
BACKOFF_SECONDS = (0.5, 15.0)  # between tries while the database refuses: first, longest

_MEANWHILE = "what is recorded meanwhile is kept, and written as soon as this works"

log = get_logger(__name__)


class Recorder:
    """Writes facts to a database behind the call path's back.

    `trouble` says why the database refuses at present, None when it does not.
    """

    def __init__(self, database_url: str, spill: Path) -> None:
        """Read the address; raises `InvalidDatabaseUrl`. Nothing is opened before `start`."""
        self._database = Database.at(database_url)
        self._spill = SpillFile(spill)
        self._journal = Journal(self._spill)
        self._store = Store(self._database, self._spill)
        self._pending = Pending(self._spill.reject)
        self.trouble: RecordsUnavailable | None = None
        self._stuck_since = 0.0
        self._in_use = asyncio.Lock()  # of the store
        self._writer: asyncio.Task[None] | None = None
        self._stopping = False
        self._stopped = False
        self._news = asyncio.Event()  # something to write
        self._hurry = asyncio.Event()  # do not gather, do not back off
        self._kept: dict[int, asyncio.Event] = {}  # of entries that somebody waits for, by their `seq`
        self._written = asyncio.Event()  # set for an instant whenever all was written

    async def start(self) -> None:
        """Start writing. Returns at once, whatever state the database is in."""
        self._journal.start()
        self._news.set()
        self._writer = asyncio.create_task(self._write_for_ever(), name="records writer")

    def put(self, fact: Fact) -> None:
        """Take a fact: never waits, never raises because of the disk."""
        event = self._pending.put(fact)
        if event is not None:
            self._journal.note(event)
            self._has_news()

    def put_entry(self, entry: Entry) -> None:
        """Take an entry: as a fact."""
        self._put_entry(entry)

    async def keep(self, entry: Entry, within: float) -> bool:
        """Take an entry, and wait until it is in the database.

        False if it is not after `within` seconds: it waits, as everything does, until it can be.
        """
        self._hurry.set()
        event = self._put_entry(entry)
        kept = self._kept[event.seq] = asyncio.Event()
        try:
            async with asyncio.timeout(within):
                return await kept.wait()
        except TimeoutError:
            return False
        finally:
            del self._kept[event.seq]

    def _put_entry(self, entry: Entry) -> Event:
        event = self._pending.put_entry(entry)
        if not isinstance(entry, RostersPublished):  # large, and told by every start
            self._journal.note(event)
        self._has_news()
        return event

    def _has_news(self) -> None:
        if not self._news.is_set():
            self._news.set()
        if self._stopped:  # too late for the database, not for the next start
            self._spill_rest()

    @property
    def waiting(self) -> int:
        """How many facts are not in the database yet."""
        return len(self._pending)

    async def open_calls(self) -> list[OpenCall]:
        """Return the calls that the records do not know the end of: to be adopted, or ended as interrupted.

        Ask before the first call of this process. Another process that writes to the same database has
        its calls in there too. Raises `RecordsUnavailable`.
        """
        async with self._in_use:
            try:
                return await self._store.open_calls()
            except Exception as error:
                raise explain(error, self._database) from error

    async def flush(self) -> None:
        """Wait until nothing waits any more, however long the database refuses."""
        while self.waiting and self._writer is not None:
            self._hurry.set()
            await self._written.wait()

    async def stop(self, deadline: float = 5.0) -> None:
        """Write what waits and close the database; what it refuses for `deadline` seconds is spilled."""
        self._stopping = True
        self._hurry.set()
        self._news.set()
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=deadline)
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
            self._writer = None
        self._stopped = True
        self._spill_rest()
        self._journal.close()
        await self._store.disconnect()

    # The writer ----------------------------------------------------------------------------------

    async def _write_for_ever(self) -> None:
        pause, longest = BACKOFF_SECONDS
        while True:
            await self._news.wait()
            if self._store.connected:
                await self._unless_hurried(BATCH_SECONDS)
            self._news.clear()
            self._hurry.clear()
            try:
                async with self._in_use:
                    await self._write_all()
            except Exception as error:  # noqa: BLE001 (drivers raise anything; `explain` names it in the log)
                self._stuck(error)
                if self._stopping:
                    return
                await self._store.disconnect()
                self._news.set()
                await self._unless_hurried(pause)
                pause = min(2 * pause, longest)
                continue
            pause = BACKOFF_SECONDS[0]
            self._recovered()
            if not self.waiting:
                self._written.set()
                self._written.clear()
                if self._stopping:
                    return

    async def _unless_hurried(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    async def _write_all(self) -> None:
        """Write all that waits now; raises what the database raises, losing nothing."""
        if await self._store.was_replaced():
            log.warning("records.replaced", database=self._database.shown)
            self._pending.write_all_again()
        await self._store.connect()
        self._journal.turn()
        for entry in self._pending.entries:
            await self._store.write_entry(entry)
            self._pending.entry_written(entry)
            if kept := self._kept.get(entry.seq):
                kept.set()
        self._pending.fold()
        if self._pending.unknown:
            self._pending.take_up(await self._store.events_of(list(self._pending.unknown)))
        while (batch := self._pending.batch(BATCH_EVENTS))[1]:
            ledgers, events = batch
            try:
                await self._store.write(ledgers.values(), events)
            except Exception as error:
                if not is_bad_data(error):
                    raise
                for call in ledgers:
                    await self._write_apart(call)
            else:
                self._pending.written(ledgers, events)
        self._journal.written()

    async def _write_apart(self, call: str) -> None:
        """Write all that waits of one call, from a batch that holds something the database never takes."""
        ledger, events = self._pending.of(call)
        try:
            await self._store.write([ledger], events)
        except Exception as error:
            if not is_bad_data(error):
                raise
            await self._store.salvage(call, events)
            self._pending.drop(call)
        else:
            self._pending.written_apart(ledger)

    # What people are told ------------------------------------------------------------------------

    def _stuck(self, error: Exception) -> None:
        trouble = explain(error, self._database)
        if self.trouble is None:
            self._stuck_since = time.monotonic()
        if self.trouble is None or self.trouble.problem != trouble.problem:
            log.error(
                "records.stuck",
                problem=trouble.problem,
                message=trouble.message,
                remedy=f"{trouble.remedy}; {_MEANWHILE}",
                waiting=self.waiting,
                exc_info=error if trouble.problem == "failing" else None,
            )
        self.trouble = trouble

    def _recovered(self) -> None:
        if self.trouble is not None:
            seconds = round(time.monotonic() - self._stuck_since, 1)
            log.info("records.recovered", problem=self.trouble.problem, seconds=seconds)
            self.trouble = None

    def _spill_rest(self) -> None:
        rest = self._pending.take_all()
        if rest:
            self._spill.keep(rest)
