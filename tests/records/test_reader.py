"""Reading the records back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.records import (
    CallArrived,
    CallEnded,
    CallQueued,
    LegAccepted,
    LegEnded,
    LegResult,
    LegStarted,
    Outcome,
)
from ari_app.records.database import InvalidDatabaseUrl, RecordsUnavailable
from ari_app.records.reader import AmbiguousCall, Reader, UnknownCall
from ari_app.records.recorder import Recorder

from .recording import put_call

NOON = datetime(2001, 1, 1, 12, tzinfo=UTC)


async def three_calls(recorder: Recorder) -> None:
    for number, (team, outcome) in enumerate(
        [("support", Outcome.BRIDGED), ("cards", Outcome.ABANDONED), ("support", Outcome.UNANSWERED)]
    ):
        call, at = f"20010101T12{number}000-abc", NOON + timedelta(minutes=10 * number)
        recorder.put(CallArrived(call=call, line="100", channel_id="c", at=at))
        recorder.put(CallQueued(call=call, team=team, at=at))
        recorder.put(CallEnded(call=call, outcome=outcome, at=at))
    await recorder.flush()


async def test_calls_come_newest_first_within_what_is_asked(recorder: Recorder, reader: Reader) -> None:
    await three_calls(recorder)
    ids = [call.id for call in await reader.calls(since=NOON, until=NOON + timedelta(hours=1))]
    assert ids == ["20010101T122000-abc", "20010101T121000-abc", "20010101T120000-abc"]
    assert [
        call.id for call in await reader.calls(limit=1, since=NOON, until=NOON + timedelta(hours=1))
    ] == ids[:1]
    later = await reader.calls(since=NOON + timedelta(minutes=10), until=NOON + timedelta(minutes=20))
    assert [call.id for call in later] == ids[1:2]
    in_paris = NOON.astimezone(tz=None) + timedelta(minutes=20)
    assert ids[0] in [call.id for call in await reader.calls(since=in_paris)]


async def test_calls_can_be_asked_by_team_and_outcome(recorder: Recorder, reader: Reader) -> None:
    await three_calls(recorder)
    bounds = {"since": NOON, "until": NOON + timedelta(hours=1)}
    support = await reader.calls(team="support", **bounds)  # type: ignore[arg-type]  # both are datetimes
    assert [call.outcome for call in support] == ["unanswered", "bridged"]
    abandoned = await reader.calls(outcome="abandoned", **bounds)  # type: ignore[arg-type]  # likewise
    assert [call.team for call in abandoned] == ["cards"]


async def test_the_beginning_of_an_id_is_enough_when_it_is_the_only_one(
    recorder: Recorder, reader: Reader
) -> None:
    await three_calls(recorder)
    assert (await reader.call("20010101T1210")).call.team == "cards"
    with pytest.raises(AmbiguousCall) as ambiguous:
        await reader.call("20010101T12")
    assert ambiguous.value.ids == ["20010101T120000-abc", "20010101T121000-abc", "20010101T122000-abc"]


@pytest.mark.parametrize("prefix", ["%", "_", "20010101T12%", "' OR '1'='1", "nothing"])
async def test_an_id_is_never_a_pattern(recorder: Recorder, reader: Reader, prefix: str) -> None:
    await three_calls(recorder)
    with pytest.raises(UnknownCall):
        await reader.call(prefix)


async def test_a_whole_id_is_not_ambiguous_though_another_begins_with_it(
    recorder: Recorder, reader: Reader
) -> None:
    for call in ("abc", "abcd"):
        recorder.put(CallArrived(call=call, line="100", channel_id="c"))
    await recorder.flush()
    assert (await reader.call("abc")).call.id == "abc"


async def test_records_that_do_not_exist_yet_are_said_so_and_not_made(reader: Reader, database: Path) -> None:
    with pytest.raises(RecordsUnavailable, match="no records yet") as none:
        await reader.calls()
    assert none.value.problem == "no-records"
    assert not database.exists()


async def test_an_empty_file_holds_no_records(reader: Reader, database: Path) -> None:
    database.touch()
    with pytest.raises(RecordsUnavailable, match="no records yet"):
        await reader.calls()


async def test_a_file_that_is_no_database_is_said_so(reader: Reader, database: Path) -> None:
    database.write_text("no database at all, " * 100)
    with pytest.raises(RecordsUnavailable, match="damaged or is no SQLite database"):
        await reader.calls()


async def test_reading_goes_on_while_calls_are_written(recorder: Recorder, reader: Reader) -> None:
    assert len(await reader.calls()) == 1
    put_call(recorder)
    await recorder.flush()
    assert len(await reader.calls()) == 2


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("records.db", "cannot be read"),
        ("mysql://host/records", "cannot be kept in 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_used_says_why_and_what_to_write(address: str, message: str) -> None:
    with pytest.raises(InvalidDatabaseUrl, match=message) as invalid:
        Reader(address)
    assert "sqlite:///" in invalid.value.remedy


async def test_a_server_that_does_not_answer_is_said_so_without_the_password() -> None:
    async with Reader("postgresql://astreinte:secret@127.0.0.1:1/records") as reader:
        with pytest.raises(RecordsUnavailable) as unreachable:
            await reader.calls()
    assert unreachable.value.problem == "unreachable"
    assert "127.0.0.1:1" in str(unreachable.value)
    assert "secret" not in str(unreachable.value)


async def test_what_each_agent_last_did_is_told(
    start_recorder: Callable[[], Awaitable[Recorder]], reader: Reader
) -> None:
    recorder = await start_recorder()

    def leg(call: str, agent: str, minute: int, result: LegResult, accepted: int | None = None) -> None:
        leg_id, at = f"{call}.{agent}", NOON + timedelta(minutes=minute)
        recorder.put(LegStarted(call=call, leg=leg_id, agent=agent, endpoint="e", at=at))
        if accepted is not None:
            recorder.put(LegAccepted(call=call, leg=leg_id, at=NOON + timedelta(minutes=accepted)))
        recorder.put(LegEnded(call=call, leg=leg_id, result=result, at=at + timedelta(minutes=5)))

    for call, minute in (("20010101T120000-a", 0), ("20010101T123000-b", 30), ("20001127T120000-c", -50_000)):
        recorder.put(CallArrived(call=call, line="1", channel_id="c", at=NOON + timedelta(minutes=minute)))
        leg(call, "alice", minute, LegResult.ACCEPTED, minute + 1)
        leg(call, "bruno", minute, LegResult.NO_ANSWER)
    leg("20001127T120000-c", "chloe", -50_000, LegResult.ACCEPTED, -49_999)  # too long ago
    leg("20010101T123000-b", "david", 31, LegResult.SKIPPED)
    await recorder.flush()
    found = await reader.last_activity(NOON - timedelta(days=7))
    assert {each.agent: (each.rung_at, each.taken_at) for each in found} == {
        "alice": (NOON + timedelta(minutes=30), NOON + timedelta(minutes=35)),
        "bruno": (NOON + timedelta(minutes=30), None),
    }
