"""Messages and notices are kept beside the calls, whatever the database does meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ari_app.records import (
    Entry,
    MessageDeleted,
    MessageLeft,
    NoticeQueued,
    NoticeState,
    NoticeTried,
)
from ari_app.records.messages import MessageReader, UnknownMessage
from ari_app.records.recorder import Recorder

from .recording import put_call

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MESSAGE = "20261123T120000-3f9c02ab7d.r001"


@pytest.fixture
async def messages(database: Path) -> AsyncIterator[MessageReader]:
    """Reads back what is in the database."""
    async with MessageReader(f"sqlite:///{database}") as opened:
        yield opened


def left(call: str, message: str = MESSAGE, minutes: float = 0) -> MessageLeft:
    """Return that a caller left a message."""
    at = NOON + timedelta(minutes=minutes)
    return MessageLeft(
        id=message, at=at, call=call, team="support", language="fr", file=f"{message}.wav", seconds=3.5
    )


def queued(recipient: str, position: int = 1, minutes: float = 0) -> NoticeQueued:
    """Return that the message is to be told to somebody."""
    return NoticeQueued(
        id="n1",
        at=NOON + timedelta(minutes=minutes),
        recipient=recipient,
        position=position,
        title="Message",
        body="De : Zoé 🦊",
        about=MESSAGE,
        attachments=("a.wav",),
    )


def tried(recipient: str, state: NoticeState, tries: int = 1, reason: str = "") -> NoticeTried:
    """Return what became of a try."""
    return NoticeTried(
        id="n1", at=NOON, recipient=recipient, position=1, tries=tries, state=state, reason=reason
    )


async def test_a_message_is_listed_with_its_caller_and_what_became_of_its_notices(
    recorder: Recorder, messages: MessageReader
) -> None:
    call = put_call(recorder)
    for entry in (
        left(call),
        queued("chef"),
        queued("equipe", 1),
        queued("equipe", 2),
        tried("chef", NoticeState.SENT),
        tried("equipe", NoticeState.WAITING, reason="error=500"),
    ):
        recorder.put_entry(entry)
    await recorder.flush()
    (message,) = await messages.messages()
    assert (message.call_id, message.number, message.reason) == (call, "+33612345678", "panne")
    assert (message.team, message.language, message.seconds, message.left_at) == ("support", "fr", 3.5, NOON)
    assert [(each.recipient, each.position, each.state, each.tries) for each in message.notices] == [
        ("chef", 1, "sent", 1),
        ("equipe", 1, "waiting", 1),
        ("equipe", 2, "waiting", 0),
    ]
    waiting = await messages.notices_waiting()
    assert [(each.recipient, each.position, each.reason) for each in waiting] == [
        ("equipe", 1, "error=500"),
        ("equipe", 2, ""),
    ]
    assert (waiting[0].body, waiting[0].attachments) == ("De : Zoé 🦊", ["a.wav"])


async def test_a_deleted_message_is_listed_only_on_demand(
    recorder: Recorder, messages: MessageReader
) -> None:
    recorder.put_entry(left(put_call(recorder)))
    recorder.put_entry(MessageDeleted(id=MESSAGE, at=NOON + timedelta(days=30)))
    recorder.put_entry(MessageDeleted(id=MESSAGE, at=NOON + timedelta(days=40)))
    await recorder.flush()
    assert await messages.messages() == []
    (message,) = await messages.messages(deleted=True)
    assert message.deleted_at == NOON + timedelta(days=30)


async def test_a_message_is_found_by_the_beginning_of_its_id(
    recorder: Recorder, messages: MessageReader
) -> None:
    call = put_call(recorder)
    recorder.put_entry(left(call))
    recorder.put_entry(left(call, MESSAGE.replace("r001", "r002"), minutes=1))
    await recorder.flush()
    assert (await messages.message(MESSAGE)).id == MESSAGE
    for prefix in ("20261123T12", "20251123", "%"):
        with pytest.raises(UnknownMessage):
            await messages.message(prefix)
    assert await messages.messages_known([MESSAGE, "other"]) == {MESSAGE}


@pytest.mark.parametrize("again", range(2))
async def test_entries_of_a_line_that_stops_while_the_database_refuses_are_there_after_the_next_start(
    start_recorder: Callable[[], Any],
    messages: MessageReader,
    sqlite_pragmas: list[str],
    again: int,
) -> None:
    first = await start_recorder()
    call = put_call(first)
    await first.stop()
    sqlite_pragmas.append("query_only = ON")
    stuck: Recorder = await start_recorder()
    entries: list[Entry] = [left(call), queued("chef"), tried("chef", NoticeState.SENT)]
    for entry in entries * (1 + again):
        stuck.put_entry(entry)
    await stuck.stop(deadline=0.1)
    sqlite_pragmas.clear()
    await (await start_recorder()).stop()
    (message,) = await messages.messages()
    assert [(each.recipient, each.state) for each in message.notices] == [("chef", "sent")]


async def test_a_late_word_of_an_earlier_try_changes_nothing(
    recorder: Recorder, messages: MessageReader
) -> None:
    for entry in (
        queued("chef"),
        tried("chef", NoticeState.SENT, tries=2),
        tried("chef", NoticeState.WAITING, tries=1, reason="late"),
    ):
        recorder.put_entry(entry)
    await recorder.flush()
    assert await messages.notices_waiting() == []


async def test_text_that_no_database_stores_is_stored_with_replacements(
    recorder: Recorder, messages: MessageReader
) -> None:
    recorder.put_entry(
        NoticeQueued(id="n2", at=NOON, recipient="chef", position=1, title="t", body="half \ud800 a smile")
    )
    await recorder.flush()
    (waiting,) = await messages.notices_waiting()
    assert waiting.body == "half ? a smile"
