"""The recorder on SQLite, in ordinary times: what is put is read back, whoever stops, dies or shares."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ari_app.core.ids import new_call_id
from ari_app.records import CallAnswered, CallArrived, CallEnded, CallEvent, LegStarted, Outcome
from ari_app.records.reader import Reader
from ari_app.records.recorder import Recorder

from .recording import LONG, facts_of_a_call, names, put_call, rows

Start = Callable[[], Awaitable[Recorder]]


async def test_a_call_is_read_back_as_it_happened(recorder: Recorder, reader: Reader) -> None:
    before = datetime.now(UTC)
    call = put_call(recorder)
    await recorder.flush()
    after = datetime.now(UTC)

    story = await reader.call(call)
    assert story.call.number == "+33612345678"
    assert (story.call.team, story.call.reason, story.call.agent) == ("support", "panne", "alice")
    assert (story.call.outcome, story.call.hangup_cause) == ("bridged", 16)
    instants = [
        story.call.arrived_at,
        story.call.answered_at,
        story.call.queued_at,
        story.call.bridged_at,
        story.call.ended_at,
    ]
    assert instants == sorted(instants)  # type: ignore[type-var]  # None would be the failure
    assert before <= story.call.arrived_at <= story.call.ended_at <= after  # type: ignore[operator]  # likewise
    [leg] = story.legs
    assert (leg.agent, leg.endpoint, leg.step, leg.result) == ("alice", "PJSIP/alice", 1, "accepted")
    assert [event.name for event in story.events] == [
        "call.arrived",
        "call.answered",
        "call.reason",
        "call.queued",
        "leg.started",
        "leg.answered",
        "leg.accepted",
        "call.bridged",
        "leg.ended",
        "call.ended",
    ]
    assert story.events[2].data == {"reason": "panne"}


async def test_only_its_owner_may_read_a_new_database(recorder: Recorder, database: Path) -> None:
    put_call(recorder)
    await recorder.flush()
    files = [*database.parent.glob(f"{database.name}*")]
    assert len(files) >= 2  # SQLite's log too
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files} == {0}


async def test_an_event_of_any_name_keeps_its_data(recorder: Recorder, reader: Reader) -> None:
    call = new_call_id()
    data = {"digit": "1", "tries": 2, "late": False, "said": ["été", "ça"], "nothing": None}
    recorder.put(CallArrived(call=call, line="100", channel_id="c"))
    recorder.put(CallEvent(call=call, event="flow.digit", data=data))
    await recorder.flush()
    assert (await reader.call(call)).events[1].data == data


async def test_what_a_stranger_sends_is_stored_as_text_and_nothing_else(
    recorder: Recorder, reader: Reader
) -> None:
    call = new_call_id()
    name = "Robert'); DROP TABLE calls;-- %s {x} \" \n ☎️"
    recorder.put(CallArrived(call=call, line="100", channel_id="c", number="' OR 1=1", caller_name=name))
    await recorder.flush()
    stored = (await reader.call(call)).call
    assert (stored.number, stored.caller_name) == ("' OR 1=1", name)


async def test_a_stop_writes_what_waits(start_recorder: Start, reader: Reader) -> None:
    recorder = await start_recorder()
    calls = {put_call(recorder) for _ in range(300)}
    await recorder.stop()
    assert {call.id for call in await reader.calls(limit=1000)} == calls
    assert recorder.waiting == 0


async def test_a_fact_put_after_the_stop_is_there_after_the_next_start(
    start_recorder: Start, reader: Reader, spill: Path
) -> None:
    recorder = await start_recorder()
    await recorder.stop()
    call = put_call(recorder)
    assert spill.exists()
    again = await start_recorder()
    await again.open_calls()
    assert (await reader.call(call)).call.outcome == "bridged"


async def test_facts_are_written_within_moments_without_anyone_asking(
    recorder: Recorder, reader: Reader
) -> None:
    call = put_call(recorder)
    async with asyncio.timeout(LONG):
        while recorder.waiting:  # noqa: ASYNC110 (`flush` would hurry it)
            await asyncio.sleep(0.05)
    assert (await reader.call(call)).call.outcome == "bridged"


async def test_open_calls_are_those_without_an_end_with_their_open_legs(
    start_recorder: Start, recorder: Recorder
) -> None:
    call = new_call_id()
    for fact in facts_of_a_call(call)[:5]:  # up to a leg that rings
        recorder.put(fact)
    await recorder.stop()

    [found] = await (await start_recorder()).open_calls()
    assert found.call.id == call
    assert [leg.agent for leg in found.legs] == ["alice"]


async def test_a_call_taken_up_after_a_restart_goes_on_where_it_was(
    start_recorder: Start, recorder: Recorder, reader: Reader
) -> None:
    call = new_call_id()
    facts = facts_of_a_call(call)
    for fact in facts[:8]:  # up to the bridge
        recorder.put(fact)
    await recorder.stop()

    again = await start_recorder()
    for fact in facts[8:]:
        again.put(fact)
    await again.flush()
    story = await reader.call(call)
    assert story.call.outcome == "bridged"
    assert story.call.number == "+33612345678"
    assert story.call.talk_seconds is not None
    assert len(story.events) == len(facts)
    assert [event.elapsed for event in story.events] == sorted(event.elapsed for event in story.events)
    assert await again.open_calls() == []


async def test_an_end_told_afterwards_gives_the_call_its_true_length(
    start_recorder: Start, recorder: Recorder, reader: Reader
) -> None:
    call = new_call_id()
    recorder.put(CallArrived(call=call, line="100", channel_id="c"))
    await recorder.stop()
    again = await start_recorder()
    ended_at = datetime.now(UTC)
    again.put(CallEnded(call=call, outcome=Outcome.BRIDGED, at=ended_at))
    await again.flush()
    stored = (await reader.call(call)).call
    assert stored.ended_at == ended_at
    assert stored.total_seconds == (ended_at - stored.arrived_at).total_seconds()


async def test_a_fact_of_a_call_that_nobody_announced_is_kept(recorder: Recorder, reader: Reader) -> None:
    call = new_call_id()
    recorder.put(CallAnswered(call=call))
    recorder.put(LegStarted(call=call, leg="leg", agent="alice", endpoint="PJSIP/alice"))
    await recorder.flush()
    story = await reader.call(call)
    assert story.call.answered_at is not None
    assert [leg.agent for leg in story.legs] == ["alice"]


async def test_news_of_a_call_that_was_over_is_added_to_it(recorder: Recorder, reader: Reader) -> None:
    call = put_call(recorder)
    await recorder.flush()
    before = await reader.call(call)
    recorder.put(CallEvent(call=call, event="call.survey", data={"note": 5}))
    await recorder.flush()
    after = await reader.call(call)
    assert after.call == before.call
    assert after.legs == before.legs
    assert after.events[-1].data == {"note": 5}


async def test_two_processes_worth_of_recorders_share_a_file(
    start_recorder: Start, reader: Reader, logged: list[Any]
) -> None:
    one, other = await start_recorder(), await start_recorder()
    calls = {put_call(sink) for _ in range(100) for sink in (one, other)}
    await asyncio.gather(one.flush(), other.flush())
    stored = await reader.calls(limit=1000)
    assert {call.id for call in stored} == calls
    assert all(call.outcome == "bridged" for call in stored)
    assert "records.rejected" not in names(logged)


async def test_the_database_is_in_wal_mode_with_its_relations_intact(
    recorder: Recorder, database: Path
) -> None:
    put_call(recorder)
    await recorder.flush()
    assert rows(database, "PRAGMA journal_mode") == [("wal",)]
    assert rows(database, "PRAGMA foreign_key_check") == []
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]


async def test_a_plain_sql_client_can_compute_with_what_is_stored(recorder: Recorder, database: Path) -> None:
    call = new_call_id()
    recorder.put(CallArrived(call=call, line="100", channel_id="c"))
    recorder.put(CallEnded(call=call, outcome=Outcome.ABANDONED))
    await recorder.flush()
    query = f"""SELECT strftime('%Y', arrived_at), round((julianday(ended_at) - julianday(arrived_at)) * 24),
        json_extract(data, '$.outcome') FROM calls JOIN call_events ON call_id = id
        WHERE id = '{call}' AND name = 'call.ended'"""
    assert rows(database, query) == [(str(datetime.now(UTC).year), 0.0, "abandoned")]


KILLED = """
import asyncio, sys
from pathlib import Path
from ari_app.records import CallArrived, CallQueued
from ari_app.records.recorder import Recorder

