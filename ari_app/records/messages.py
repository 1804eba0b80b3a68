"""The messages that callers left, and the notices that tell of them, read back.

async with MessageReader("sqlite:////var/lib/astreinte/records.db") as reader:
    for message in await reader.messages(limit=20):
        ...
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import select

from ari_app.core.errors import AstreinteError

from .facts import NoticeState
from .models import Call, Message, Notice
from .reader import Identified, Reader


class UnknownMessage(AstreinteError):
    """No message, or more than one, has an id that begins so."""


class NoticeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `notices`: one text to one address of a recipient."""

    id: str
    recipient: str
    position: int
    about: str
    title: str
    body: str
    attachments: list[str]
    queued_at: datetime
    state: str
    tries: int
    tried_at: datetime | None
    reason: str


class MessageRecord(Identified, frozen=True, kw_only=True):
    """A row of `messages`, with what `calls` says of its caller, if it knows them, and the notices of it."""

    call_id: str
    team: str
    language: str
    file: str
    seconds: float
    left_at: datetime
    deleted_at: datetime | None
    number: str | None
    caller_name: str | None
    reason: str | None
    notices: list[NoticeRecord] = msgspec.field(default_factory=list)


class MessageReader(Reader):
    """Reads messages and notices; raises `RecordsUnavailable` when that cannot be done, saying why."""

    async def messages(self, *, limit: int = 20, deleted: bool = False) -> list[MessageRecord]:
        """Return the latest messages, newest first; with `deleted` also those whose sound is no more."""
        query = _MESSAGES.order_by(Message.left_at.desc(), Message.id.desc()).limit(limit)
        found = await self._read(
            query if deleted else query.where(Message.deleted_at.is_(None)), MessageRecord
        )
        told: defaultdict[str, list[NoticeRecord]] = defaultdict(list)
        notices = select(*Notice.__table__.c).where(Notice.about.in_([each.id for each in found]))
        for notice in await self._read(notices.order_by(Notice.recipient, Notice.position), NoticeRecord):
            told[notice.about].append(notice)
        return [msgspec.structs.replace(each, notices=told[each.id]) for each in found]

    async def message(self, prefix: str) -> MessageRecord:
        """Return a message by its id or the beginning of it; raises `UnknownMessage`."""
        return await self._by_id(
            _MESSAGES,
            prefix,
            MessageRecord,
            unknown=UnknownMessage,
            noun="message",
            command="astreinte messages",
        )

    async def messages_known(self, ids: Collection[str]) -> set[str]:
        """Return those of some messages that are on record."""
        return await self._known(select(Message.__table__.c.id).where(Message.id.in_(ids)))

    async def notices_waiting(self) -> list[NoticeRecord]:
        """Return the notices that were not sent yet, oldest first."""
        query = select(*Notice.__table__.c).where(Notice.state == NoticeState.WAITING.value)
        return await self._read(query.order_by(Notice.queued_at, Notice.id), NoticeRecord)


_MESSAGES = select(
    *Message.__table__.c, *(Call.__table__.c[name] for name in ("number", "caller_name", "reason"))
).outerjoin(Call, Call.id == Message.call_id)
