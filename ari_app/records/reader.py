"""The records, read back: for the command line, and for taking up calls after a restart.

async with Reader("sqlite:////var/lib/astreinte/records.db") as reader:
    for call in await reader.calls(limit=20):
        ...
    story = await reader.call("20261124T0815")
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any, Self, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from ari_app.core.errors import AstreinteError
from ari_app.core.ids import new_call_id

from .access import Access, open_database
from .database import Database, RecordsUnavailable, revision
from .facts import LegResult
from .models import SCHEMA, Call, CallEvent, CallLeg, RosterVersion, UtcDateTime
from .troubles import explain

Record = TypeVar("Record", bound=msgspec.Struct)


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """A row that has an id of its own."""

    id: str


IdentifiedRecord = TypeVar("IdentifiedRecord", bound=Identified)


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `calls`; None where it did not happen, or not yet. Durations in seconds."""

    id: str
    line: str
    channel_id: str
    number: str
    caller_name: str
    language: str | None
    reason: str | None
    team: str | None
    agent: str | None
    outcome: str | None
    hangup_cause: int | None
    wrap_up: str | None
    arrived_at: datetime
    answered_at: datetime | None
    queued_at: datetime | None
    bridged_at: datetime | None
    ended_at: datetime | None
    wait_seconds: float | None
    talk_seconds: float | None
    survey: int | None
    total_seconds: float | None


class LegRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `call_legs`: one attempt to reach an agent on one of their phones."""

    id: str
    call_id: str
    agent: str
    endpoint: str
    step: int
    started_at: datetime
    answered_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None
    ring_seconds: float | None
    result: str | None
    hangup_cause: int | None
    tech_cause: int | None
    dialstatus: str | None


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `call_events`; `elapsed` is seconds since the call's first event."""

    call_id: str
    seq: int
    at: datetime
    elapsed: float
    name: str
    data: dict[str, Any]


class CallStory(msgspec.Struct, frozen=True):
    """A call with all its attempts, oldest first, and all its events, in order."""

    call: CallRecord
    legs: list[LegRecord]
    events: list[EventRecord]


class LastActivity(msgspec.Struct, frozen=True, kw_only=True):
    """When an agent was last rung, and when they last had a call: its end, or its beginning if it goes on."""

    agent: str
    rung_at: datetime
    taken_at: datetime | None


class OpenCall(msgspec.Struct, frozen=True):
    """A call whose end is not on record, with those of its legs whose end is not either."""

    call: CallRecord
    legs: list[LegRecord]


class RosterVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `roster_versions` without its schedule; `until` is None for the one that came last."""

    id: str
    hash: str
    since: datetime
    until: datetime | None
    published_until: datetime
    teams: int
    shifts: int


class PublishedShift(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call for a team, [`start`, `end`) in UTC, as it was published."""

    start: datetime
    end: datetime
    team: str
    layer: str
    kind: str
    agents: tuple[str, ...]
    overrides: tuple[str, ...] = ()


Schedule = dict[str, tuple[PublishedShift, ...]]
"""Team → its shifts, in order."""


class UnknownVersion(AstreinteError):
    """No version of the rosters has that id or hash."""


class UnknownCall(AstreinteError):
    """No call has that id."""


class AmbiguousCall(AstreinteError):
    """Several calls' ids begin like that; `ids` are some of them."""

    def __init__(self, prefix: str, ids: list[str]) -> None:
        self.ids = ids
        super().__init__(
            f"several calls' ids begin with {prefix!r}: {', '.join(ids)}", remedy="give more of the id"
        )


