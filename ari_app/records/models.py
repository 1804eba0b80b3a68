"""The tables, as SQLAlchemy sees them: the same in SQLite and PostgreSQL.

`docs/records.md` explains every column to those who query them. A change here needs a migration in
`migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Float, ForeignKey, Index, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

SCHEMA = "0007"
"""The revision of `migrations/versions` that this code reads and writes."""

# In SQLite rows lie in the order of their key: those of one call side by side, the latest calls last.
_CLUSTERED = {"sqlite_with_rowid": False}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, to the microsecond: `timestamptz` in PostgreSQL, UTC text in SQLite; aware in Python.

    SQLite's text is that of its own date functions: `2026-11-24 08:15:02.123456`.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return instant_to_text if dialect.name == "sqlite" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return _instant_from_text if dialect.name == "sqlite" else _instant_in_utc

    @property
    def python_type(self) -> type[datetime]:
        return datetime


@lru_cache(maxsize=4096)  # an instant is written in its event and in each row that holds it
def instant_to_text(value: datetime | None) -> str | None:
    """Return an instant as SQLite keeps it."""
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:26]


def _instant_from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _instant_in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What the tables share: names of constraints that migrations can rely on, types of Python values."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own way to declare it)
        str: Text,
        float: Float,
        datetime: UtcDateTime,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
        list[float]: JSON().with_variant(JSONB(), "postgresql"),
        list[list[float]]: JSON().with_variant(JSONB(), "postgresql"),
    }


class Call(Base):
    """One call to the line, from arrival to end."""

    __tablename__ = "calls"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]
    channel_id: Mapped[str]
    number: Mapped[str]
    caller_name: Mapped[str]
    language: Mapped[str | None]
    reason: Mapped[str | None]
    team: Mapped[str | None]
    agent: Mapped[str | None]
    outcome: Mapped[str | None]
    hangup_cause: Mapped[int | None]
    wrap_up: Mapped[str | None]
    arrived_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    bridged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    wait_seconds: Mapped[float | None]
    talk_seconds: Mapped[float | None]
    survey: Mapped[int | None]
    total_seconds: Mapped[float | None]


class CallLeg(Base):
    """One attempt to reach an agent on one of their phones."""

    __tablename__ = "call_legs"
    __table_args__ = _CLUSTERED

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    agent: Mapped[str]
    endpoint: Mapped[str]
    step: Mapped[int]
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ring_seconds: Mapped[float | None]
    result: Mapped[str | None]
    hangup_cause: Mapped[int | None]
    tech_cause: Mapped[int | None]
    dialstatus: Mapped[str | None]


class CallEvent(Base):
    """One fact, as it was recorded; never changed afterwards."""

    __tablename__ = "call_events"
    __table_args__ = _CLUSTERED

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    elapsed: Mapped[float]
    name: Mapped[str]
    data: Mapped[dict[str, Any]]


class RosterVersion(Base):
    """A version of the rosters that was in force, and the schedule as it was published then."""

    __tablename__ = "roster_versions"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    published_until: Mapped[datetime]
    teams: Mapped[int]
    shifts: Mapped[int]
    schedule: Mapped[bytes]


class Message(Base):
    """A message that a caller left for a team."""

    __tablename__ = "messages"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]  # no foreign key: the call's row may come later
    team: Mapped[str]
    language: Mapped[str]
    file: Mapped[str]
    seconds: Mapped[float]
    left_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Recording(Base):
    """What caller and agent said in a call."""

    __tablename__ = "recordings"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]  # no foreign key: the call's row may come later
    file: Mapped[str]
    begun_at: Mapped[datetime]
    seconds: Mapped[float]
    pauses: Mapped[list[list[float]]]
    size: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[datetime]
    delete_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    deleted_why: Mapped[str | None]


class Notice(Base):
    """A text to one address of a recipient, and what has become of it."""

    __tablename__ = "notices"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    about: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    attachments: Mapped[list[str]]
    queued_at: Mapped[datetime]
    state: Mapped[str]
    tries: Mapped[int]
    tried_at: Mapped[datetime | None]
    reason: Mapped[str]


class DutyShift(Base):
    """An agent's duty of which the line wants to know whether they can be reached."""

    __tablename__ = "duty_shifts"
    __table_args__ = _CLUSTERED

    team: Mapped[str] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    deadline: Mapped[datetime]
    tries: Mapped[int]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str]
    unconfirmed_at: Mapped[datetime | None]


class TriedPhone(Base):
    """A phone that the line rang by itself: no caller waited."""

    __tablename__ = "tried_phones"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[str]
    purpose: Mapped[str]
    team: Mapped[str]
    agent: Mapped[str]
    endpoint: Mapped[str]
    rung_at: Mapped[datetime]
    answered_seconds: Mapped[float | None]
    seconds: Mapped[float]
    result: Mapped[str]
    hangup_cause: Mapped[int | None]
    tech_cause: Mapped[int | None]


class Callback(Base):
    """A caller's wish to be called back, and what has become of it."""

    __tablename__ = "callbacks"
    __table_args__ = _CLUSTERED

    id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]  # no foreign key: the call's row may come later
    line: Mapped[str]
    number: Mapped[str]
    language: Mapped[str]
    reason: Mapped[str]
    priority: Mapped[int]
    asked_at: Mapped[datetime]
    until: Mapped[datetime]
    attempts: Mapped[int]
    delays: Mapped[list[float]]
    ring_seconds: Mapped[float]
    flow: Mapped[str]
    then: Mapped[str]
    state: Mapped[str]
    tries: Mapped[int]
    counted: Mapped[int]
    next_at: Mapped[datetime]
    last_call: Mapped[str | None]
    result: Mapped[str | None]
    ended_at: Mapped[datetime | None]


Index("ix_calls_arrived_at", Call.arrived_at)
Index(
    "ix_calls_open", Call.id, sqlite_where=Call.ended_at.is_(None), postgresql_where=Call.ended_at.is_(None)
)
Index("ix_roster_versions_since", RosterVersion.since)
Index("ix_notices_about", Notice.about)
Index("ix_duty_shifts_ends_at", DutyShift.ends_at)
Index("ix_tried_phones_rung_at", TriedPhone.rung_at)
Index(
    "ix_notices_waiting",
    Notice.id,
    sqlite_where=Notice.state == "waiting",
    postgresql_where=Notice.state == "waiting",
)
Index("ix_recordings_call_id", Recording.call_id)
Index(
    "ix_recordings_kept",
    Recording.delete_at,
    sqlite_where=Recording.deleted_at.is_(None),
    postgresql_where=Recording.deleted_at.is_(None),
)
Index(
    "ix_callbacks_open",
    Callback.number,
    unique=True,
    sqlite_where=Callback.ended_at.is_(None),
    postgresql_where=Callback.ended_at.is_(None),
)
