"""The database of the records: its address, its engine, its schema.

SQLite, or PostgreSQL through asyncpg. The address is SQLAlchemy's, with or without the driver's name:
`sqlite:////var/lib/astreinte/records.db`, `postgresql://user:password@host/name`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ari_app.core.errors import AstreinteError

from .models import SCHEMA

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
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
        if driver.endswith("pysqlite") and url.database in (None, "", ":memory:"):
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


def migrate(connection: Connection) -> None:
    """Bring the schema to the revision of this code, in the transaction that is open.

    All of it is done or nothing, and several processes may race.
    """
    if revision(connection) == SCHEMA:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if revision(connection) != SCHEMA:
        _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """Return the revision of the schema that the database holds; None for none."""
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
