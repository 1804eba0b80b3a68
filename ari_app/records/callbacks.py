"""Callers who wish to be called back: what is put on record of it, and how it is read back."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from ari_app.core.errors import AstreinteError

from .access import open_database
from .database import Database
from .facts import CallbackAsked, CallbackEnded, CallbackPostponed, CallbackState, CallbackTried
from .models import Callback
from .reader import Identified, Reader
from .troubles import explain

CallbackEntry = CallbackAsked | CallbackTried | CallbackPostponed | CallbackEnded


class UnknownCallback(AstreinteError):
    """No wish to be called back, or more than one, has an id that begins so; or it is over."""


class CallbackRecord(Identified, frozen=True, kw_only=True):
    """A row of `callbacks`: a caller's wish, and what has become of it. Durations in seconds."""

    call_id: str
    line: str
    number: str
    language: str
    reason: str
    priority: int
    asked_at: datetime
    until: datetime
    attempts: int
    delays: list[float]
    ring_seconds: float
    flow: str
    then: str
    state: str
    tries: int
    counted: int
    next_at: datetime
    last_call: str | None
    result: str | None
    ended_at: datetime | None


def write(connection: Connection, entry: CallbackEntry) -> None:
    """Write what an entry says; once more, or after a later one, changes nothing."""
    match entry:
        case CallbackAsked():
            _add(connection, entry)
        case CallbackTried():
            change = update(Callback).where(
                Callback.state == CallbackState.WAITING.value, Callback.tries < entry.tries
            )
            values = {"state": CallbackState.CALLING.value, "tries": entry.tries, "last_call": entry.call}
            connection.execute(change.where(Callback.id == entry.id).values(values))
        case CallbackPostponed():
            change = update(Callback).where(
                Callback.state == CallbackState.CALLING.value, Callback.tries == entry.tries
            )
            values = {
                "state": CallbackState.WAITING.value,
                "counted": entry.counted,
                "result": entry.result,
                "next_at": entry.next_at,
            }
            connection.execute(change.where(Callback.id == entry.id).values(values))
        case CallbackEnded():
            _end(connection, entry)


def _add(connection: Connection, entry: CallbackAsked) -> None:
    """Add a wish; if that number had one at the time, that one goes on as was asked last."""
    asked = {
        "line": entry.line,
        "language": entry.language,
        "reason": entry.reason,
        "priority": entry.priority,
        "until": entry.until,
        "delays": list(entry.delays),
        "ring_seconds": entry.ring_seconds,
        "flow": entry.flow,
        "then": entry.then,
        "next_at": entry.at,
    }
    open_then = Callback.ended_at.is_(None) | (Callback.ended_at >= entry.at)
    had_one = (Callback.number == entry.number) & (Callback.asked_at <= entry.at) & open_then
    there = connection.execute(select(Callback.id).where((Callback.id == entry.id) | had_one)).scalars().all()
    if entry.id in there:
        return
    if there:
        newer = (Callback.until < entry.until) & Callback.ended_at.is_(None)  # once more changes nothing
        again = update(Callback).where(Callback.id.in_(there), newer)
        connection.execute(again.values(asked | {"attempts": Callback.counted + entry.attempts}))
        return
    connection.execute(
        insert(Callback).values(
            asked
            | {
                "id": entry.id,
                "call_id": entry.call,
                "number": entry.number,
                "asked_at": entry.at,
                "attempts": entry.attempts,
                "state": CallbackState.WAITING.value,
                "tries": 0,
                "counted": 0,
            }
        )
    )


def _end(connection: Connection, entry: CallbackEnded) -> None:
    """Note the end. Who talked has talked, even if it was cancelled meanwhile."""
    change = update(Callback).where(Callback.id == entry.id)
    if entry.state is CallbackState.TALKED:
        change = change.where(Callback.state != entry.state.value)
    else:
        change = change.where(Callback.ended_at.is_(None))
    values = {"state": entry.state.value, "result": entry.result or Callback.result, "ended_at": entry.at}
    connection.execute(change.values(values))


class CallbackReader(Reader):
    """Reads callers' wishes; raises `RecordsUnavailable` when that cannot be done, saying why."""

    async def open_callbacks(self) -> list[CallbackRecord]:
        """Return those that are not over, in the order in which they are served."""
        query = select(*Callback.__table__.c).where(Callback.ended_at.is_(None))
        order = (Callback.priority.desc(), Callback.asked_at, Callback.id)
        return await self._read(query.order_by(*order), CallbackRecord)

    async def callbacks(self, *, limit: int = 20) -> list[CallbackRecord]:
        """Return the latest, newest first, whatever has become of them."""
        query = select(*Callback.__table__.c).order_by(Callback.asked_at.desc(), Callback.id.desc())
        return await self._read(query.limit(limit), CallbackRecord)

    async def callback(self, prefix: str) -> CallbackRecord:
        """Return one by its id or the beginning of it; raises `UnknownCallback`."""
        return await self._by_id(
            select(*Callback.__table__.c),
            prefix,
            CallbackRecord,
            unknown=UnknownCallback,
            noun="callback",
            command="astreinte callbacks --all",
        )


async def cancel(database_url: str, callback: str) -> None:
    """Have somebody called back no more; a line that runs rings nobody for them then, and stops what rings.

    Raises `RecordsUnavailable`.
    """
    database = Database.at(database_url)
    access = open_database(database)
    entry = CallbackEnded(id=callback, state=CallbackState.CANCELLED, at=datetime.now(UTC))
    try:
        await access.run(lambda connection: write(connection, entry))
    except Exception as error:
        raise explain(error, database) from error
    finally:
        await access.close()