async def main():
    recorder = Recorder(sys.argv[1], Path(sys.argv[2]))
    await recorder.start()
    recorder.put(CallArrived(call="killed", line="100", channel_id="c", number="+33612345678"))
    recorder.put(CallQueued(call="killed", team="support"))
    await recorder.flush()
    print("written", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_what_was_written_survives_a_kill_and_the_call_can_be_ended_as_interrupted(
    database: Path, spill: Path, start_recorder: Start, reader: Reader
) -> None:
    command = [sys.executable, "-c", KILLED, f"sqlite:///{database}", str(spill)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(LONG):
        assert await process.stdout.readline() == b"written\n"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    recorder = await start_recorder()
    [found] = await recorder.open_calls()
    assert (found.call.id, found.call.number) == ("killed", "+33612345678")
    recorder.put(CallEnded(call="killed", outcome=Outcome.INTERRUPTED))
    await recorder.flush()
    stored = (await reader.call("killed")).call
    assert stored.outcome == "interrupted"
    assert stored.wait_seconds is not None
    assert stored.total_seconds is not None
    assert 0 <= stored.wait_seconds <= stored.total_seconds


BUSY = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from recording import put_call
from ari_app.records.recorder import Recorder

async def main():
    recorder = Recorder(sys.argv[1], Path(sys.argv[2]))
    await recorder.start()
    for round in range(10_000):
        for _ in range(20):
            put_call(recorder)
        asyncio.get_running_loop().call_later(0.01, recorder._hurry.set)
        await asyncio.sleep(0.02)
        print(round, flush=True)

asyncio.run(main())
"""


async def test_a_kill_in_the_middle_of_writing_leaves_calls_whole_up_to_where_it_was(
    database: Path, spill: Path, start_recorder: Start
) -> None:
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", BUSY, f"sqlite:///{database}", str(spill), here]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(LONG):
        while not database.exists() or not await process.stdout.readline() or not rows_if_any(database):
            continue
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    assert rows(database, "PRAGMA foreign_key_check") == []
    whole = [fact.__struct_config__.tag for fact in facts_of_a_call("any")]
    told: dict[str, list[str]] = {}
    for call, name in rows(database, "SELECT call_id, name FROM call_events ORDER BY call_id, seq"):
        told.setdefault(call, []).append(name)
    assert told
    assert all(names == whole[: len(names)] for names in told.values())
    assert set(told) == {row[0] for row in rows(database, "SELECT id FROM calls")}


def rows_if_any(database: Path) -> list[Any]:
    """Return a call that is in the database already, if one is."""
    try:
        return rows(database, "SELECT id FROM calls LIMIT 1")
    except sqlite3.OperationalError:  # the tables are being made
        return []


async def test_the_spill_is_private(start_recorder: Start, spill: Path) -> None:
    recorder = await start_recorder()
    await recorder.stop()
    put_call(recorder)
    assert stat.S_IMODE(spill.stat().st_mode) == 0o600
