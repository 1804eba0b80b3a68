"""`astreinte check` knows what was published: a change that comes too late is told before it counts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ari_app.core.findings import Finding
from ari_app.core.settings import Settings
from ari_app.records.recorder import Recorder
from ari_app.roster.book import RosterBook, load_rosters
from ari_app.service.checks import check_all
from ari_app.service.publishing import publish

ROSTER = """\
team: support
timezone: Europe/Paris
agents: {{alice: {{phones: [sip:alice]}}, bruno: {{phones: [sip:bruno]}}}}
layers: [{{id: nuit, rotation: {{members: [{member}]}}}}]
escalation: [{{ring: on-call}}, {{ring: [alice, bruno]}}]
"""
LONG_AGO = timedelta(days=30)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "rosters").mkdir()
    return Settings(rosters=tmp_path / "rosters", flows=tmp_path / "flows", data=tmp_path)


def write(settings: Settings, member: str) -> RosterBook:
    """Write a roster in which somebody is always on call."""
    (settings.rosters / "support.yaml").write_text(ROSTER.format(member=member))
    book, _ = load_rosters(settings.rosters)
    assert book is not None
    return book


async def comes_into_force(settings: Settings, book: RosterBook, ago: timedelta) -> None:
    """Put on record that a version of the rosters came into force."""
    recorder = Recorder(settings.database_url, settings.data / "unsaved.jsonl")
    await recorder.start()
    recorder.put_entry(publish(book, datetime.now(UTC) - ago))
    await recorder.stop()


def told(settings: Settings) -> list[Finding]:
    return [each for each in check_all(settings) if "too late" in each.message]


@pytest.mark.parametrize("ago", [timedelta(), LONG_AGO])
async def test_a_change_of_what_is_in_force_is_told_before_it_is(settings: Settings, ago: timedelta) -> None:
    await comes_into_force(settings, write(settings, "alice"), ago)
    assert await asyncio.to_thread(told, settings) == []
    write(settings, "bruno")
    (finding,) = await asyncio.to_thread(told, settings)
    assert finding.message == "`bruno` is told too late of being on call"
    assert finding.severity == "warning"


async def test_a_change_stays_told_while_it_is_in_force_and_too_late(settings: Settings) -> None:
    await comes_into_force(settings, write(settings, "alice"), LONG_AGO)
    await comes_into_force(settings, write(settings, "bruno"), timedelta(days=2))
    (finding,) = await asyncio.to_thread(told, settings)
    day = datetime.now(UTC) - timedelta(days=2)
    assert f"told on {day.astimezone(ZoneInfo('Europe/Paris')):%Y-%m-%d} of" in finding.found


async def test_a_change_that_was_told_in_time_is_no_more_told(settings: Settings) -> None:
    await comes_into_force(settings, write(settings, "alice"), LONG_AGO)
    await comes_into_force(settings, write(settings, "bruno"), timedelta(days=16))
    assert await asyncio.to_thread(told, settings) == []


def test_without_records_nothing_is_known_and_nothing_is_wrong(settings: Settings) -> None:
    write(settings, "alice")
    assert "come too late is not known" not in str(check_all(settings))
    assert not settings.database_file.exists()


def test_records_that_cannot_be_read_are_noted(settings: Settings) -> None:
    write(settings, "alice")
    settings.database_file.write_text("no database")
    (finding,) = [each for each in check_all(settings) if "too late is not known" in each.message]
    assert finding.severity == "note"
    assert str(settings.database_file) in finding.found
