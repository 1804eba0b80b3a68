"""Recorders on databases of their own, and what their log says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool
from structlog.testing import capture_logs

from ari_app.core import logs
from ari_app.records.reader import Reader
from ari_app.records.recorder import Recorder

from .recording import put_call


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the records' SQLite file is, or will be."""
    return tmp_path / "records.db"


@pytest.fixture
def spill(tmp_path: Path) -> Path:
    """Where facts go when the database refuses to the end."""
    return tmp_path / "spill" / "facts.jsonl"


@pytest.fixture
async def start_recorder(database: Path, spill: Path) -> AsyncIterator[Callable[[], Any]]:
    """Start a recorder on the database, again and again; all are stopped at the end."""
    started: list[Recorder] = []

    async def start() -> Recorder:
        recorder = Recorder(f"sqlite:///{database}", spill)
        started.append(recorder)
        await recorder.start()
        return recorder

    yield start
    for recorder in started:
        await recorder.stop(deadline=0)


@pytest.fixture
async def recorder(start_recorder: Callable[[], Any]) -> Recorder:
    """A recorder that has written a first call."""
    started: Recorder = await start_recorder()
    put_call(started)
    await started.flush()
    return started


@pytest.fixture
async def reader(database: Path) -> AsyncIterator[Reader]:
    """Reads back what is in the database."""
    async with Reader(f"sqlite:///{database}") as opened:
        yield opened


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is logged during the test, at any level."""
    monkeypatch.setattr(logs._state, "level", logs.LEVELS["debug"])
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def sqlite_pragmas() -> Iterator[list[str]]:
    """PRAGMAs that each new connection to SQLite runs: how a test makes SQLite itself refuse."""
    pragmas: list[str] = []

    def run(connection: Any, _record: object) -> None:
        with closing(connection.cursor()) as cursor:
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")

    event.listen(Pool, "connect", run)
    yield pragmas
    event.remove(Pool, "connect", run)
