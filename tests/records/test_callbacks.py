"""Wishes to be called back: whatever is written twice, or late, calls nobody twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ari_app.records import Entry
from ari_app.records.callbacks import CallbackReader, UnknownCallback, cancel
from ari_app.records.facts import (
    CallbackAsked,
    CallbackEnded,
    CallbackPostponed,
    CallbackState,
    CallbackTried,
)
from ari_app.records.recorder import Recorder

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = "+33612345678"


@pytest.fixture
async def wishes(database: Path) -> AsyncIterator[CallbackReader]:
    """Reads back what is in the database."""
    async with CallbackReader(f"sqlite:///{database}") as opened:
        yield opened


def at(minutes: float) -> datetime:
    """Return an instant after noon."""
    return NOON + timedelta(minutes=minutes)


def asked(
    name: str = "a", minutes: float = 0, *, number: str = NUMBER, reason: str = "panne"
) -> CallbackAsked:
    """Return that somebody asked to be called back."""
    return CallbackAsked(
        id=name,
        at=at(minutes),
        call="c",
        line="100",
        number=number,
        language="fr",
        reason=reason,
        priority=0,
        until=at(minutes + 60),
        attempts=3,
        delays=(60.0,),
        ring_seconds=30.0,
        flow="menu",
    )


TRIED = CallbackTried(id="a", at=at(1), tries=1, call="x")
POSTPONED = CallbackPostponed(id="a", at=at(2), tries=1, counted=1, result="not-reached", next_at=at(7))
AGAIN = CallbackTried(id="a", at=at(7), tries=2, call="y")
TALKED = CallbackEnded(id="a", at=at(9), state=CallbackState.TALKED)
CANCELLED = CallbackEnded(id="a", at=at(8), state=CallbackState.CANCELLED)
GIVEN_UP = CallbackEnded(id="a", at=at(10), state=CallbackState.GIVEN_UP, result="not-reached")


@pytest.mark.parametrize(
    ("entries", "becomes"),
    [
        ([asked()], ("waiting", 0, 0)),
        ([asked(), TRIED], ("calling", 1, 0)),
        ([asked(), TRIED, POSTPONED], ("waiting", 1, 1)),
        ([asked(), TRIED, POSTPONED, AGAIN, TALKED], ("talked", 2, 1)),
        ([asked(), TRIED, CANCELLED], ("cancelled", 1, 0)),
        ([asked(), TRIED, CANCELLED, POSTPONED, AGAIN], ("cancelled", 1, 0)),
        ([asked(), TRIED, CANCELLED, TALKED], ("talked", 1, 0)),
        ([asked(), TRIED, TALKED, CANCELLED, GIVEN_UP], ("talked", 1, 0)),
    ],
)
async def test_each_entry_counts_once_however_often_it_is_written(
    recorder: Recorder, wishes: CallbackReader, entries: Sequence[Entry], becomes: tuple[str, int, int]
) -> None:
    for entry in [*entries, *entries]:
        recorder.put_entry(entry)
    await recorder.flush()
    (wish,) = await wishes.callbacks()
    assert (wish.state, wish.tries, wish.counted) == becomes
    assert (wish.ended_at is None) == (wish.state in {"waiting", "calling"})


async def test_who_asks_again_is_one_who_waits_as_was_asked_last(
    recorder: Recorder, wishes: CallbackReader
) -> None:
    for entry in (asked(), TRIED, POSTPONED, asked("b", 3, reason="vol"), asked("b", 3, reason="vol")):
        recorder.put_entry(entry)
    await recorder.flush()
    (wish,) = await wishes.open_callbacks()
    assert (wish.id, wish.reason, wish.asked_at, wish.until) == ("a", "vol", at(0), at(63))
    assert (wish.next_at, wish.counted, wish.attempts) == (at(3), 1, 4)


async def test_a_wish_that_is_written_late_is_not_a_new_one(
    recorder: Recorder, wishes: CallbackReader
) -> None:
    for entry in (asked(), TRIED, TALKED, asked("b", 3), asked("a")):
        recorder.put_entry(entry)
    await recorder.flush()
    assert await wishes.open_callbacks() == []
    recorder.put_entry(asked("c", 11))  # but this is
    await recorder.flush()
    (wish,) = await wishes.open_callbacks()
    assert wish.id == "c"


async def test_those_who_wait_are_served_by_urgency_then_in_turn(
    recorder: Recorder, wishes: CallbackReader
) -> None:
    for number, (name, minutes, priority) in enumerate([("a", 2, 0), ("b", 1, 0), ("c", 3, 5)]):
        entry = asked(name, minutes, number=f"{NUMBER[:-1]}{number}")
        recorder.put_entry(msgspec.structs.replace(entry, priority=priority))
    await recorder.flush()
    assert [each.id for each in await wishes.open_callbacks()] == ["c", "b", "a"]
    assert [each.id for each in await wishes.callbacks()] == ["c", "a", "b"]


async def test_an_admin_cancels_by_the_id(recorder: Recorder, wishes: CallbackReader, database: Path) -> None:
    recorder.put_entry(asked("abc"))
    recorder.put_entry(asked("abd", number="+33612345679"))
    await recorder.flush()
    with pytest.raises(UnknownCallback, match="several"):
        await wishes.callback("ab")
    with pytest.raises(UnknownCallback, match="no callback"):
        await wishes.callback("%")
    await cancel(f"sqlite:///{database}", (await wishes.callback("abc")).id)
    assert [each.id for each in await wishes.open_callbacks()] == ["abd"]
    assert (await wishes.callback("abc")).state == "cancelled"
