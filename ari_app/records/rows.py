"""The statements that write and read rows, on a connection that the caller opened.

Writing is the records' share of every call's CPU time, so its SQL is compiled once for each dialect and
its rows are handed to the driver as tuples: a third of what SQLAlchemy's own way from dictionaries costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, select
from sqlalchemy.dialects import postgresql, sqlite

from .access import to_json
from .events import Event
from .ledger import Ledger, Row
from .models import Base, Call, CallEvent, CallLeg, UtcDateTime, instant_to_text


def write(connection: Connection, ledgers: Iterable[Ledger], events: Collection[Event]) -> None:
    """Write the changed rows of calls and legs as they are now, and add the events that are not there yet."""
    touched = list(ledgers)
    calls = (ledger.row for ledger in touched if ledger.changed)
    legs = (ledger.legs[leg] for ledger in touched for leg in ledger.changed_legs)
    inserts = _statements(connection.dialect)
    inserts.calls.run(connection, inserts.calls.tuples(calls))
    inserts.legs.run(connection, inserts.legs.tuples(legs))
    inserts.events.run(connection, inserts.events.of_events(events))


def events_of(connection: Connection, calls: Collection[str]) -> dict[str, list[Event]]:
    """Return the stored events of calls, by call, in order."""
    found: defaultdict[str, list[Event]] = defaultdict(list)
    table = CallEvent.__table__
    query = select(*table.c).where(CallEvent.call_id.in_(calls)).order_by(CallEvent.call_id, CallEvent.seq)
    for row in connection.execute(query):
        event = Event(
            call=row.call_id, seq=row.seq, at=row.at, name=row.name, data=row.data, elapsed=row.elapsed
        )
        found[event.call].append(event)
    return found


class _Statement:
    """An insert of many rows, in a dialect's own SQL."""

    def __init__(self, model: type[Base], insert: Any, dialect: Dialect) -> None:
        compiled = insert.compile(dialect=dialect)
        self._sql = str(compiled)
        self.columns: list[str] = compiled.positiontup
        self._values = itemgetter(*self.columns)
        self.instants_as_text = dialect.name == "sqlite"
        types = [model.__table__.c[column].type for column in self.columns]
        self._instants = [place for place, kind in enumerate(types) if isinstance(kind, UtcDateTime)]

    def tuples(self, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        """Return rows as the driver wants them."""
        tuples = [self._values(row) for row in rows]
        return [self._with_text(values) for values in tuples] if self.instants_as_text else tuples

    def _with_text(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        changed = list(values)
        for place in self._instants:
            if changed[place] is not None:
                changed[place] = instant_to_text(changed[place])
        return tuple(changed)

    def run(self, connection: Connection, tuples: list[tuple[Any, ...]]) -> None:
        """Insert; nothing happens for no rows."""
        if tuples:
            connection.exec_driver_sql(self._sql, tuples)


class _EventStatement(_Statement):
    """The insert that runs most often: from events without a detour."""

    def of_events(self, events: Iterable[Event]) -> list[tuple[Any, ...]]:
        """Return events as rows, in the order of the table's columns."""
        as_stored = instant_to_text if self.instants_as_text else lambda at: at
        return [
            (event.call, event.seq, as_stored(event.at), event.elapsed, event.name, to_json(event.data))
            for event in events
        ]


class _Statements:
    """The three inserts in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.calls = _Statement(Call, _replace(Call, dialect), dialect)
        self.legs = _Statement(CallLeg, _replace(CallLeg, dialect), dialect)
        self.events = _EventStatement(
            CallEvent, _insert(CallEvent, dialect).on_conflict_do_nothing(), dialect
        )


def _insert(model: type[Base], dialect: Dialect) -> Any:
    return postgresql.insert(model) if dialect.name == "postgresql" else sqlite.insert(model)


def _replace(model: type[Base], dialect: Dialect) -> Any:
    insert = _insert(model, dialect)
    columns = model.__table__.columns
    others = {column.name: insert.excluded[column.name] for column in columns if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=list(model.__table__.primary_key), set_=others)


_compiled: dict[str, _Statements] = {}


def _statements(dialect: Dialect) -> _Statements:
    if dialect.name not in _compiled:
        _compiled[dialect.name] = _Statements(dialect)
    return _compiled[dialect.name]
