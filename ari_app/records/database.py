"""The database of the records: its address, its engine, its schema.

SQLite through aiosqlite, or PostgreSQL through asyncpg. The address is SQLAlchemy's, with or without
the driver's name: `sqlite:////var/lib/astreinte/records.db`, `postgresql://user:password@host/name`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ari_app.core.errors import AstreinteError

from .models import SCHEMA

BUSY_SECONDS = 2.0  # how long SQLite waits for another process's write before it says "locked"
CONNECT_SECONDS = 5.0  # how long PostgreSQL may take to let us in
COMMAND_SECONDS = 30.0  # how long PostgreSQL may take for one statement
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_MIGRATION_LOCK = 0x617374726E  # "astrn": PostgreSQL's advisory lock of whoever migrates


class InvalidDatabaseUrl(AstreinteError):
    """The setting is no address of a database that the records can use."""


class RecordsUnavailable(AstreinteError):
    """The records cannot be read or written just now; `problem` is the kind of trouble, in one word."""

    def __init__(self, problem: str, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.problem = problem


class NewerSchema(RecordsUnavailable):
    """The tables are of a revision that this version does not know."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the records are. `shown` is its address without the password."""

    url: URL

    @classmethod
    def at(cls, address: str) -> Database:
        """Read an address; raises `InvalidDatabaseUrl`."""
        try:
            url = make_url(address)
        except ArgumentError as error:
            raise InvalidDatabaseUrl(
                "the records' database address cannot be read (is the part before :// there?)",
                remedy="write it as sqlite:////var/lib/astreinte/records.db or postgresql://user@host/name",
            ) from error
        driver = _DRIVERS.get(url.get_backend_name())
        if driver is None:
            raise InvalidDatabaseUrl(
                f"the records cannot be kept in {url.get_backend_name()!r}",
                remedy="use an address that begins with sqlite:/// or postgresql://",
            )
        if driver.endswith("asyncpg") and importlib.util.find_spec("asyncpg") is None:
            raise InvalidDatabaseUrl(
                "the records' address names PostgreSQL, but its driver asyncpg is not installed",
                remedy="pip install 'astreinte[postgresql]'",
            )
        if driver.endswith("aiosqlite") and url.database in (None, "", ":memory:"):
            raise InvalidDatabaseUrl(
                "the records' address names no file",
                remedy="write it with three slashes and a path: sqlite:///records.db",
            )
        return cls(url.set(drivername=driver))

    @property
    def shown(self) -> str:
        """The address as it may be logged."""
        return self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for a server."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    def engine(self) -> AsyncEngine:
        """Return a new engine; it connects at its first use."""
        if self.file is None:
            options: dict[str, Any] = {"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS}
        else:
            options = {"timeout": BUSY_SECONDS}
        engine = create_async_engine(
            self.url,
            connect_args=options,
            pool_size=1,
            max_overflow=2,
            hide_parameters=True,  # callers' numbers have no place in error messages
            json_serializer=_to_json,
            json_deserializer=msgspec.json.decode,
        )
        if self.file is not None:
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        return engine


async def migrate(connection: AsyncConnection) -> None:
    """Bring the schema to the revision of this code, all of it or nothing; several processes may race."""
    if await revision(connection) == SCHEMA:
        return
    await connection.rollback()
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if await revision(connection) != SCHEMA:
        await connection.run_sync(_upgrade)
    await connection.commit()


async def revision(connection: AsyncConnection) -> str | None:
    """Return the revision of the schema that the database holds; None for none."""
    return await connection.run_sync(_revision)


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (a quarter of a second, only when the schema is another)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # its revision is unknown here
        raise NewerSchema(
            "newer-schema",
            "the tables of the records were made by a newer version of astreinte",
            remedy="install that version, or name another database",
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Set what SQLite keeps per connection (and, for WAL, in the file)."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
