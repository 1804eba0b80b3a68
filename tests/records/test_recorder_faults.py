"""The recorder when the database refuses: SQLite's own refusals, said once, survived, nothing lost."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ari_app.core.ids import new_call_id
from ari_app.records import CallArrived, CallEnded, CallEvent, LegEnded, LegResult, LegStarted, Outcome
from ari_app.records.database import RecordsUnavailable
from ari_app.records.reader import Reader
from ari_app.records.recorder import Recorder

from .recording import LONG, facts_of_a_call, names, put_call, rows

Start = Callable[[], Awaitable[Recorder]]


async def until_stuck(recorder: Recorder) -> RecordsUnavailable:
    """Wait for the database to refuse; return what the recorder makes of it."""
    async with asyncio.timeout(LONG):
        while recorder.trouble is None:  # noqa: ASYNC110 (nobody waits for trouble but this test)
            await asyncio.sleep(0.05)
    return recorder.trouble


async def reconnected(recorder: Recorder) -> None:
    """Have the recorder take a connection that the test's PRAGMAs are set on."""
    await recorder._store.disconnect()


def told(logged: list[Any], event: str) -> list[str]:
    return [line["problem"] for line in logged if line["event"] == event]


async def check_recovery(recorder: Recorder, reader: Reader, logged: list[Any], calls: list[str]) -> None:
    """Once the cause is gone, every call is there, and the log said so once."""
    async with asyncio.timeout(LONG):
        await recorder.flush()
    for call in calls:
        story = await reader.call(call)
        assert story.call.outcome == "bridged"
        assert len(story.events) == len(facts_of_a_call(call))
    assert recorder.trouble is None
    assert len(told(logged, "records.stuck")) == 1
    assert told(logged, "records.recovered") == told(logged, "records.stuck")


async def test_a_full_disk_delays_and_loses_nothing(
    recorder: Recorder, reader: Reader, sqlite_pragmas: list[str], logged: list[Any]
) -> None:
    sqlite_pragmas.append("max_page_count = 1")  # SQLite raises it to the file's size: no page more
    await reconnected(recorder)
    calls = [put_call(recorder) for _ in range(200)]
    trouble = await until_stuck(recorder)
    assert trouble.problem == "disk-full"
    assert "free some space" in trouble.remedy
    calls += [put_call(recorder)]
    sqlite_pragmas.clear()
    await check_recovery(recorder, reader, logged, calls)


