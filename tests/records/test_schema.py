"""The migrations and the models say the same, in both dialects."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, make_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

import ari_app.records.database as database_module
from ari_app.records.access import open_database
from ari_app.records.database import Database, migrate, revision
from ari_app.records.events import Event
from ari_app.records.ledger import Ledger
from ari_app.records.models import SCHEMA, Base, Call, CallEvent, CallLeg
from ari_app.records.rows import _Statements

MIGRATIONS = Path(database_module.__file__).parent / "migrations"


def test_migrating_gives_exactly_the_tables_of_the_models(database: Path) -> None:
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
        made = {row[0]: row[1] for row in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")}
    for name in Base.metadata.tables:
        assert "WITHOUT ROWID" in made[name]


def test_the_code_wants_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA


def test_migrating_twice_changes_nothing(database: Path) -> None:
    engine = create_engine(f"sqlite:///{database}")
    for _ in range(2):
        with engine.begin() as connection:
            migrate(connection)
            assert revision(connection) == SCHEMA


def test_a_migration_that_fails_in_the_middle_leaves_nothing(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE call_events (in_the_way)")
    with pytest.raises(Exception, match="already exists"), engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["call_events"]


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+asyncpg://"])
def test_rows_are_handed_over_in_the_order_of_the_statements_columns(url: str) -> None:
    statements = _Statements(make_url(url).get_dialect()())
    assert statements.events.columns == [column.name for column in CallEvent.__table__.c]
    assert statements.calls.columns == [column.name for column in Call.__table__.c]
    assert statements.legs.columns == [column.name for column in CallLeg.__table__.c]


def test_postgresql_gets_its_own_types() -> None:
    table = str(CreateTable(CallEvent.__table__).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call, arg-type]  # as above
    assert "at TIMESTAMP WITH TIME ZONE NOT NULL" in table
    assert "data JSONB NOT NULL" in table


def test_a_ledgers_rows_have_the_columns_of_their_tables() -> None:
    started = Event(call="c", seq=1, at=datetime.now(UTC), name="leg.started", data={"leg": "leg"})
    ledger = Ledger.replay([started])
    assert set(ledger.row) == {column.name for column in Call.__table__.c}
    assert set(ledger.legs["leg"]) == {column.name for column in CallLeg.__table__.c}


async def test_each_connection_keeps_relations_and_does_not_wait_for_the_disk_at_each_commit(
    database: Path,
) -> None:
    access = open_database(Database.at(f"sqlite:///{database}"))
    names = ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")
    values = [await access.run(partial(_pragma, name=name)) for name in names]
    await access.close()
    assert values == [1, 1, "wal", 2000]  # ON, NORMAL, WAL, milliseconds


def _pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()
