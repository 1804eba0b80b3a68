"""Who said that they can be reached: what duty calls and drills put on record, and how it is read back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from .facts import DutyNoted, PhoneTried
from .models import DutyShift, Notice, TriedPhone
from .reader import Reader


class DutyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `duty_shifts`: an agent's duty that is to be confirmed."""

    team: str
    agent: str
    starts_at: datetime
    ends_at: datetime
    deadline: datetime
    tries: int
    confirmed_at: datetime | None
    confirmed_by: str
    unconfirmed_at: datetime | None


class TriedPhoneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `tried_phones`: a phone that was rung for a duty call or a drill. Durations in seconds."""

    id: str
    run: str
    purpose: str
    team: str
    agent: str
    endpoint: str
    rung_at: datetime
    answered_seconds: float | None
    seconds: float
    result: str
    hangup_cause: int | None
    tech_cause: int | None


class _About(msgspec.Struct):
    about: str


class _Run(msgspec.Struct):
    run: str


class DutyReader(Reader):
    """Reads duties and tried phones; raises `RecordsUnavailable` when that cannot be done, saying why."""

    async def duties(self, at: datetime) -> list[DutyRecord]:
        """Return the duties that were to be confirmed and are not over at an instant."""
        query = select(*DutyShift.__table__.c).where(DutyShift.ends_at > at)
        return await self._read(query.order_by(DutyShift.starts_at, DutyShift.agent), DutyRecord)

    async def unconfirmed(self, at: datetime) -> set[str]:
        """Return the agents who were asked whether they can be reached, and have not said so."""
        return {each.agent for each in await self.duties(at) if each.unconfirmed_at and not each.confirmed_at}

    async def times_rung(self, team: str, agent: str, since: datetime) -> int:
        """Return how often an agent was rung for duties of a team since an instant and until it was over."""
        row = TriedPhone
        query = select(row.run).where(row.purpose == "duty-call", row.team == team, row.agent == agent)
        return len(await self._read(query.where(row.rung_at >= since).distinct(), _Run))

    async def tried_phones(self) -> list[TriedPhoneRecord]:
        """Return the phones that were rung, in order."""
        query = select(*TriedPhone.__table__.c).order_by(TriedPhone.rung_at, TriedPhone.id)
        return await self._read(query, TriedPhoneRecord)

    async def told_of(self, abouts: Collection[str]) -> set[str]:
        """Return what notices were made of already, of these."""
        query = select(Notice.about).where(Notice.about.in_(abouts))
        return {each.about for each in await self._read(query, _About)}


def note_duty(connection: Connection, noted: DutyNoted) -> None:
    """Write how far the line is with a duty."""
    key = {"team": noted.team, "agent": noted.agent, "starts_at": noted.starts_at}
    known = connection.execute(select(*DutyShift.__table__.c).filter_by(**key)).first()
    if known is None:
        connection.execute(
            insert(DutyShift).values(
                **key,
                ends_at=noted.ends_at,
                deadline=noted.deadline,
                tries=noted.tries,
                confirmed_at=noted.confirmed_at,
                confirmed_by=noted.confirmed_by,
                unconfirmed_at=noted.unconfirmed_at,
            )
        )
        return
    connection.execute(
        update(DutyShift)
        .filter_by(**key)
        .values(
            ends_at=noted.ends_at,
            tries=max(known.tries, noted.tries),
            confirmed_at=known.confirmed_at or noted.confirmed_at,
            confirmed_by=known.confirmed_by or noted.confirmed_by,
            unconfirmed_at=known.unconfirmed_at or noted.unconfirmed_at,
        )
    )


def add_tried_phone(connection: Connection, tried: PhoneTried) -> None:
    """Write a phone that was rung, unless it is there."""
    row = TriedPhone
    if connection.execute(select(row.id).where(row.id == tried.id)).first() is None:
        connection.execute(
            insert(row).values(
                id=tried.id,
                run=tried.run,
                purpose=tried.purpose,
                team=tried.team,
                agent=tried.agent,
                endpoint=tried.endpoint,
                rung_at=tried.at,
                answered_seconds=tried.answered_seconds,
                seconds=tried.seconds,
                result=tried.result.value,
                hangup_cause=tried.cause,
                tech_cause=tried.tech_cause,
            )
        )
