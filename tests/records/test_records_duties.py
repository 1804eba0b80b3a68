"""Duties that are to be confirmed, and phones that were tried, as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ari_app.records.duties import DutyReader
from ari_app.records.facts import DutyNoted, Entry, LegResult, PhoneTried
from ari_app.records.recorder import Recorder

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def noted(tries: int, **more: datetime | str | None) -> DutyNoted:
    return DutyNoted(
        at=START,
        team="panne",
        agent="alice",
        starts_at=START,
        ends_at=START + 60 * MINUTE,
        deadline=START + 10 * MINUTE,
        tries=tries,
        **more,  # type: ignore[arg-type]  # one row of a table
    )


async def keep(folder: Path, *entries: Entry) -> str:
    address = f"sqlite:///{folder}/records.db"
    recorder = Recorder(address, spill=folder / "unsaved.jsonl")
    await recorder.start()
    for entry in entries:
        recorder.put_entry(entry)
    await recorder.flush()
    await recorder.stop()
    return address


async def test_what_is_known_of_a_duty_is_never_taken_back(tmp_path: Path) -> None:
    address = await keep(
        tmp_path,
        noted(1),
        noted(3, unconfirmed_at=START + 10 * MINUTE),
        noted(3, confirmed_at=START + 11 * MINUTE, confirmed_by="call"),
        noted(2),  # late, or once more
    )
    async with DutyReader(address) as reader:
        (duty,) = await reader.duties(START)
    assert (duty.tries, duty.confirmed_by) == (3, "call")
    assert (duty.confirmed_at, duty.unconfirmed_at) == (START + 11 * MINUTE, START + 10 * MINUTE)


async def test_the_unconfirmed_are_known_until_their_duty_ends_or_they_confirm(tmp_path: Path) -> None:
    address = await keep(tmp_path, noted(3, unconfirmed_at=START + 10 * MINUTE))
    async with DutyReader(address) as reader:
        assert await reader.unconfirmed(START + 59 * MINUTE) == {"alice"}
        assert await reader.unconfirmed(START + 60 * MINUTE) == set()
    await keep(tmp_path, noted(3, confirmed_at=START + 11 * MINUTE, confirmed_by="drill"))
    async with DutyReader(address) as reader:
        assert await reader.unconfirmed(START + 12 * MINUTE) == set()


async def test_a_phone_that_was_tried_is_kept_once_and_is_no_call(tmp_path: Path) -> None:
    tried = PhoneTried(
        at=START,
        id="leg",
        run="run",
        purpose="drill",
        team="panne",
        agent="alice",
        endpoint="PJSIP/alice",
        answered_seconds=2.5,
        seconds=7.0,
        result=LegResult.ACCEPTED,
        cause=16,
    )
    address = await keep(tmp_path, tried, tried)
    async with DutyReader(address) as reader:
        (kept,) = await reader.tried_phones()
        assert await reader.calls() == []
    assert (kept.purpose, kept.agent, kept.rung_at, kept.result) == ("drill", "alice", START, "accepted")
    assert (kept.answered_seconds, kept.seconds, kept.hangup_cause) == (2.5, 7.0, 16)
