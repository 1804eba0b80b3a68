"""The statements that write and read rows, on a connection that the caller opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC
from functools import cache
from typing import Any

from sqlalchemy import Executable, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from .events import Event
from .ledger import Ledger
from .models import Base, Call, CallEvent, CallLeg


async def write(connection: AsyncConnection, ledgers: Iterable[Ledger], events: Collection[Event]) -> None:
    """Write the changed rows of calls and legs as they are now, and add the events that are not there yet."""
    dialect = connection.dialect.name
    touched = list(ledgers)
    calls = [ledger.row for ledger in touched if ledger.changed]
    legs = [ledger.legs[leg] for ledger in touched for leg in ledger.changed_legs]
    if calls:
        await connection.execute(_replace(Call, dialect), calls)
    if legs:
        await connection.execute(_replace(CallLeg, dialect), legs)
    if events:
        rows = [
            {
                "call_id": event.call,
                "seq": event.seq,
                "at": event.at,
                "elapsed": event.elapsed,
                "name": event.name,
                "data": event.data,
            }
            for event in events
        ]
        await connection.execute(_add_events(dialect), rows)


async def events_of(connection: AsyncConnection, calls: Collection[str]) -> dict[str, list[Event]]:
    """Return the stored events of calls, by call, in order."""
    found: dict[str, list[Event]] = defaultdict(list)
    columns = (
        CallEvent.call_id,
        CallEvent.seq,
        CallEvent.at,
        CallEvent.name,
        CallEvent.data,
        CallEvent.elapsed,
    )
    statement = (
        select(*columns).where(CallEvent.call_id.in_(calls)).order_by(CallEvent.call_id, CallEvent.seq)
    )
    for call, seq, at, name, data, elapsed in await connection.execute(statement):
        event = Event(call=call, seq=seq, at=at.astimezone(UTC), name=name, data=data, elapsed=elapsed)
        found[call].append(event)
    return found


def _insert(model: type[Base], dialect: str) -> Any:
    return postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)


@cache
def _replace(model: type[Base], dialect: str) -> Executable:
    insert = _insert(model, dialect)
    columns = model.__table__.columns
    others = {column.name: insert.excluded[column.name] for column in columns if not column.primary_key}
    keys = [column for column in columns if column.primary_key]
    statement: Executable = insert.on_conflict_do_update(index_elements=keys, set_=others)
    return statement


@cache
def _add_events(dialect: str) -> Executable:
    statement: Executable = _insert(CallEvent, dialect).on_conflict_do_nothing()
    return statement
