"""Notices reach people: by real services, again when one fails, and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ari_app.core import logs
from ari_app.notify import Delivery, Notice, plain
from ari_app.notify.notifier import Notifier
from ari_app.records.messages import MessageReader, NoticeRecord
from ari_app.records.recorder import Recorder
from ari_app.service.outbox import RecordedOutbox

from .services import mail_server, until, web_hook

SOON = (0.05,)
"""Seconds before a notice is tried again here."""
CONTENT = b"RIFF and so on" * 1000


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A file to attach."""
    path = tmp_path / "message.wav"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is logged during the test."""
    monkeypatch.setattr(logs._state, "level", logs.LEVELS["debug"])
    with capture_logs() as lines:
        yield lines


class Office:
    """A notifier with its outbox in a database, which can be stopped and started again."""

    def __init__(self, folder: Path, recipients: Mapping[str, list[str]]) -> None:
        self.recipients = {name: [SecretStr(each) for each in some] for name, some in recipients.items()}
        self._url = f"sqlite:///{folder / 'records.db'}"
        self._spill = folder / "unsaved.jsonl"
        self.recorder = Recorder(self._url, self._spill)

    @asynccontextmanager
    async def open(self, *, sends: bool = True) -> AsyncIterator[Notifier]:
        """Run it while the block lasts; it takes notices but sends none if it does not send."""
        self.recorder = Recorder(self._url, self._spill)
        await self.recorder.start()
        notifier = Notifier(lambda: self.recipients, RecordedOutbox(self.recorder, self._url), waits=SOON)
        try:
            if sends:
                async with notifier.running():
                    yield notifier
            else:
                yield notifier
        finally:
            await self.recorder.stop()

    async def waiting(self) -> list[NoticeRecord]:
        """Return what is not sent, by the records."""
        await self.recorder.flush()
        async with MessageReader(self._url) as reader:
            return await reader.notices_waiting()

    async def nothing_waits(self) -> None:
        """Wait until all is sent, by the records."""
        async with asyncio.timeout(30):
            while await self.waiting():  # noqa: ASYNC110 - nobody tells when it is written
                await asyncio.sleep(0.05)


async def test_a_mail_has_the_text_and_the_file(tmp_path: Path, sound: Path) -> None:
    async with mail_server() as server:
        office = Office(tmp_path, {"chef": [server.address()]})
        async with office.open() as notifier:
            body = "De : +33199001234 (Zoé)\nMotif : <b>panne</b> & *co* :smile: \\n"
            notifier.send(Notice(("chef",), "Message vocal : panne", body, (sound,)))
            await until("the mail is there", lambda: server.mails)
            await office.nothing_waits()
    (mail,) = server.mails
    assert mail["subject"] == "Message vocal : panne"
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip().splitlines() == body.splitlines()
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("message.wav", CONTENT)


async def test_each_address_of_each_recipient_gets_it_once(tmp_path: Path, sound: Path) -> None:
    async with mail_server() as server, web_hook() as hook:
        office = Office(tmp_path, {"chef": [server.address()], "equipe": [hook.address, server.address()]})
        async with office.open() as notifier:
            notifier.send(Notice(("chef", "equipe", "chef"), "t", "b", (sound,)))
            await until("all is there", lambda: len(server.mails) == 2 and hook.bodies)
            await office.nothing_waits()
    assert (len(server.mails), len(hook.bodies)) == (2, 1)
    assert hook.attachment() == CONTENT


@pytest.mark.parametrize("trouble", ["refuses", "is slow and then refuses", "is gone"])
async def test_a_service_that_fails_gets_it_when_it_is_well_again_and_holds_up_nobody(
    tmp_path: Path, sound: Path, trouble: str, logged: list[Any]
) -> None:
    async with web_hook() as ill, web_hook() as well:
        office = Office(tmp_path, {"ill": [ill.address], "well": [well.address]})
        async with office.open() as notifier:
            ill.answers = 500
            if trouble == "is gone":
                await ill.stop()
            elif trouble == "is slow and then refuses":
                ill.open.clear()
            notifier.send(Notice(("ill", "well"), "t", "b", (sound,), about="message-1"))
            if trouble == "is slow and then refuses":
                await until("it was asked", lambda: ill.asked)
                notifier.send(Notice(("well",), "t2", "b", about="message-1"))
                await until("the other has both", lambda: len(well.bodies) == 2)
                ill.open.set()
            await until("the other has it", lambda: well.bodies)
            await until("it was tried", lambda: [line for line in logged if line["event"] == "notify.failed"])
            if trouble == "is gone":
                await ill.start()
            ill.answers = 200
            await until("it has it too", lambda: ill.bodies)
            await office.nothing_waits()
    assert len(ill.bodies) == 1
    assert ill.attachment() == CONTENT or ill.bodies[0]["attachments"] == []
    failed = next(line for line in logged if line["event"] == "notify.failed")
    assert (failed["recipient"], failed["via"], failed["about"]) == ("ill", "json", "message-1")
    assert failed["reason"]
    assert "s3cr3t" not in str(logged)


async def test_a_file_that_a_service_refuses_does_not_keep_the_words_from_people(
    tmp_path: Path, sound: Path, logged: list[Any]
) -> None:
    async with web_hook() as hook:
        hook.answers = 413
        office = Office(tmp_path, {"chef": [hook.address]})
        async with office.open() as notifier:
            notifier.send(Notice(("chef",), "t", "b", (sound,)))
            await until("it was refused three times", lambda: hook.asked == 3)
            hook.answers = 200
            await until("the words are there", lambda: hook.bodies)
    assert hook.bodies[0]["attachments"] == []


async def test_files_that_are_gone_or_too_large_are_left_out(tmp_path: Path) -> None:
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(8_000_001)
    async with web_hook() as hook, Office(tmp_path, {"chef": [hook.address]}).open() as notifier:
        notifier.send(Notice(("chef",), "t", "b", (large, tmp_path / "gone.wav")))
        await until("the words are there", lambda: hook.bodies)
    assert hook.bodies[0]["attachments"] == []


async def test_what_was_not_sent_is_sent_after_a_restart(tmp_path: Path, sound: Path) -> None:
    async with web_hook() as hook:
        office = Office(tmp_path, {"chef": [hook.address]})
        async with office.open(sends=False) as notifier:
            notifier.send(Notice(("chef",), "t", "b", (sound,)))
        async with office.open():
            await until("it is there", lambda: hook.bodies)
            await office.nothing_waits()
        async with office.open():
            await office.nothing_waits()
    assert len(hook.bodies) == 1
    assert hook.attachment() == CONTENT


async def test_a_stop_in_the_middle_of_sending_loses_nothing(tmp_path: Path, sound: Path) -> None:
    async with web_hook() as hook:
        hook.open.clear()
        office = Office(tmp_path, {"chef": [hook.address]})
        async with office.open() as notifier:
            notifier.send(Notice(("chef",), "t", "b", (sound,)))
            await until("it was asked", lambda: hook.asked)
        assert len(await Office(tmp_path, {}).waiting()) == 1 or hook.bodies
        hook.open.set()
        async with office.open():
            await until("it is there", lambda: hook.bodies)
            await office.nothing_waits()


async def test_a_name_without_an_address_and_an_address_that_is_gone_are_told_and_hold_up_nobody(
    tmp_path: Path, logged: list[Any]
) -> None:
    async with web_hook() as hook:
        office = Office(tmp_path, {"chef": [hook.address], "old": [hook.address, hook.address]})
        async with office.open(sends=False) as notifier:
            notifier.send(Notice(("old", "nobody", "chef"), "t", "b"))
        del office.recipients["old"][1]
        async with office.open():
            await until("both are there", lambda: len(hook.bodies) == 2)
            await office.nothing_waits()
    events = [line["event"] for line in logged if line["log_level"] == "error"]
    assert events == ["notify.nobody", "notify.given_up"]


async def test_an_address_that_no_service_can_read_is_said_so_without_it(
    tmp_path: Path, logged: list[Any]
) -> None:
    office = Office(tmp_path, {"chef": ["slack://hushhushhush"]})
    async with office.open() as notifier:
        notifier.send(Notice(("chef",), "t", "b"))
        await until("it was tried", lambda: [line for line in logged if line["event"] == "notify.failed"])
    assert "hush" not in str(logged)


async def test_a_notice_is_given_up_after_a_day(tmp_path: Path, logged: list[Any]) -> None:
    async with web_hook() as hook:
        hook.answers = 500
        office = Office(tmp_path, {"chef": [hook.address]})
        async with office.open(sends=False) as notifier:
            notifier.send(Notice(("chef",), "t", "b"))
            (delivery, _), *_ = [(each, at) for at, each in notifier._waiting.values()]
            yesterday = delivery.queued_at - timedelta(days=2)
            RecordedOutbox(office.recorder, "").keep(Delivery("old", "chef", 1, "t", "b", (), "", yesterday))
        async with office.open():
            await until("it is given up", lambda: [x for x in logged if x["event"] == "notify.given_up"])
            waiting = await office.waiting()
    assert [each.id for each in waiting] == [delivery.id]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Zoé Müller-O'Neil, Jr.", "Zoé Müller-O'Neil, Jr."),
        ("<b>Bob</b>", "bBobb"),
        (
            "@everyone <!channel> *bold* _it_ `code` [x](http://evil)",
            "everyone channel bold it code x(httpevil)",
        ),
        ("two\nlines\r\nSubject: x\u2028y\x00", "two lines Subject x y"),
        ("ok 🦊 \u202egnp", "ok gnp"),
        ("李雷 Ἀθηνᾶ", "李雷 Ἀθηνᾶ"),
        ("x" * 200, "x" * 60),
        ("", ""),
    ],
)
def test_what_a_stranger_wrote_is_words_and_nothing_else(said: str, shown: str) -> None:
    assert plain(said) == shown
