"""What was put and is not in the database yet, in order, and the ledgers of the calls it is about."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from itertools import islice

from .events import Event, event_of, event_of_entry
from .facts import Entry, Fact, RostersPublished
from .ledger import Ledger
from .spill import Rejected

KEPT_LEDGERS = 5000  # calls folded in memory; beyond, the oldest are read again when they have news


class Pending:
    """Facts go in (`put`), are folded onto their calls' ledgers (`fold`), and wait as events (`batch`).

    A call that is not in memory, and did not just arrive, is `unknown` until `take_up` is told what is
    stored of it. `reject` takes what cannot be folded at all. The clocks count nanoseconds.
    """

    def __init__(
        self,
        reject: Callable[[Collection[Rejected]], None],
        *,
        wall_clock: Callable[[], int] = time.time_ns,
        monotonic_clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._reject = reject
        self._wall_clock = wall_clock
        self._monotonic_clock = monotonic_clock
        self._incoming: deque[tuple[Event, int, bool]] = deque()  # with the clock, and whether backdated
        self._unknown: defaultdict[str, list[tuple[Event, int, bool]]] = defaultdict(list)
        self._folded: deque[Event] = deque()
        self._ledgers: dict[str, Ledger] = {}
        self._entries: list[Event] = []
        self._in_force: Event | None = None  # the version of the rosters that came last
        self._over: set[str] = set()  # calls that are written to their end
        self._last_seq = 0

    def __len__(self) -> int:
        calls = len(self._incoming) + sum(map(len, self._unknown.values())) + len(self._folded)
        return calls + len(self._entries)

    def put(self, fact: Fact) -> Event | None:
        """Take a fact, stamped with the time; return the event that waits, None if it cannot be one."""
        ago = int(fact.ago * 1e9)
        wall = self._wall_clock() - ago
        try:
            at = fact.at.astimezone(UTC) if fact.at else datetime.fromtimestamp(wall / 1e9, UTC)
            event = event_of(fact, self._next_seq(wall), at)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            self._reject([Rejected(error=repr(error), line=repr(fact))])
            return None
        self._incoming.append((event, self._monotonic_clock() - ago, fact.at is not None))
        return event

    def put_entry(self, entry: Entry) -> Event:
        """Take an entry; return the event that waits."""
        event = event_of_entry(entry, self._next_seq(self._wall_clock()))
        self._entries.append(event)
        if isinstance(entry, RostersPublished):
            self._in_force = event
        return event

    @property
    def entries(self) -> list[Event]:
        """The entries that wait."""
        return list(self._entries)

    def entry_written(self, event: Event) -> None:
        """Note that an entry is in the database, or set aside."""
        self._entries.remove(event)

    def _next_seq(self, wall: int) -> int:
        self._last_seq = max(self._last_seq + 1, wall // 1000)
        return self._last_seq

    @property
    def unknown(self) -> Collection[str]:
        """The calls whose stored events are needed before what came in for them can be folded."""
        return self._unknown.keys()

    def fold(self) -> None:
        """Bring what came in onto the ledgers."""
        incoming = self._incoming
        while incoming:
            event, monotonic, backdated = incoming.popleft()
            ledger = self._ledgers.get(event.call)
            if ledger is None:
                if event.name != "call.arrived":
                    self._unknown[event.call].append((event, monotonic, backdated))
                    continue
                ledger = self._ledgers[event.call] = Ledger(event.call, event.at)
            self._apply(ledger, event, monotonic, backdated=backdated)

    def take_up(self, stored: Mapping[str, list[Event]]) -> None:
        """Fold what came in for unknown calls, onto what is stored of them."""
        for call, entries in self._unknown.items():
            past = stored.get(call)
            if past:
                ledger = Ledger.replay(past)
                ledger.written()
            else:
                ledger = Ledger(call, entries[0][0].at)
            self._ledgers[call] = ledger
            for event, monotonic, backdated in entries:
                self._apply(ledger, event, monotonic, backdated=backdated)
        self._unknown.clear()

    def _apply(self, ledger: Ledger, event: Event, monotonic: int, *, backdated: bool) -> None:
        try:
            ledger.apply(event, monotonic, backdated=backdated)
        except (TypeError, ValueError, AttributeError) as error:  # a field of a type that the fact forbids
            self._reject([Rejected(error=repr(error), event=event)])
        else:
            self._folded.append(event)

    def batch(self, size: int) -> tuple[dict[str, Ledger], list[Event]]:
        """Return the first events that wait, and the ledgers of their calls."""
        events = list(islice(self._folded, size))
        return {event.call: self._ledgers[event.call] for event in events}, events

    def of(self, call: str) -> tuple[Ledger, list[Event]]:
        """Return a call's ledger, and all its events that wait."""
        return self._ledgers[call], [event for event in self._folded if event.call == call]

    def written(self, ledgers: Mapping[str, Ledger], events: Collection[Event]) -> None:
        """Note that a batch is in the database."""
        for _ in events:
            self._folded.popleft()
        self._settle(ledgers)

    def written_apart(self, ledger: Ledger) -> None:
        """Note that all events of one call are in the database."""
        call = ledger.row["id"]
        self._folded = deque(event for event in self._folded if event.call != call)
        self._settle({call: ledger})

    def drop(self, call: str) -> None:
        """Forget a call and all its events that wait; its news will be folded onto what is stored."""
        self._folded = deque(event for event in self._folded if event.call != call)
        del self._ledgers[call]

    def _settle(self, ledgers: Mapping[str, Ledger]) -> None:
        for call, ledger in ledgers.items():
            ledger.written()
            if ledger.closed:
                self._over.add(call)
        if not self._folded:
            self._over.update(islice(self._ledgers, max(0, len(self._ledgers) - KEPT_LEDGERS)))
            for call in self._over:
                self._ledgers.pop(call, None)
            self._over.clear()

    def write_all_again(self) -> None:
        """Have each ledger written whole when its call has news: the database that knew it is gone."""
        for ledger in self._ledgers.values():
            ledger.changed = True
            ledger.changed_legs.update(ledger.legs)
        if self._in_force is not None and self._in_force not in self._entries:
            self._entries.append(self._in_force)

    def take_all(self) -> list[Event]:
        """Return everything as events, for the spill file, and wait for nothing any more."""
        self.fold()
        unknown = (entry[0] for entries in self._unknown.values() for entry in entries)
        everything = [*self._entries, *self._folded, *unknown]
        self._entries.clear()
        self._folded.clear()
        self._unknown.clear()
        return everything
