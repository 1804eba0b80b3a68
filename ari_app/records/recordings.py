"""The recordings of talks, read back.

async with RecordingReader("sqlite:////var/lib/astreinte/records.db") as reader:
    for recording in await reader.recordings(limit=20, agent="alice"):
        ...
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from ari_app.core.errors import AstreinteError

from .models import Call, CallLeg, Recording
from .reader import Identified, Reader


class UnknownRecording(AstreinteError):
    """No recording, or more than one, has an id that begins so."""


class RecordingRecord(Identified, frozen=True, kw_only=True):
    """A row of `recordings`, with what `calls` says of its call, if it knows it."""

    call_id: str
    file: str
    begun_at: datetime
    seconds: float
    pauses: list[list[float]]
    size: int
    stored_at: datetime
    delete_at: datetime
    deleted_at: datetime | None
    deleted_why: str | None
    number: str | None
    reason: str | None
    team: str | None
    agent: str | None


class RecordingReader(Reader):
    """Reads recordings; raises `RecordsUnavailable` when that cannot be done, saying why."""

    async def recordings(
        self,
        *,
        limit: int = 20,
        call: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        team: str | None = None,
        agent: str | None = None,
        deleted: bool = False,
    ) -> list[RecordingRecord]:
        """Return the latest recordings, newest first; with `deleted` also those that are no more.

        They were begun in [`since`, `until`) (aware), in a call whose id begins with `call`, for a `team`;
        the `agent` took that call, or took it over.
        """
        query = _RECORDINGS.where(Recording.call_id.startswith(call, autoescape=True))
        if not deleted:
            query = query.where(Recording.deleted_at.is_(None))
        if since is not None:
            query = query.where(Recording.begun_at >= since)
        if until is not None:
            query = query.where(Recording.begun_at < until)
        if team is not None:
            query = query.where(Call.team == team)
        if agent is not None:
            taken = select(CallLeg.call_id).where(CallLeg.agent == agent, CallLeg.accepted_at.is_not(None))
            query = query.where(Recording.call_id.in_(taken))
        newest = query.order_by(Recording.begun_at.desc(), Recording.id.desc())
        return await self._read(newest.limit(limit), RecordingRecord)

    async def recording(self, prefix: str) -> RecordingRecord:
        """Return a recording by its id or the beginning of it; raises `UnknownRecording`."""
        return await self._by_id(
            _RECORDINGS,
            prefix,
            RecordingRecord,
            unknown=UnknownRecording,
            noun="recording",
            command="astreinte recordings --all",
        )

    async def recordings_known(self, ids: Collection[str]) -> set[str]:
        """Return those of some recordings that are on record."""
        return await self._known(select(Recording.__table__.c.id).where(Recording.id.in_(ids)))

    async def recordings_due(self, at: datetime) -> set[str]:
        """Return the ids of those that are to be deleted by then, and are not on record as such."""
        due = select(Recording.__table__.c.id).where(
            Recording.deleted_at.is_(None), Recording.delete_at <= at
        )
        return await self._known(due)


_RECORDINGS = select(
    *Recording.__table__.c, *(Call.__table__.c[name] for name in ("number", "reason", "team", "agent"))
).outerjoin(Call, Call.id == Recording.call_id)
