"""The writing of entries: what is kept beside the stories of calls."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from . import callbacks, duties, rosters
from .events import Event, entry_of
from .facts import (
    CallbackAsked,
    CallbackEnded,
    CallbackPostponed,
    CallbackTried,
    DutyNoted,
    MessageDeleted,
    MessageLeft,
    NoticeQueued,
    NoticeState,
    NoticeTried,
    PhoneTried,
    RecordingDeleted,
    RostersPublished,
    TalkRecorded,
)
from .models import Base, Message, Notice, Recording


def write(connection: Connection, event: Event) -> None:
    """Write the entry that an event keeps; once more changes nothing. Raises `msgspec.ValidationError`."""
    match entry := entry_of(event):
        case RostersPublished():
            rosters.write(connection, entry)
        case MessageLeft():
            _add(
                connection,
                Message,
                {"id": entry.id},
                call_id=entry.call,
                team=entry.team,
                language=entry.language,
                file=entry.file,
                seconds=entry.seconds,
                left_at=entry.at,
            )
        case MessageDeleted():
            connection.execute(
                update(Message)
                .where(Message.id == entry.id, Message.deleted_at.is_(None))
                .values(deleted_at=entry.at)
            )
        case TalkRecorded():
            _add(
                connection,
                Recording,
                {"id": entry.id},
                call_id=entry.call,
                file=entry.file,
                begun_at=entry.begun_at,
                seconds=entry.seconds,
                pauses=[list(each) for each in entry.pauses],
                size=entry.size,
                stored_at=entry.at,
                delete_at=entry.delete_at,
            )
        case RecordingDeleted():
            connection.execute(
                update(Recording)
                .where(Recording.id == entry.id, Recording.deleted_at.is_(None))
                .values(deleted_at=entry.at, deleted_why=entry.why.value)
            )
        case NoticeQueued():
            _add(
                connection,
                Notice,
                _address(entry),
                about=entry.about,
                title=entry.title,
                body=entry.body,
                attachments=list(entry.attachments),
                queued_at=entry.at,
                state=NoticeState.WAITING.value,
                tries=0,
                reason="",
            )
        case NoticeTried():
            connection.execute(
                update(Notice)
                .filter_by(**_address(entry))
                .where(Notice.tries < entry.tries)
                .values(tries=entry.tries, tried_at=entry.at, state=entry.state.value, reason=entry.reason)
            )
        case CallbackAsked() | CallbackTried() | CallbackPostponed() | CallbackEnded():
            callbacks.write(connection, entry)
        case DutyNoted():
            duties.note_duty(connection, entry)
        case PhoneTried():
            duties.add_tried_phone(connection, entry)


def _address(entry: NoticeQueued | NoticeTried) -> dict[str, Any]:
    return {"id": entry.id, "recipient": entry.recipient, "position": entry.position}


def _add(connection: Connection, model: type[Base], key: dict[str, Any], **values: object) -> None:
    """Add a row, unless there is one of that key."""
    if connection.execute(select(model).filter_by(**key).limit(1)).first() is None:
        connection.execute(insert(model).values(**key, **values))
