"""What a process that is killed had told the records, and not written yet, is written by the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app.records.reader import Reader
from ari_app.records.recorder import Recorder

from .recording import LONG, facts_of_a_call, put_call

Start = Callable[[], Awaitable[Recorder]]

TELLS = """
import asyncio, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from recording import facts_of_a_call
from ari_app.records.recorder import Recorder

async def main():
    recorder = Recorder(sys.argv[1], Path(sys.argv[2]))
    await recorder.start()
    for fact in facts_of_a_call("killed"):
        recorder.put(fact)
    print("told", flush=True)
    time.sleep(3600)

asyncio.run(main())
"""
"""A process that tells of a call, and has no time to write it."""


@asynccontextmanager
async def a_process_that_tells(database: Path, spill: Path) -> AsyncIterator[None]:
    """Have a process tell of a call; it is killed when the block ends."""
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", TELLS, f"sqlite:///{database}", str(spill), here]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(LONG):
            assert await process.stdout.readline() == b"told\n"
        yield
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def test_nothing_that_was_told_before_a_kill_is_lost(
    database: Path, spill: Path, start_recorder: Start, reader: Reader
) -> None:
    async with a_process_that_tells(database, spill):
        assert not database.exists()
    recorder = await start_recorder()
    assert await recorder.open_calls() == []
    story = await reader.call("killed")
    assert [event.name for event in story.events] == [
        fact.__struct_config__.tag for fact in facts_of_a_call("killed")
    ]
    assert None not in (story.call.wait_seconds, story.call.talk_seconds, story.call.total_seconds)
    assert list(spill.parent.iterdir()) == []


async def test_what_a_living_process_has_still_to_write_is_left_to_it(
    database: Path, spill: Path, start_recorder: Start, reader: Reader
) -> None:
    async with a_process_that_tells(database, spill):
        recorder = await start_recorder()
        put_call(recorder)
        await recorder.flush()
        assert [call.id for call in await reader.calls()] != ["killed"]
        assert len(await reader.calls()) == 1
        assert len(list(spill.parent.iterdir())) == 1


async def test_what_is_in_the_database_is_kept_no_longer(
    recorder: Recorder, database: Path, spill: Path
) -> None:
    for _ in range(3):
        put_call(recorder)
        assert len(list(spill.parent.iterdir())) == 1
        await recorder.flush()
        assert list(spill.parent.iterdir()) == []


async def test_where_nothing_can_be_kept_all_is_written_and_it_is_said_once(
    database: Path, tmp_path: Path, reader: Reader, logged: list[dict[str, object]]
) -> None:
    recorder = Recorder(f"sqlite:///{database}", tmp_path / "no" / "such" / "spill")
    await recorder.start()
    calls = [put_call(recorder) for _ in range(2)]
    await recorder.flush()
    await recorder.stop()
    assert {call.id for call in await reader.calls()} == set(calls)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["records.journal_unusable"]


@pytest.mark.parametrize("times", [1, 3])
async def test_processes_that_are_killed_one_after_the_other_lose_nothing(
    database: Path, spill: Path, start_recorder: Start, reader: Reader, times: int
) -> None:
    for _ in range(times):
        async with a_process_that_tells(database, spill):
            pass
    recorder = await start_recorder()
    await recorder.open_calls()
    told = len(facts_of_a_call("killed"))
    assert len((await reader.call("killed")).events) == times * told
