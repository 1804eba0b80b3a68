"""Something dies, is cut, or has no space, while talks are recorded: they go on, and nothing else is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from ari_app.call.recordings import Name
from ari_app.core.ids import new_call_id
from ari_app.core.settings import Settings
from ari_app.records.facts import CallBridged, TalkRecorded
from ari_app.records.recorder import Recorder
from ari_app.records.recordings import RecordingRecord
from ari_app.service.line import Line, open_line
from tests.wire import Wire

from .exchange import Place, opened
from .people import Person
from .recorded import (
    RECORD,
    asterisk_has_none,
    recording,
    recording_of,
    recordings_of,
    recordings_of_call,
    sound_of,
    taken,
    voice_seconds,
)
from .test_call_conversation import event, they_talk
from .troubles import (
    LineProcess,
    all_is_on_record,
    by_wire,
    calls,
    has_taken_up,
    is_cut,
    is_mended,
    line_process,
    line_that_stops,
    record_at_the_end,
    record_of,
    until_told,
)

if TYPE_CHECKING:
    from .conftest import OpenALine

HEARD_FOR = 0.3
NOTHING = 0.1
"""Seconds of a voice."""
PANNE = {"panne": ["{ring: [alice], for: 120s}"]}
KEPT = timedelta(days=30)


async def taken_by(line: LineProcess, place: Place) -> tuple[Person, Person]:
    """Let a line in a process of its own put a caller through; return caller and agent, who talk."""
    alice = place.telephone("alice")
    caller = await calls(place)
    await caller.is_answered()
    agent = await alice.is_rung()
    await agent.takes_the_call()
    await line.has_stored("recording.begun", caller)
    await they_talk(caller, agent)
    return caller, agent


def say_something_new(*people: Person) -> None:
    """Let people speak in voices that were not heard before."""
    for each in people:
        each.hertz += 40


def of(logs: list[MutableMapping[str, Any]], event: str, call: str = "") -> list[MutableMapping[str, Any]]:
    """Return the lines of a log that tell of an event, of one call or of all."""
    return [each for each in logs if each["event"] == event and call in each.get("recording", "")]


@asynccontextmanager
async def a_line_at(settings: Settings, now: datetime) -> AsyncIterator[Line]:
    """Run a line that believes it is another time."""
    async with open_line(settings, now=lambda: now) as line:
        yield line


async def test_a_talk_is_recorded_to_its_end_when_the_line_is_killed_and_started_again(place: Place) -> None:
    settings = place.settings(teams=PANNE, menu=recording())
    async with line_process(settings) as killed:
        caller, agent = await taken_by(killed, place)
        await killed.is_killed()
    say_something_new(caller, agent)
    await they_talk(caller, agent)
    async with opened(place, settings) as line:
        await has_taken_up(line)
        say_something_new(caller, agent)
        await they_talk(caller, agent)
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await record_at_the_end(line)
        made = await recording_of(line, record)
    sound = sound_of(settings, made)
    voices = [each.hertz - step for each in (caller, agent) for step in (0, 40, 80)]
    assert [voice for voice in voices if voice_seconds(sound, voice) < HEARD_FOR] == []
    assert (record.call.outcome, made.agent, made.team) == ("bridged", "alice", "panne")
    assert abs(made.seconds - (record.call.talk_seconds or 0)) < 0.5
    assert made.delete_at == Name(made.id, 30).delete_at


async def test_what_was_paused_stays_so_when_the_line_is_killed(place: Place) -> None:
    settings = place.settings(teams=PANNE, menu=recording())
    async with line_process(settings) as killed:
        caller, agent = await taken_by(killed, place)
        await agent.presses(RECORD)
        await caller.hears_all_of("recording-paused")
        await killed.has_stored("recording.paused", caller)
        await killed.is_killed()
    async with opened(place, settings) as line:
        await has_taken_up(line)
        say_something_new(caller, agent)
        await they_talk(caller, agent)
        await caller.hangs_up()
        made = await recording_of(line, await record_at_the_end(line))
    sound = sound_of(settings, made)
    assert voice_seconds(sound, agent.hertz - 40) > HEARD_FOR
    assert max(voice_seconds(sound, each.hertz) for each in (caller, agent)) < NOTHING
    ((start, end),) = made.pauses
    assert (start > 1, end) == (True, made.seconds)


async def test_a_talk_that_ends_while_the_line_is_dead_is_fetched_at_its_next_start(place: Place) -> None:
    settings = place.settings(teams=PANNE, menu=recording())
    async with line_process(settings) as killed:
        caller, agent = await taken_by(killed, place)
        await killed.is_killed()
    await caller.hangs_up()
    await agent.hangs_up()
    async with line_that_stops(place, settings) as line:
        await all_is_on_record(line)
        made = await recording_of(line, await record_of(settings, caller))
    assert min(voice_seconds(sound_of(settings, made), each.hertz) for each in (caller, agent)) > HEARD_FOR


async def test_what_was_to_be_deleted_while_the_line_was_dead_is_at_its_next_start(place: Place) -> None:
    settings = place.settings(teams=PANNE, menu=recording())
    async with line_process(settings) as killed:
        caller, _ = await taken_by(killed, place)
        await killed.is_killed()
    await caller.hangs_up()
    async with a_line_at(settings, datetime.now(UTC) + KEPT + timedelta(minutes=5)) as line:
        await until_told("the call is over", lambda: line.reception.calls == 0)
        found = await is_deleted(line, settings, (await record_of(settings, caller)).call.id)
    assert (found.size, found.seconds) == (0, 0.0)
    assert list((settings.data / "recordings").glob(f"{found.call_id}*")) == []
    async with line_that_stops(place, settings) as after:
        await until_told("Asterisk has none", lambda: asterisk_has_none(after, found.call_id))


async def is_deleted(line: Line, settings: Settings, call: str) -> RecordingRecord:
    """Wait until the only recording of a call is deleted because its time is over; return it."""
    found: list[RecordingRecord] = []

    async def deleted() -> bool:
        await line.recorder.flush()
        found[:] = [each for each in await recordings_of(settings) if each.call_id == call]
        return [each.deleted_why for each in found] == ["retention"]

    await until_told("the recording is deleted", deleted)
    return found[0]


async def test_a_line_that_stops_leaves_a_talk_and_its_recording_alone(place: Place) -> None:
    settings = place.settings(teams=PANNE, menu=recording())
    async with line_that_stops(place, settings) as line:
        caller, agent = await taken(line)
        await they_talk(caller, agent)
    say_something_new(caller, agent)
    await they_talk(caller, agent)
    async with opened(place, settings) as line:
        await has_taken_up(line)
        await caller.hangs_up()
        made = await recording_of(line, await record_at_the_end(line))
    sound = sound_of(settings, made)
    voices = [each.hertz - step for each in (caller, agent) for step in (0, 40)]
    assert [voice for voice in voices if voice_seconds(sound, voice) < HEARD_FOR] == []


async def test_what_was_said_until_asterisk_died_is_kept(mortal_place: Place) -> None:
    place = mortal_place
    teams = {"panne": ["{ring: [emma], for: 120s}"]}
    async with opened(place, place.settings(teams=teams, menu=recording())) as line:
        caller, agent = await taken(line, "+33199001201")
        await they_talk(caller, agent)
        await asyncio.sleep(3)  # what Asterisk writes comes to the disk in blocks
        await place.asterisk.kill()
        await until_told("the line lost Asterisk", lambda: not line.line.ari.ready)
        await place.network.quiet()
        await place.asterisk.start()
        await place.asterisk.wait_ready()
        record = await line.record_of(caller)
        made = await recording_of(line, record)
    assert record.call.outcome == "bridged"
    assert voice_seconds(sound_of(line.settings, made), caller.hertz) > HEARD_FOR


async def test_a_cut_connection_costs_no_recording(place: Place, ari_wire: Wire) -> None:
    settings = by_wire(place.settings(teams=PANNE, menu=recording()), ari_wire)
    async with opened(place, settings) as line:
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        await is_cut(ari_wire, line)
        say_something_new(caller, agent)
        await they_talk(caller, agent)
        await is_mended(ari_wire, line)
        await agent.presses(RECORD)
        await caller.hears_all_of("recording-paused")
        await agent.presses(RECORD)
        await event(line, caller, "recording.resumed")
        await is_cut(ari_wire, line)
        await caller.hangs_up()
        await is_mended(ari_wire, line)
        await agent.is_hung_up()
        made = await recording_of(line, await line.record_of(caller))
    sound = sound_of(settings, made)
    voices = [each.hertz - step for each in (caller, agent) for step in (0, 40)]
    assert [voice for voice in voices if voice_seconds(sound, voice) < HEARD_FOR] == []


async def test_without_space_the_talk_goes_on_and_the_recording_is_fetched_when_there_is_some(
    place: Place,
) -> None:
    settings = place.settings(teams=PANNE, menu=recording())
    folder = settings.data / "recordings"
    folder.touch()  # a file where the folder would be: nothing can be written there
    async with opened(place, settings) as line:
        with capture_logs() as logs:
            caller, agent = await taken(line)
            await they_talk(caller, agent)
            await caller.hangs_up()
            record = await line.record_of(caller)
            await until_told("it is told", lambda: of(logs, "recording.not_stored", record.call.id))
        assert not await asterisk_has_none(line, record.call.id)
        folder.unlink()
        made = await recording_of(line, record)
    assert record.call.outcome == "bridged"
    assert voice_seconds(sound_of(settings, made), agent.hertz) > HEARD_FOR
    (told,) = of(logs, "recording.not_stored", record.call.id)
    assert str(folder) in told["remedy"]


async def test_when_asterisk_cannot_record_the_talk_goes_on(place: Place) -> None:
    recordings = place.asterisk.run_dir / "spool/recording"
    recordings.rename(recordings.with_name("kept"))
    recordings.touch()  # no folder: nothing can be written there
    try:
        async with opened(place, place.settings(teams=PANNE, menu=recording())) as line:
            with capture_logs() as logs:
                caller, agent = await taken(line)
                await they_talk(caller, agent)
                await event(line, caller, "recording.failed")
            await agent.presses(RECORD)
            await agent.hears_all_of("agent-impossible")
            await they_talk(caller, agent)
            await caller.hangs_up()
            record = await line.record_of(caller)
    finally:
        recordings.unlink()
        recordings.with_name("kept").rename(recordings)
    assert record.call.outcome == "bridged"
    assert "recording.failed" in [each.name for each in record.events]
    assert "disk" in of(logs, "recording.failed")[0]["remedy"]
    assert await recordings_of(line.settings) == []


@pytest.mark.parametrize("moment", ["announcement", "ringing", "taking", "talk", "pause", "hold"])
async def test_a_caller_may_hang_up_at_any_moment(open_a_line: OpenALine, moment: str) -> None:
    async with open_a_line(teams=PANNE, more={"panne": "transfer: {1: bruno}\n"}, menu=recording()) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call()
        await caller.hears("enregistrement")
        if moment != "announcement":
            agent = await alice.is_rung()
            if moment != "ringing":
                await agent.takes_the_call()
                if moment != "taking":
                    await line.told(CallBridged, caller)
                if moment == "pause":
                    await agent.presses(RECORD)
                    await caller.hears("recording-paused")
                if moment == "hold":
                    await agent.presses("*21")
                    await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
        names = [each.name for each in record.events]
        if "recording.begun" in names:
            await recordings_of_call(line, record)
        assert await asterisk_has_none(line, record.call.id)
    assert ("recording.begun" in names) == (moment in ("talk", "pause", "hold") or "call.bridged" in names)
    assert names.count("recording.begun") == names.count("recording.ended")


async def test_an_agent_may_hang_up_while_a_recording_is_announced(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording("start: on-demand")) as line:
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        await agent.presses(RECORD)
        await caller.hears("enregistrement")
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"


@pytest.mark.parametrize("days", [1, 90])
async def test_recordings_are_deleted_when_their_time_is_over(place: Place, days: int) -> None:
    settings = place.settings(menu=recording())
    now = datetime.now(UTC)
    ages = (timedelta(days=days, minutes=-5), timedelta(days=days, minutes=5), timedelta(days=365))
    young, *old = [await a_recording(settings, now - age, days) for age in ages]
    folder = settings.data / "recordings"
    stranger, part = folder / "holiday.wav", Name(old[0], days).file(folder).with_suffix(".part")
    stranger.touch()
    part.touch()
    at = now
    async with open_line(settings, now=lambda: at) as line:
        for each in old:
            await is_deleted(line, settings, each.partition(".")[0])
        assert [Name(each, days).file(folder).exists() for each in (young, *old)] == [True, False, False]
        assert not part.exists()
        at = now + timedelta(minutes=10)
        line._desk.recorded.wake()
        await is_deleted(line, settings, young.partition(".")[0])
        rows = [each for each in await recordings_of(settings) if each.id in (young, *old)]
    assert stranger.exists()
    assert {each.size for each in rows} == {44}


async def test_a_file_that_somebody_removed_is_noted_as_deleted_in_time(place: Place) -> None:
    settings = place.settings(menu=recording())
    made = await a_recording(settings, datetime.now(UTC) - timedelta(days=3), 2)
    Name(made, 2).file(settings.data / "recordings").unlink()
    async with open_line(settings) as line:
        found = await is_deleted(line, settings, made.partition(".")[0])
    assert found.id == made


async def a_recording(settings: Settings, at: datetime, days: int) -> str:
    """Have a recording on record of a call at an instant; return its id."""
    call = new_call_id(at)
    name = Name(f"{call}.t001", days)
    path: Path = name.file(settings.data / "recordings")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(44))
    recorder = Recorder(settings.database_url, spill=settings.data / "unsaved.jsonl")
    await recorder.start()
    recorder.put_entry(
        TalkRecorded(
            id=name.id,
            at=at,
            call=call,
            file=path.name,
            begun_at=at,
            seconds=1,
            pauses=(),
            size=44,
            delete_at=name.delete_at,
        )
    )
    await recorder.stop()
    return name.id