class Reader:
    """Reads the records; raises `RecordsUnavailable` when that cannot be done, saying why."""

    def __init__(self, database_url: str) -> None:
        """Read the address; raises `InvalidDatabaseUrl`."""
        self._database = Database.at(database_url)
        self._access: Access | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._access is not None:
            await self._access.close()
            self._access = None

    async def calls(
        self,
        *,
        limit: int = 20,
        since: datetime | None = None,
        until: datetime | None = None,
        team: str | None = None,
        outcome: str | None = None,
    ) -> list[CallRecord]:
        """Return the latest calls, newest first, that arrived in [since, until) (aware)."""
        query = select(*Call.__table__.c).order_by(Call.arrived_at.desc(), Call.id.desc()).limit(limit)
        if since is not None:
            query = query.where(Call.arrived_at >= since)
        if until is not None:
            query = query.where(Call.arrived_at < until)
        if team is not None:
            query = query.where(Call.team == team)
        if outcome is not None:
            query = query.where(Call.outcome == outcome)
        return await self._read(query, CallRecord)

    async def call(self, prefix: str) -> CallStory:
        """Return a call by its id or the beginning of it; raises `UnknownCall`, `AmbiguousCall`."""
        query = select(*Call.__table__.c).where(Call.id.startswith(prefix, autoescape=True)).order_by(Call.id)
        found = await self._read(query.limit(6), CallRecord)
        exact = [call for call in found if call.id == prefix]
        if not found:
            raise UnknownCall(
                f"no call's id begins with {prefix!r}", remedy="see the ids with `astreinte calls`"
            )
        if len(found) > 1 and not exact:
            raise AmbiguousCall(prefix, [call.id for call in found])
        call = (exact or found)[0]
        legs = select(*CallLeg.__table__.c).where(CallLeg.call_id == call.id)
        events = select(*CallEvent.__table__.c).where(CallEvent.call_id == call.id)
        return CallStory(
            call,
            await self._read(legs.order_by(CallLeg.started_at, CallLeg.id), LegRecord),
            await self._read(events.order_by(CallEvent.seq), EventRecord),
        )

    async def last_activity(self, since: datetime) -> list[LastActivity]:
        """Return what each agent last did, in calls that came in from `since` (aware) on."""
        taken = case((CallLeg.accepted_at.is_not(None), func.coalesce(CallLeg.ended_at, CallLeg.accepted_at)))
        columns: list[ColumnElement[Any]] = [
            CallLeg.__table__.c.agent,
            func.max(CallLeg.started_at).label("rung_at"),
            func.max(taken, type_=UtcDateTime()).label("taken_at"),
        ]
        query = (
            select(*columns)
            .where(CallLeg.call_id >= new_call_id(since)[:15])  # ids begin with their time, and lie in order
            .where(CallLeg.result.is_distinct_from(LegResult.SKIPPED.value))
            .group_by(CallLeg.agent)
        )
        return await self._read(query, LastActivity)

    async def roster_versions(self, *, limit: int = 20) -> list[RosterVersionRecord]:
        """Return the versions of the rosters that came into force last, newest first."""
        return await self._read(_versions().limit(limit), RosterVersionRecord)

    async def roster_version(self, prefix: str) -> RosterVersionRecord:
        """Return the latest version whose id or hash begins so; raises `UnknownVersion`."""
        table = RosterVersion
        begins = table.id.startswith(prefix, autoescape=True) | table.hash.startswith(prefix, autoescape=True)
        found = await self._read(_versions().where(begins).limit(1), RosterVersionRecord)
        if not found:
            raise UnknownVersion(
                f"no version of the rosters begins with {prefix!r}",
                remedy="see ids and hashes with `astreinte versions`",
            )
        return found[0]

    async def published_schedule(self, version: str | None = None) -> Schedule:
        """Return who is on call as a version (by its id) said when it came into force; the last by default.

        Empty when there is no version yet, or its schedule could not be computed.
        """
        table = RosterVersion
        query = select(table.schedule).order_by(table.since.desc()).limit(1)
        if version is not None:
            query = query.where(table.id == version)
        found = await self._read(query, _Published)
        if not found or not found[0].schedule:
            return {}
        return msgspec.json.decode(zlib.decompress(found[0].schedule), type=Schedule)

    async def _by_id(
        self,
        query: Select[Any],
        prefix: str,
        kind: type[IdentifiedRecord],
        *,
        unknown: type[AstreinteError],
        noun: str,
        command: str,
    ) -> IdentifiedRecord:
        """Return the row of a query whose `id` is the prefix, or the only one whose `id` begins so.

        Raises `unknown` otherwise, saying so of the `noun`; `command` prints the ids that there are.
        """
        row_id = query.selected_columns["id"]
        found = await self._read(
            query.where(row_id.startswith(prefix, autoescape=True)).order_by(row_id).limit(6), kind
        )
        if len(found) == 1 or (found and found[0].id == prefix):
            return found[0]
        if found:
            ids = ", ".join(each.id for each in found)
            raise unknown(f"several {noun}s' ids begin with {prefix!r}: {ids}", remedy="give more of the id")
        raise unknown(f"no {noun}'s id begins with {prefix!r}", remedy=f"see the ids with `{command}`")

    async def _known(self, ids: Select[Any]) -> set[str]:
        """Return the ids that a query finds."""
        return {each.id for each in await self._read(ids, Identified)}

    async def _read(self, query: Select[Any], kind: type[Record]) -> list[Record]:
        file = self._database.file
        if file is not None and not file.exists():  # SQLite would make one
            raise _no_records(self._database)
        if self._access is None:
            self._access = open_database(self._database)
        try:
            return await self._access.run(lambda connection: self._checked(connection, query, kind))
        except Exception as error:
            raise explain(error, self._database) from error

    def _checked(self, connection: Connection, query: Select[Any], kind: type[Record]) -> list[Record]:
        found = revision(connection)
        if found is None:
            raise _no_records(self._database)
        if found != SCHEMA:
            raise RecordsUnavailable(
                "other-schema",
                f"the tables are of revision {found}, this version reads {SCHEMA}: {self._database.shown}",
                remedy="start the line once with this version, or use the version that wrote them",
            )
        return _rows(connection, query, kind)


class _Published(msgspec.Struct):
    schedule: bytes


def _versions() -> Select[Any]:
    columns = [RosterVersion.__table__.c[name] for name in RosterVersionRecord.__struct_fields__]
    return select(*columns).order_by(RosterVersion.since.desc())


def open_calls(connection: Connection) -> list[OpenCall]:
    """Return the calls without an end, oldest first."""
    calls = select(*Call.__table__.c).where(Call.ended_at.is_(None)).order_by(Call.arrived_at)
    legs = (
        select(*CallLeg.__table__.c)
        .join(Call, Call.id == CallLeg.call_id)
        .where(Call.ended_at.is_(None), CallLeg.ended_at.is_(None))
        .order_by(CallLeg.started_at)
    )
    open_legs = _rows(connection, legs, LegRecord)
    return [
        OpenCall(call, [leg for leg in open_legs if leg.call_id == call.id])
        for call in _rows(connection, calls, CallRecord)
    ]


def _rows(connection: Connection, query: Select[Any], kind: type[Record]) -> list[Record]:
    return [kind(**row._mapping) for row in connection.execute(query)]


def _no_records(database: Database) -> RecordsUnavailable:
    return RecordsUnavailable(
        "no-records",
        f"there are no records yet: {database.shown}",
        remedy="they begin with the first start of the line (`astreinte run`); or name the right database",
    )
