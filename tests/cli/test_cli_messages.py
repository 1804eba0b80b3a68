"""What people see of messages and notices in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.core.ids import new_call_id
from ari_app.records import (
    CallArrived,
    CallEnded,
    MessageLeft,
    NoticeQueued,
    NoticeState,
    NoticeTried,
    Outcome,
)
from ari_app.records.recorder import Recorder
from tests.notify.services import mail_server, web_hook

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
NOW = datetime.now(UTC)


def a_message(folder: Path) -> str:
    """Have a message on record, and notices of it; return its id."""
    call = new_call_id(NOW)
    message = f"{call}.r001"

    async def record() -> None:
        recorder = Recorder(f"sqlite:///{folder / 'var/astreinte.db'}", spill=folder / "var/unsaved.jsonl")
        await recorder.start()
        recorder.put(CallArrived(call=call, line="100", channel_id="c", number="+33199001234"))
        recorder.put(CallEnded(call=call, outcome=Outcome.VOICEMAIL))
        recorder.put_entry(
            MessageLeft(
                id=message,
                at=NOW,
                call=call,
                team="cartes",
                language="fr",
                file=f"{message}.wav",
                seconds=7.4,
            )
        )
        for recipient, states in (("chef", "sent"), ("equipe", "sent waiting"), ("autre", "given-up")):
            for position, state in enumerate(states.split(), start=1):
                queued = NoticeQueued(
                    id="n", at=NOW, recipient=recipient, position=position, title="", body="", about=message
                )
                recorder.put_entry(queued)
                recorder.put_entry(
                    NoticeTried(
                        id="n",
                        at=NOW,
                        recipient=recipient,
                        position=position,
                        tries=1,
                        state=NoticeState(state),
                    )
                )
        await recorder.stop()

    (folder / "var/messages").mkdir(parents=True)
    (folder / f"var/messages/{message}.wav").write_bytes(b"RIFF")
    asyncio.run(record())
    return message


def test_messages_are_listed_found_and_deleted(desk: Desk, astreinte: Astreinte) -> None:
    message = a_message(desk.folder)
    said = desk.types("messages")
    columns, row = said.out.splitlines()
    assert columns.split() == ["message", "left", "caller", "reason", "team", "length", "told"]
    assert row.startswith(message)
    assert "+33199001234" in row
    assert row.endswith("cartes  7.4 s   autre (given-up), chef, equipe (1 of 2, waiting)")
    path = desk.folder / f"var/messages/{message}.wav"
    assert desk.types("messages", "path", message[:20]).out == f"{path}\n"
    assert desk.types("messages", "delete", message[:20]).out == f"The message {message} is deleted.\n"
    assert not path.exists()
    assert astreinte("messages").out == "No message.\n"
    gone = astreinte("messages", "path", message)
    assert gone.code == 1
    assert "was deleted on" in gone.err
    assert "messages are kept for 30 days" in gone.err


def test_a_file_that_is_missing_is_not_said_to_be_deleted(desk: Desk, astreinte: Astreinte) -> None:
    path = desk.folder / f"var/messages/{a_message(desk.folder)}.wav"
    path.unlink()
    missing = astreinte("messages", "path", "20")
    assert missing.code == 1
    assert f"is not there: {path}" in missing.err
    assert "was deleted" not in missing.err


def test_a_message_that_does_not_exist_is_said_so(desk: Desk, astreinte: Astreinte) -> None:
    a_message(desk.folder)
    unknown = astreinte("messages", "delete", "2019")
    assert unknown.code == 1
    assert "no message's id begins with '2019'" in unknown.err


def with_recipients(desk: Desk, **recipients: str) -> None:
    """Let the settings name recipients."""
    lines = "".join(f"    {name}: {address!r}\n" for name, address in recipients.items())
    desk.settings(f"notify:\n  recipients:\n{lines}")


async def test_a_test_notice_is_sent_now_and_each_answer_told(desk: Desk, astreinte: Astreinte) -> None:
    async with mail_server() as mail, web_hook() as hook:
        hook.answers = 500
        with_recipients(desk, chef=mail.address(), equipe=hook.address)
        sent = await asyncio.to_thread(desk.types, "notify", "test", "chef")
        failed = await asyncio.to_thread(astreinte, "notify", "test", "equipe")
        unknown = await asyncio.to_thread(astreinte, "notify", "test", "equip")
    assert (sent.code, sent.out) == (0, "sent  address 1, by mailto\n")
    assert mail.mails[0]["subject"] == "Astreinte: a test"
    assert failed.code == 1
    assert failed.out.startswith("FAIL  address 1, by json: ")
    assert "error=500" in failed.out
    assert "s3cr3t" not in failed.out
    assert unknown.code == 1
    assert "did you mean `equipe`?" in unknown.err


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("json://127.0.0.1:9/token", "ok    notices   the addresses of 1 name can be read"),
        ("slack://hushhush", "warn  notices   `chef`: apprise cannot read this address"),
    ],
)
def test_doctor_tells_whether_addresses_can_be_read_and_sends_nothing(
    desk: Desk, astreinte: Astreinte, address: str, seen: str
) -> None:
    with_recipients(desk, chef=address)
    said = astreinte("doctor")
    assert seen in said.out
    assert "hush" not in said.out + said.err


def test_check_warns_of_names_without_address_and_of_messages_that_nobody_can_leave(
    desk: Desk, astreinte: Astreinte
) -> None:
    with_recipients(desk, chef="ntfy://topic")
    roster = desk.folder / "rosters/support-technique.yaml"
    roster.write_text(roster.read_text() + "notify: [chef, chfe]\n")
    desk.edit("ivr_flows/accueil.yaml", "      voicemail: message", "      #")
    said = astreinte("check")
    assert said.code == 0
    assert "`chfe` has no address" in said.out
    assert "did you mean `chef`?" in said.out
    assert "callers whom nobody of `support-technique` answers can leave no message here" in said.out
