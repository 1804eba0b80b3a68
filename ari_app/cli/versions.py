"""`astreinte versions`: which rosters were in force when, and who was on call by them as it was published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import typer

from ..core.settings import load_settings
from ..records.reader import PublishedShift, Reader, RosterVersionRecord, Schedule
from .calls import local
from .terminal import BOLD, paint, print_table

COLUMNS = ("version", "hash", "in force from", "until", "published until", "teams", "shifts", "change")


def list_versions(settings_file: Path | None, limit: int) -> int:
    """Print the versions that came into force last, newest first; return the exit code."""
    settings = load_settings(settings_file)
    found = asyncio.run(_versions(settings.database_url, limit + 1))
    if not found:
        typer.echo("No version yet: the first start of the line records one (`astreinte run`).")
        return 0
    before: Sequence[RosterVersionRecord | None] = [*found, None]
    rows = [_row(version, older) for version, older in pairwise(before) if version is not None]
    print_table(
        COLUMNS, rows[:limit], drop=("published until", "hash", "teams", "change"), whole=("version",)
    )
    return 0


def _row(version: RosterVersionRecord, older: RosterVersionRecord | None) -> tuple[object, ...]:
    change = "published again" if older is not None and older.hash == version.hash else None
    if older is not None and change is None:
        change = f"{version.teams - older.teams:+} teams, {version.shifts - older.shifts:+} shifts"
    return (
        version.id,
        version.hash[:12],
        local(version.since),
        local(version.until) if version.until else "now",
        local(version.published_until),
        version.teams,
        version.shifts,
        change,
    )


async def _versions(database_url: str, limit: int) -> list[RosterVersionRecord]:
    async with Reader(database_url) as reader:
        return await reader.roster_versions(limit=limit)


def show_version(settings_file: Path | None, prefix: str, team: str | None) -> int:
    """Print who is on call as a version said when it came into force; return the exit code."""
    settings = load_settings(settings_file)
    version, schedule = asyncio.run(_published(settings.database_url, prefix))
    typer.echo(paint(f"Version {version.id}", BOLD))
    for name, value in (
        ("hash", version.hash),
        ("in force", f"{local(version.since)} to {local(version.until) if version.until else 'now'}"),
        ("published", f"until {local(version.published_until)}"),
    ):
        typer.echo(f"  {name:<10} {value}")
    shifts = [shift for name in sorted(schedule) if team in (None, name) for shift in schedule[name]]
    if not shifts:
        whose = f" of {team}" if team else ""
        typer.echo(f"\nNobody{whose} is on call by what was published.")
        return 1 if team is not None and team not in schedule else 0
    typer.echo()
    columns = ("team", "from", "to", "on call", "layer", "kind", "overrides")
    print_table(columns, [_shift(each) for each in shifts], drop=("kind", "layer", "overrides"))
    return 0


def _shift(shift: PublishedShift) -> tuple[object, ...]:
    return (
        shift.team,
        local(shift.start),
        local(shift.end),
        ", ".join(shift.agents),
        shift.layer,
        shift.kind,
        ", ".join(shift.overrides),
    )


async def _published(database_url: str, prefix: str) -> tuple[RosterVersionRecord, Schedule]:
    async with Reader(database_url) as reader:
        version = await reader.roster_version(prefix)
        return version, await reader.published_schedule(version.id)
