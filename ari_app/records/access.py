"""The way to a database: functions that speak SQL on a plain connection, run beside the event loop.

    access = open_database(Database.at("sqlite:////var/lib/astreinte/records.db"))
    calls = await access.run(lambda connection: connection.execute(select(Call)).all())
    await access.close()

SQLite runs it in a thread of its own, which is the whole transaction in one hop. (Through aiosqlite every
cursor, statement and commit is a hop: measured at 40 calls a second, twice the cost.) PostgreSQL runs it on
asyncpg's connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection, create_engine, event

from .database import Database

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

BUSY_SECONDS = 2.0  # how long SQLite waits for another process's write before it says "locked"
CONNECT_SECONDS = 5.0  # how long PostgreSQL may take to let us in
COMMAND_SECONDS = 30.0  # how long PostgreSQL may take for one statement

Result = TypeVar("Result")


class Access(Protocol):
    """An open database."""

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction: committed when it returns, rolled back when it raises."""

    async def close(self) -> None:
        """Close all connections."""


def open_database(database: Database) -> Access:
    """Return a way to the database; it connects at its first use."""
    return _Server(database) if database.file is None else _File(database)


def to_json(value: object) -> str:
    """Return JSON text, as it is stored."""
    return msgspec.json.encode(value).decode()


_OPTIONS: dict[str, Any] = {
    "pool_size": 1,
    "max_overflow": 0,
    "hide_parameters": True,  # callers' numbers have no place in error messages
    "json_serializer": to_json,
    "json_deserializer": msgspec.json.decode,
}


class _File:
    """SQLite, in one thread."""

    def __init__(self, database: Database) -> None:
        self._engine = create_engine(database.url, connect_args={"timeout": BUSY_SECONDS}, **_OPTIONS)
        event.listen(self._engine, "connect", _prepare_sqlite)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine.begin() as connection:
            return work(connection)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()  # idle by now: no wait


class _Server:
    """PostgreSQL, on the event loop."""

    def __init__(self, database: Database) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 (slow, and not for SQLite)

        limits = {"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS}
        self._engine: AsyncEngine = create_async_engine(
            database.url,
            connect_args=limits,
            pool_pre_ping=True,  # a server that was restarted between two transactions is no trouble
            **_OPTIONS,
        )

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Set what SQLite keeps per connection (and, for WAL, in the file)."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
