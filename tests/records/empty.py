"""Records in which nothing is written yet."""

from __future__ import annotations

from functools import cache

from sqlalchemy import create_engine

from ari_app.records.database import migrate


@cache
def empty_records() -> bytes:
    """Return SQLite's file of them, as the migrations make it: once, not for each line under test."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        made: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr] # sqlite3's
    return made
