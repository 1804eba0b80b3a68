"""A line with rosters in which somebody's duty is about to begin, and what it does about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ari_app.core.settings import NotifySettings, Settings
from ari_app.records.duties import DutyReader, DutyRecord, TriedPhoneRecord
from ari_app.records.messages import MessageReader, NoticeRecord
from ari_app.service.line import open_line

from .exchange import Facts, OpenLine, Place
from .troubles import until_told

BEGINS = datetime(2026, 11, 30, 19, 0, tzinfo=UTC)
"""20:00 in Paris: alice's duty begins; bruno stands behind her."""
ON_CALL = """
layers:
  - {id: renfort, rotation: {members: [bruno]}}
  - {id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [alice]}}
"""
STEPS = {"panne": ["{ring: [alice], for: 5s}", "{ring: [bruno], for: 5s}"]}
"""By name: callers come at whatever time it really is."""


def duty_call(rules: str) -> dict[str, str]:
    """Return what a team's file says more: who is on call, and how they are asked."""
    return {"panne": f"{ON_CALL}duty_call: {rules}\n"}


def clock_at(instant: datetime) -> Callable[[], datetime]:
    """Return a clock that shows an instant now, and goes on from there."""
    ahead = instant - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


def settings_of(place: Place, rules: str, **words: Any) -> Settings:
    """Write the files of a line that asks alice, and return its settings; notices go to files."""
    words.setdefault("teams", STEPS)
    settings = place.settings(more=duty_call(rules), **words)
    return settings.model_copy(
        update={"notify": NotifySettings(recipients={"chef": ("json://127.0.0.1:1",)})}
    )


@asynccontextmanager
async def line_at(place: Place, settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[OpenLine]:
    """Run a line by a clock while the block lasts."""
    facts = Facts()
    async with open_line(settings, listener=facts, now=now) as line:
        yield OpenLine(place, settings, line, facts)
        await place.network.quiet()


async def duty_of(line: OpenLine) -> DutyRecord | None:
    """Return what is on record of the only duty."""
    await line.line.recorder.flush()
    async with DutyReader(line.settings.database_url) as reader:
        duties = await reader.duties(BEGINS - timedelta(days=1))
    assert len(duties) < 2
    return duties[0] if duties else None


async def tried_phones(line: OpenLine) -> list[TriedPhoneRecord]:
    """Return the phones that were rung without a caller, as they are on record."""
    await line.line.recorder.flush()
    async with DutyReader(line.settings.database_url) as reader:
        return await reader.tried_phones()


async def notices(line: OpenLine) -> list[NoticeRecord]:
    """Return the notices that wait to be sent."""
    await line.line.recorder.flush()
    async with MessageReader(line.settings.database_url) as reader:
        return await reader.notices_waiting()


async def until_confirmed(line: OpenLine, by: str) -> None:
    """Wait until the duty is confirmed."""

    async def confirmed() -> bool:
        duty = await duty_of(line)
        return duty is not None and duty.confirmed_by == by

    await until_told(f"the duty is confirmed by {by}", confirmed)


async def until_unconfirmed(line: OpenLine) -> None:
    """Wait until others are rung first."""

    async def unconfirmed() -> bool:
        duty = await duty_of(line)
        return duty is not None and duty.unconfirmed_at is not None

    await until_told("the agent is unconfirmed", unconfirmed)
