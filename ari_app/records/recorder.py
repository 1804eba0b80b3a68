"""The recorder: takes facts at once, writes them a little later, loses none.

    recorder = Recorder("sqlite:////var/lib/astreinte/records.db", spill=Path("/var/lib/astreinte/spill"))
    await recorder.start()
    recorder.put(CallArrived(call=call, line="100", channel_id=channel))
    ...
    await recorder.stop()

`put` stamps the fact with the wall clock, the monotonic clock and a number, and returns: the call
path never waits for a disk. One task folds what came in (`ledger`) and writes it, all that came within
`BATCH_SECONDS` in one transaction.

While the database refuses (full, locked, gone, damaged: `troubles`) facts stay in memory, in order, and
are tried again; `records.stuck` is logged once for each kind of trouble, `records.recovered` when it is over.
A stop meanwhile writes them to the spill file, which the next start reads. A fact that the database will
never take is set aside in `<spill>.rejected` and does not hold up the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ari_app.core.logs import get_logger

from .database import Database, RecordsUnavailable
from .events import Event, event_of
from .facts import Fact
from .ledger import Ledger
from .reader import OpenCall
from .spill import Rejected, SpillFile
from .store import Store
from .troubles import explain, is_bad_data

BATCH_SECONDS = 0.2  # how long facts are gathered; what a power cut or a kill -9 can lose
BATCH_EVENTS = 500  # at most so many in one transaction: about 2 ms of the event loop's time
BACKOFF_SECONDS = (0.5, 15.0)  # between tries while the database refuses: first, longest
KEPT_LEDGERS = 5000  # calls folded in memory; beyond, the oldest are read again when they have news

log = get_logger(__name__)

_Stamped = tuple[Event, float, bool]  # with the monotonic clock when it was put, and whether it is backdated


class Recorder:
    """Writes facts to a database behind the call path's back. One per process and database.

    `trouble` says why the database refuses at present, None when it does not.
    """

    def __init__(self, database_url: str, spill: Path) -> None:
        """Read the address; raises `InvalidDatabaseUrl`. Nothing is opened before `start`."""
        self._database = Database.at(database_url)
        self._spill = SpillFile(spill)
        self._store = Store(self._database, self._spill)
        self.trouble: RecordsUnavailable | None = None
        self._stuck_since = 0.0
        self._in_use = asyncio.Lock()  # of the store
        self._writer: asyncio.Task[None] | None = None
        self._stopping = False
        self._last_seq = 0
        self._incoming: deque[_Stamped] = deque()
        self._unknown: defaultdict[str, list[_Stamped]] = defaultdict(list)
        self._folded: deque[Event] = deque()
        self._ledgers: dict[str, Ledger] = {}
        self._over: set[str] = set()  # calls whose ledgers are not needed once nothing waits
        self._news = asyncio.Event()  # something to write
        self._hurry = asyncio.Event()  # do not gather, do not back off
        self._idle = asyncio.Event()  # all is written
        self._idle.set()

    # What the rest of the house calls ------------------------------------------------------------

    async def start(self) -> None:
        """Start writing. Returns at once, whatever state the database is in."""
        self._news.set()
        self._writer = asyncio.create_task(self._write_for_ever(), name="records writer")

    def put(self, fact: Fact) -> None:
        """Take a fact: never waits, never raises because of the disk."""
        now = time.time_ns()
        self._last_seq = seq = max(self._last_seq + 1, now // 1000)
        event = event_of(fact, seq, datetime.fromtimestamp(now / 1e9, UTC))
        if self._stopping and self._writer is None:  # too late for the database, not for the next start
            self._spill.keep([event])
            return
        self._incoming.append((event, time.monotonic(), fact.at is not None))
        self._news.set()
        self._idle.clear()

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
        """Wait until all that was put is in the database, however long the database refuses."""
        if self._writer is not None:
            self._hurry.set()
            await self._idle.wait()

    @property
    def waiting(self) -> int:
        """How many facts are not in the database yet."""
        return len(self._incoming) + sum(map(len, self._unknown.values())) + len(self._folded)

    async def stop(self, deadline: float = 5.0) -> None:
        """Write what waits and close the database; what it refuses for `deadline` seconds is spilled."""
        self._stopping = True
        self._hurry.set()
        self._news.set()
        if self._writer is not None:
            done, _ = await asyncio.wait([self._writer], timeout=deadline)
            if not done:
                self._writer.cancel()
                with suppress(asyncio.CancelledError):
                    await self._writer
            self._writer = None
        self._fold()
        left = [*self._folded, *(event for events in self._unknown.values() for event, _, _ in events)]
        if left:
            self._spill.keep(left)
        self._folded.clear()
        self._unknown.clear()
        await self._store.disconnect()

    # The writer ----------------------------------------------------------------------------------

    async def _write_for_ever(self) -> None:
        pause, longest = BACKOFF_SECONDS
        while True:
            await self._news.wait()
            if not self._stopping and self._store.connected:
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
            if not self._incoming:
                self._idle.set()
                if self._stopping:
                    return

    async def _unless_hurried(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    async def _write_all(self) -> None:
        """Write all that waits now; raises what the database raises, losing nothing."""
        if await self._store.was_replaced():
            log.warning("records.replaced", database=self._database.shown)
            for ledger in self._ledgers.values():  # whatever is there now does not know these calls
                ledger.changed = True
                ledger.changed_legs.update(ledger.legs)
        await self._store.connect()
        self._fold()
        if self._unknown:
            await self._take_up()
        while self._folded:
            await self._write(list(islice(self._folded, BATCH_EVENTS)))
        self._over.update(islice(self._ledgers, max(0, len(self._ledgers) - KEPT_LEDGERS)))
        for call in self._over:
            self._ledgers.pop(call, None)
        self._over.clear()

    def _fold(self) -> None:
        """Bring what came in onto the ledgers, except for calls whose past is only in the database."""
        while self._incoming:
            entry = self._incoming.popleft()
            event = entry[0]
            ledger = self._ledgers.get(event.call)
            if ledger is None:
                if event.name != "call.arrived":
                    self._unknown[event.call].append(entry)
                    continue
                ledger = self._ledgers[event.call] = Ledger(event.call, event.at)
            self._apply(ledger, *entry)

    def _apply(self, ledger: Ledger, event: Event, monotonic: float, backdated: bool) -> None:
        try:
            ledger.apply(event, monotonic, backdated=backdated)
        except (TypeError, ValueError, AttributeError) as error:  # a field of a type that the fact forbids
            self._spill.reject([Rejected(error=repr(error), event=event)])
        else:
            self._folded.append(event)

    async def _take_up(self) -> None:
        """Fold what is stored of calls that are not in memory, then what came in for them."""
        stored = await self._store.events_of(self._unknown)
        for call, entries in self._unknown.items():
            past = stored.get(call)
            ledger = Ledger.replay(past) if past else Ledger(call, entries[0][0].at)
            if past:
                ledger.written()
            self._ledgers[call] = ledger
            for entry in entries:
                self._apply(ledger, *entry)
        self._unknown.clear()

    async def _write(self, batch: list[Event]) -> None:
        """Write the first events that wait, and the rows that they changed."""
        ledgers = {event.call: self._ledgers[event.call] for event in batch}
        try:
            await self._store.write(ledgers.values(), batch)
        except Exception as error:
            if not is_bad_data(error):
                raise
            for call in ledgers:
                await self._write_apart(call)
        else:
            for _ in batch:
                self._folded.popleft()
            for call in ledgers:
                self._written(call)

    async def _write_apart(self, call: str) -> None:
        """Write all that waits of one call, in a batch that holds something that the database never takes."""
        events = [event for event in self._folded if event.call == call]
        try:
            await self._store.write([self._ledgers[call]], events)
        except Exception as error:
            if not is_bad_data(error):
                raise
            await self._store.salvage(call, events)
            del self._ledgers[call]  # its news, if any, will be taken up from what was written
        else:
            self._written(call)
        self._folded = deque(event for event in self._folded if event.call != call)

    def _written(self, call: str) -> None:
        ledger = self._ledgers[call]
        ledger.written()
        if ledger.closed:
            self._over.add(call)

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
                remedy=trouble.remedy,
                waiting=self.waiting,
                exc_info=error if trouble.problem == "failing" else None,
            )
        self.trouble = trouble

    def _recovered(self) -> None:
        if self.trouble is not None:
            seconds = round(time.monotonic() - self._stuck_since, 1)
            log.info("records.recovered", problem=self.trouble.problem, seconds=seconds)
            self.trouble = None