async def test_a_database_locked_by_another_process_delays_and_loses_nothing(
    recorder: Recorder, reader: Reader, database: Path, logged: list[Any]
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        calls = [put_call(recorder)]
        trouble = await until_stuck(recorder)
        assert trouble.problem == "locked"
        assert f"fuser {database}" in trouble.remedy
        calls += [put_call(recorder)]
        other.execute("ROLLBACK")
    await check_recovery(recorder, reader, logged, calls)


async def test_a_read_only_database_delays_and_loses_nothing(
    recorder: Recorder, reader: Reader, sqlite_pragmas: list[str], logged: list[Any]
) -> None:
    sqlite_pragmas.append("query_only = ON")
    await reconnected(recorder)
    calls = [put_call(recorder)]
    assert (await until_stuck(recorder)).problem == "read-only"
    sqlite_pragmas.clear()
    await check_recovery(recorder, reader, logged, calls)


async def test_a_missing_folder_is_named_and_its_coming_suffices(
    start_recorder: Start, reader: Reader, database: Path, logged: list[Any]
) -> None:
    database.parent.rmdir()
    recorder = await start_recorder()
    calls = [put_call(recorder)]
    trouble = await until_stuck(recorder)
    assert trouble.problem == "folder-missing"
    assert f"create the folder {database.parent}" in trouble.remedy
    async with asyncio.timeout(LONG):
        while recorder.trouble is trouble:  # noqa: ASYNC110 (tried again, still missing)
            await asyncio.sleep(0.05)
    database.parent.mkdir()
    await check_recovery(recorder, reader, logged, calls)


async def test_a_file_that_is_no_database_is_not_touched_and_moving_it_suffices(
    start_recorder: Start, reader: Reader, database: Path, logged: list[Any]
) -> None:
    garbage = b"this is no database at all, " * 100
    database.write_bytes(garbage)
    recorder = await start_recorder()
    calls = [put_call(recorder)]
    trouble = await until_stuck(recorder)
    assert trouble.problem == "damaged"
    assert f"move {database} aside" in trouble.remedy
    assert database.read_bytes() == garbage
    database.rename(database.with_suffix(".aside"))
    await check_recovery(recorder, reader, logged, calls)


async def test_a_damaged_file_delays_and_moving_it_suffices(
    recorder: Recorder, reader: Reader, database: Path, logged: list[Any]
) -> None:
    await recorder.stop()
    damaged = bytearray(database.read_bytes())
    damaged[4096 : len(damaged)] = b"\xa5" * (len(damaged) - 4096)  # all but the first page
    database.write_bytes(damaged)
    again = Recorder(f"sqlite:///{database}", database.with_suffix(".spill"))
    await again.start()
    calls = [put_call(again)]
    assert (await until_stuck(again)).problem == "damaged"
    for file in database.parent.glob("records.db*"):
        shutil.move(file, file.with_name("aside-" + file.name))
    await check_recovery(again, reader, logged, calls)
    await again.stop()


async def test_a_database_that_is_removed_while_in_use_is_made_anew(
    recorder: Recorder, reader: Reader, database: Path, logged: list[Any]
) -> None:
    ongoing, quiet = new_call_id(), new_call_id()
    facts = facts_of_a_call(ongoing)
    for fact in facts[:5] + facts_of_a_call(quiet)[:5]:
        recorder.put(fact)
    await recorder.flush()
    for file in database.parent.glob("records.db*"):
        file.unlink()
    for fact in facts[5:]:
        recorder.put(fact)
    recorder.put(CallEvent(call=quiet, event="flow.digit", data={"digit": "1"}))
    await recorder.flush()
    story = await reader.call(ongoing)
    assert story.call.number == "+33612345678"  # known from before
    assert story.call.outcome == "bridged"
    assert story.events[0].name == "leg.answered"
    story = await reader.call(quiet)
    assert (story.call.number, story.legs[0].agent) == ("+33612345678", "alice")
    assert "records.replaced" in names(logged)


async def test_a_database_of_a_newer_version_is_left_alone(
    start_recorder: Start, recorder: Recorder, database: Path
) -> None:
    await recorder.stop()
    with closing(sqlite3.connect(database)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    again = await start_recorder()
    trouble = await until_stuck(again)
    assert trouble.problem == "newer-schema"
    with pytest.raises(RecordsUnavailable, match="newer version"):
        await again.open_calls()


async def test_a_stop_while_the_database_refuses_spills_and_the_next_start_imports(
    recorder: Recorder, start_recorder: Start, database: Path, spill: Path, logged: list[Any]
) -> None:
    ongoing = new_call_id()
    facts = facts_of_a_call(ongoing)
    for fact in facts[:5]:
        recorder.put(fact)
    await recorder.flush()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for fact in facts[5:]:
            recorder.put(fact)
        whole = put_call(recorder)
        await recorder.stop(deadline=0.1)
        assert recorder.waiting == 0
        assert len(spill.read_text().splitlines()) == len(facts) - 5 + len(facts)
        other.execute("ROLLBACK")

    again = await start_recorder()
    assert await again.open_calls() == []
    assert not spill.exists()
    for call in (ongoing, whole):
        async with Reader(f"sqlite:///{database}") as reader:
            story = await reader.call(call)
        assert (story.call.outcome, story.call.number) == ("bridged", "+33612345678")
        assert (story.legs[0].agent, story.legs[0].result) == ("alice", "accepted")
        assert [event.seq for event in story.events] == sorted(event.seq for event in story.events)
        assert len(story.events) == len(facts)
    assert [name for name in names(logged) if name in ("records.spilled", "records.imported")] == [
        "records.spilled",
        "records.imported",
    ]


@pytest.mark.parametrize("poisoned", [False, True])
async def test_importing_the_same_facts_twice_changes_nothing(
    recorder: Recorder, start_recorder: Start, database: Path, spill: Path, poisoned: bool
) -> None:
    await recorder.stop()
    call = new_call_id()
    for fact in facts_of_a_call(call)[:8]:  # a call that is still going on
        recorder.put(fact)
    if poisoned:
        recorder.put(LegEnded(call=call, leg="other", result=LegResult.BUSY, cause=2**70))
    spilled = spill.read_bytes()
    everything = "SELECT * FROM calls", "SELECT * FROM call_legs", "SELECT * FROM call_events"

    stored = []
    for _ in range(2):
        spill.write_bytes(spilled)
        again = await start_recorder()
        await again.open_calls()
        await again.stop()
        stored.append([rows(database, query) for query in everything])
    assert stored[0] == stored[1]
    assert len(stored[0][2]) == 10 + 8


async def test_facts_go_to_the_log_when_not_even_the_spill_can_be_written(
    tmp_path: Path, logged: list[Any]
) -> None:
    (tmp_path / "file").write_text("where a folder would have to be")
    recorder = Recorder(f"sqlite:///{tmp_path}/missing/records.db", tmp_path / "file" / "spill")
    await recorder.start()
    call = put_call(recorder)
    await until_stuck(recorder)
    await recorder.stop(deadline=0)
    unsaved = [line for line in logged if line["event"] == "records.unsaved"]
    assert [json.loads(line["fact"])["name"] for line in unsaved][-1] == "call.ended"
    assert {line["call"] for line in unsaved} == {call}
    assert len(unsaved) == len(facts_of_a_call(call))


async def test_a_spill_file_that_cannot_be_read_does_not_hold_up_the_records(
    start_recorder: Start, reader: Reader, spill: Path, logged: list[Any]
) -> None:
    spill.mkdir(parents=True)  # no file at all
    recorder = await start_recorder()
    call = put_call(recorder)
    await recorder.flush()
    assert (await reader.call(call)).call.outcome == "bridged"
    assert names(logged) == ["records.spill_unusable"]


async def test_a_spill_file_cut_short_is_read_as_far_as_it_goes(
    recorder: Recorder, start_recorder: Start, reader: Reader, spill: Path, logged: list[Any]
) -> None:
    await recorder.stop()
    call = put_call(recorder)
    spill.write_bytes(spill.read_bytes()[:-20])
    again = await start_recorder()
    await again.open_calls()
    story = await reader.call(call)
    assert len(story.events) == len(facts_of_a_call(call)) - 1
    [rejected] = spill.with_name(spill.name + ".rejected").read_text().splitlines()
    assert '"line"' in rejected
    assert "records.rejected" in names(logged)


async def test_one_fact_that_the_database_never_takes_does_not_hold_up_the_others(
    recorder: Recorder, reader: Reader, spill: Path, logged: list[Any]
) -> None:
    before = put_call(recorder)
    call = new_call_id()
    recorder.put(CallArrived(call=call, line="100", channel_id="c"))
    recorder.put(LegStarted(call=call, leg="leg", agent="alice", endpoint="PJSIP/alice"))
    recorder.put(LegEnded(call=call, leg="leg", result=LegResult.BUSY, cause=2**70))  # fits no integer column
    recorder.put(CallEvent(call=call, event="odd.thing", data={"thing": object()}))  # is no JSON
    recorder.put(CallEnded(call=call, outcome=Outcome.UNANSWERED))
    after = put_call(recorder)
    await recorder.flush()

    for healthy in (before, after):
        assert (await reader.call(healthy)).call.outcome == "bridged"
    story = await reader.call(call)
    assert story.call.outcome == "unanswered"
    assert [event.name for event in story.events] == ["call.arrived", "leg.started", "call.ended"]
    rejected = [
        json.loads(line) for line in spill.with_name(spill.name + ".rejected").read_text().splitlines()
    ]
    assert [entry["event"]["name"] for entry in rejected] == ["leg.ended", "odd.thing"]
    assert all(entry["error"] for entry in rejected)
    assert told(logged, "records.stuck") == []
    recorder.put(CallEvent(call=call, event="call.survey", data={"note": 3}))
    await recorder.flush()
    assert (await reader.call(call)).events[-1].name == "call.survey"


async def test_text_that_no_database_stores_is_stored_with_replacements(
    recorder: Recorder, reader: Reader
) -> None:
    call = new_call_id()
    recorder.put(CallArrived(call=call, line="100", channel_id="c", caller_name="bad \ud800 name"))
    recorder.put(CallEvent(call=call, event="sip.header", data={"x": ["\udfff"]}))
    await recorder.flush()
    story = await reader.call(call)
    assert story.call.caller_name == "bad ? name"
    assert story.events[1].data == {"x": ["?"]}


async def test_a_recorder_that_never_reached_its_database_stops_all_the_same(
    tmp_path: Path, spill: Path
) -> None:
    recorder = Recorder(f"sqlite:///{tmp_path}/missing/records.db", spill)
    await recorder.start()
    put_call(recorder)
    await recorder.stop(deadline=0)
    assert len(spill.read_text().splitlines()) == 10
