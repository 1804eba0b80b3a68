"""What people see of recordings in the terminal, and what they do with them."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.call.recordings import Name
from ari_app.core.ids import new_call_id
from ari_app.records import CallArrived, CallEnded, Outcome
from ari_app.records.facts import (
    CallBridged,
    CallEvent,
    CallQueued,
    Deleted,
    LegAccepted,
    LegStarted,
    RecordingDeleted,
    TalkRecorded,
)
from ari_app.records.recorder import Recorder

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOUND = b"RIFF and so on"


def recorded(folder: Path, at: datetime = NOON, *, agent: str = "alice", team: str = "cartes") -> str:
    """Have a call and its recording on record; return the recording's id."""
    call = new_call_id(at)
    name = Name(f"{call}.t001", 30)
    path = name.file(folder / "var/recordings")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(SOUND)

    async def record() -> None:
        recorder = Recorder(f"sqlite:///{folder / 'var/astreinte.db'}", spill=folder / "var/unsaved.jsonl")
        await recorder.start()
        leg = f"{call}.l001"
        recorder.put(CallArrived(call=call, line="100", channel_id="c", number="+33199001234", at=at))
        recorder.put(CallQueued(call=call, team=team))
        recorder.put(LegStarted(call=call, leg=leg, agent=agent, endpoint="PJSIP/alice"))
        recorder.put(LegAccepted(call=call, leg=leg))
        recorder.put(CallBridged(call=call, leg=leg))
        recorder.put(
            CallEvent(call=call, event="recording.begun", data={"recording": name.id, "keep_days": 30})
        )
        recorder.put(CallEvent(call=call, event="recording.paused"))
        recorder.put(CallEnded(call=call, outcome=Outcome.BRIDGED))
        recorder.put_entry(
            TalkRecorded(
                id=name.id,
                at=at,
                call=call,
                file=path.name,
                begun_at=at,
                seconds=61.5,
                pauses=((10.0, 20.5),),
                size=len(SOUND),
                delete_at=name.delete_at,
            )
        )
        await recorder.stop()

    asyncio.run(record())
    return name.id


@pytest.fixture
def theirs(desk: Desk) -> Desk:
    """A desk with the settings of a line."""
    desk.settings("data: var\ndatabase: sqlite:///var/astreinte.db\n")
    return desk


def test_recordings_are_listed_and_found_by_day_team_agent_and_call(
    theirs: Desk, astreinte: Astreinte
) -> None:
    first = recorded(theirs.folder)
    second = recorded(theirs.folder, NOON + timedelta(days=1), agent="bruno", team="support")
    everything = theirs.types("recordings", COLUMNS="200").out
    assert everything.index(second) < everything.index(first)
    assert "+33199001234" in everything
    assert "1m" in everything or "61.5 s" in everything
    for option, only in (
        (("--day", "2026-11-23"), first),
        (("--team", "support"), second),
        (("--agent", "alice"), first),
        (("--call", second[:26]), second),
        (("-n", "1"), second),
    ):
        shown = astreinte("recordings", *option, COLUMNS="200", TZ="UTC").out
        assert [each in shown for each in (first, second)] == [each == only for each in (first, second)], (
            option
        )
    assert astreinte("recordings", "--team", "nobody").out == "No recording.\n"
    assert astreinte("recordings", "--day", "yesterday").code == 2


def test_a_recording_is_shown_and_its_call_tells_of_it(theirs: Desk, astreinte: Astreinte) -> None:
    recording = recorded(theirs.folder)
    shown = theirs.types("recordings", "show", recording[:20], TZ="UTC")
    assert shown.code == 0
    for said in ("+33199001234", "alice", "61.5 s", "10.0 s to 20.5 s", f"{recording}.30d.wav", "2026-12-23"):
        assert said in shown.out
    story = astreinte("calls", "show", recording[:26]).out
    assert f"what they say is recorded ({recording}), for 30 days" in story
    assert "the agent pauses the recording" in story


def test_a_recording_is_exported_for_its_owner_alone_and_nothing_is_overwritten(
    theirs: Desk, astreinte: Astreinte
) -> None:
    recording = recorded(theirs.folder)
    done = theirs.types("recordings", "export", recording, "complaint.wav")
    copy = theirs.folder / "complaint.wav"
    assert (done.code, copy.read_bytes(), stat.S_IMODE(copy.stat().st_mode)) == (0, SOUND, 0o600)
    again = astreinte("recordings", "export", recording, "complaint.wav")
    assert (again.code, "is there already" in again.err) == (1, True)
    assert astreinte("recordings", "export", recording).code == 0
    assert (theirs.folder / f"{recording}.wav").read_bytes() == SOUND
    nowhere = astreinte("recordings", "export", recording, "no/such/folder.wav")
    assert (nowhere.code, "No such file" in nowhere.err) == (1, True)


def test_a_recording_is_deleted_and_that_stays_on_record(theirs: Desk, astreinte: Astreinte) -> None:
    recording = recorded(theirs.folder)
    file = theirs.folder / f"var/recordings/{recording}.30d.wav"
    assert theirs.types("recordings", "delete", recording).code == 0
    assert not file.exists()
    assert astreinte("recordings").out == "No recording.\n"
    assert "deleted" in astreinte("recordings", "--all", COLUMNS="200").out
    assert "by `astreinte recordings delete`" in astreinte("recordings", "show", recording).out
    for command in ("delete", "export"):
        refused = astreinte("recordings", command, recording)
        assert (refused.code, "was deleted on" in refused.err) == (1, True)


def test_a_recording_whose_file_is_gone_is_told_so(theirs: Desk, astreinte: Astreinte) -> None:
    recording = recorded(theirs.folder)
    (theirs.folder / f"var/recordings/{recording}.30d.wav").unlink()
    refused = astreinte("recordings", "export", recording)
    assert (refused.code, "is not there" in refused.err) == (1, True)


@pytest.mark.parametrize("command", ["show", "export", "delete"])
def test_what_is_no_recording_is_told_so(theirs: Desk, astreinte: Astreinte, command: str) -> None:
    recorded(theirs.folder)
    refused = astreinte("recordings", command, "20200101")
    assert (refused.code, "no recording's id begins with '20200101'" in refused.err) == (1, True)


def test_why_a_recording_is_no_more_is_told(theirs: Desk, astreinte: Astreinte) -> None:
    recording = recorded(theirs.folder)

    async def over() -> None:
        database = f"sqlite:///{theirs.folder / 'var/astreinte.db'}"
        recorder = Recorder(database, spill=theirs.folder / "var/unsaved.jsonl")
        await recorder.start()
        recorder.put_entry(
            RecordingDeleted(id=recording, at=NOON + timedelta(days=30), why=Deleted.RETENTION)
        )
        recorder.put_entry(RecordingDeleted(id=recording, at=NOON, why=Deleted.COMMAND))  # the first counts
        await recorder.stop()

    asyncio.run(over())
    shown = astreinte("recordings", "show", recording, TZ="UTC").out
    assert "2026-12-23 12:00:00+0000: its time was over" in shown
