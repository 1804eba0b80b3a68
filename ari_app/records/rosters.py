"""The versions of the rosters, written as they come into force."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from .facts import RostersPublished
from .models import RosterVersion

RENEWED = timedelta(days=30)
"""With less than this left of its schedule, a version that stays in force is published again, in a row."""


def write(connection: Connection, published: RostersPublished) -> None:
    """Add a version, which ends the one before; nothing happens when that says the same and still suffices.

    What is there already stays as it is, in whatever order versions arrive.
    """
    table = RosterVersion
    before = connection.execute(
        select(table.id, table.hash, table.published_until)
        .where(table.since <= published.at)
        .order_by(table.since.desc())
        .limit(1)
    ).first()
    if before is not None and before.hash == published.hash:
        left = before.published_until - published.at
        if left >= min(RENEWED, published.until - published.at):
            return
    after = select(table.since).where(table.since > published.at).order_by(table.since).limit(1)
    if before is not None:
        connection.execute(update(table).where(table.id == before.id).values(until=published.at))
    connection.execute(
        insert(table).values(
            id=f"{published.at:%Y%m%dT%H%M%S}.{published.at.microsecond // 1000:03}-{published.hash[:10]}",
            hash=published.hash,
            since=published.at,
            until=connection.execute(after).scalar(),
            published_until=published.until,
            teams=published.teams,
            shifts=published.shifts,
            schedule=published.schedule,
        )
    )
