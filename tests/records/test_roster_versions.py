"""Each version of the rosters that was in force is on record, with who was to be on call by it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ari_app.records import RostersPublished
from ari_app.records.reader import Reader, UnknownVersion
from ari_app.records.recorder import Recorder

from .recording import names, put_call, rows

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHIFT = {
    "start": NOON,
    "end": NOON + DAY,
    "team": "support",
    "layer": "nuit",
    "kind": "astreinte",
    "agents": ["bruno"],
    "overrides": ["noel"],
}


def version(hash: str, *, day: float = 0, published: bool = True) -> RostersPublished:  # noqa: A002 - its name
    """Return a version of the rosters that comes into force at noon, some days later."""
    at = NOON + day * DAY
    schedule = zlib.compress(msgspec.json.encode({"support": [SHIFT]})) if published else b""
    until = at + 60 * DAY if published else at
    return RostersPublished(hash=hash * 32, at=at, until=until, teams=1, shifts=1, schedule=schedule)


async def kept(reader: Reader) -> list[tuple[str, float, float | None]]:
    """Return the versions on record, oldest first: hash, and from which to which day they were in force."""
    return [
        (each.hash[0], (each.since - NOON) / DAY, (each.until - NOON) / DAY if each.until else None)
        for each in reversed(await reader.roster_versions(limit=100))
    ]


@pytest.mark.parametrize(
    ("came", "on_record"),
    [
        pytest.param([("aa", 0)], [("a", 0, None)], id="the first one"),
        pytest.param([("aa", 0), ("bb", 2)], [("a", 0, 2), ("b", 2, None)], id="another ends the one before"),
        pytest.param(
            [("aa", 0), ("aa", 2)], [("a", 0, None)], id="the same again, as after a restart, goes on"
        ),
        pytest.param(
            [("aa", 0), ("bb", 2), ("aa", 3)], [("a", 0, 2), ("b", 2, 3), ("a", 3, None)], id="one comes back"
        ),
        pytest.param(
            [("aa", 0), ("aa", 31)], [("a", 0, 31), ("a", 31, None)], id="published again after a month"
        ),
        pytest.param(
            [("aa", 0), ("cc", 4), ("bb", 2)],
            [("a", 0, 2), ("b", 2, 4), ("c", 4, None)],
            id="one that had to wait finds its place",
        ),
    ],
)
async def test_versions_follow_each_other(
    recorder: Recorder, reader: Reader, came: list[tuple[str, float]], on_record: list[Any]
) -> None:
    for name, day in came:
        recorder.put_entry(version(name, day=day))
        await recorder.flush()
    assert await kept(reader) == on_record


async def test_the_schedule_is_read_back_as_it_was_published(recorder: Recorder, reader: Reader) -> None:
    assert await reader.published_schedule() == {}
    recorder.put_entry(version("ab"))
    await recorder.flush()
    ((shift,),) = (await reader.published_schedule()).values()
    assert msgspec.json.encode(shift) == msgspec.json.encode(SHIFT)
    (found,) = await reader.roster_versions()
    assert found == await reader.roster_version("abab") == await reader.roster_version(found.id)
    assert await reader.published_schedule(found.id) == await reader.published_schedule()
    with pytest.raises(UnknownVersion):
        await reader.roster_version("ff")


async def test_a_version_without_its_schedule_is_on_record_until_it_is_published(
    recorder: Recorder, reader: Reader
) -> None:
    recorder.put_entry(version("aa", published=False))
    await recorder.flush()
    assert await reader.published_schedule() == {}
    recorder.put_entry(version("aa", day=1))
    await recorder.flush()
    assert await kept(reader) == [("a", 0, 1), ("a", 1, None)]
    assert set(await reader.published_schedule()) == {"support"}


async def test_versions_of_a_line_that_stops_while_the_database_refuses_are_there_after_the_next_start(
    start_recorder: Callable[[], Any], database: Path, reader: Reader
) -> None:
    database.mkdir()
    stuck = await start_recorder()
    stuck.put_entry(version("aa"))
    stuck.put_entry(version("bb", day=1))
    put_call(stuck)
    await stuck.stop(deadline=0)
    database.rmdir()
    recorder = await start_recorder()
    recorder.put_entry(version("bb", day=2))
    await recorder.flush()
    assert await kept(reader) == [("a", 0, 1), ("b", 1, None)]
    assert len(await reader.calls()) == 1


async def test_a_version_is_written_again_into_a_database_that_replaced_the_one_that_knew_it(
    recorder: Recorder, database: Path, reader: Reader
) -> None:
    recorder.put_entry(version("aa"))
    await recorder.flush()
    for file in database.parent.glob("records.db*"):
        file.unlink()
    put_call(recorder)
    await recorder.flush()
    assert await kept(reader) == [("a", 0, None)]


async def test_a_version_that_the_database_never_takes_is_set_aside_and_holds_up_nothing(
    recorder: Recorder, database: Path, spill: Path, reader: Reader, logged: list[Any]
) -> None:
    trigger = "CREATE TRIGGER no BEFORE INSERT ON roster_versions WHEN NEW.hash LIKE 'aa%'"
    rows(database, f"{trigger} BEGIN SELECT RAISE(ABORT, 'not this one'); END")
    recorder.put_entry(version("aa"))
    recorder.put_entry(version("bb", day=1))
    await recorder.flush()
    assert await kept(reader) == [("b", 1, None)]
    assert "records.rejected" in names(logged)
    (line,) = spill.with_name(f"{spill.name}.rejected").read_text().splitlines()
    assert "not this one" in line
    assert "aaaa" in line
