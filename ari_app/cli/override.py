"""`astreinte override`: who stands in for whom, written into the rosters, listed, and removed from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from ..core.settings import load_settings
from ..roster.book import RosterBook
from ..roster.spans import merged, total
from ..roster.team import Override
from ..service.calendars import KeptFeeds
from ..service.roster_editing import NewOverride, RosterEditor
from .drafts import changing, effect_of, show_and_save
from .instants import length, moment, read_wall_time
from .rosters import agent_named, team_names
from .terminal import BOLD, paint, print_table


@dataclass(frozen=True, slots=True)
class Wanted:
    """An override as it was asked for on the command line."""

    team: str
    start: str
    end: str
    absent: str
    stand_in: str
    reason: str | None
    id: str | None
    exceptional: bool


def add_override(settings_file: Path | None, wanted: Wanted, *, dry_run: bool) -> int:
    """Write an override, and print what it changes; return the exit code."""
    with changing(load_settings(settings_file)) as editor:
        (team,) = team_names(editor.rosters, wanted.team, "override add")
        zone = ZoneInfo(editor.rosters.teams[team].timezone)
        start, notes = read_wall_time(wanted.start, zone, "--from", end=False)
        end, more = read_wall_time(wanted.end, zone, "--to", end=True)
        absent, stand_in = (agent_named(each, editor.rosters) for each in (wanted.absent, wanted.stand_in))
        name = wanted.id or editor.free_id(team, f"{absent}-{start:%Y-%m-%d}")
        new = NewOverride(name, start, end, absent, stand_in, wanted.reason, wanted.exceptional)
        draft = editor.with_overrides(team, [new])
        show_and_save(editor, draft, team, [*notes, *more], dry_run=dry_run)
    return 0


def remove_override(settings_file: Path | None, team: str, override: str, *, dry_run: bool) -> int:
    """Remove an override, and print what that changes; return the exit code."""
    with changing(load_settings(settings_file)) as editor:
        (team,) = team_names(editor.rosters, team, "override remove")
        draft = editor.without_override(team, override)
        show_and_save(editor, draft, team, [], dry_run=dry_run)
    return 0


def list_overrides(settings_file: Path | None, team: str | None, *, past: bool) -> int:
    """Print the overrides of a team, or of all; return the exit code."""
    now, settings = datetime.now(UTC), load_settings(settings_file)
    editor = RosterEditor(settings.rosters, now, KeptFeeds(settings))
    teams = team_names(editor.rosters, team, "override list")
    listed = {name: rows for name in teams if (rows := list(_rows(editor, name, now, past=past)))}
    if not listed:
        typer.echo(
            "No override." if past else "No override in force or to come; --all shows those that are over."
        )
    for name, rows in listed.items():
        typer.echo(f"{paint(name, BOLD)} ({editor.rosters.teams[name].timezone})")
        print_table(
            ("id", "from", "to", "who", "changes", "reason"), rows, drop=("reason",), whole=("id", "who")
        )
    return 0


def _rows(editor: RosterEditor, name: str, now: datetime, *, past: bool) -> Iterator[tuple[object, ...]]:
    team = editor.rosters.teams[name]
    zone = ZoneInfo(team.timezone)
    entries = {entry.id: entry for entry in editor.source(name).file.overrides}
    for override in sorted(team.overrides, key=lambda each: (each.start, each.end)):
        if past or override.end > now:
            start, end = (moment(at, zone, year=True) for at in (override.start, override.end))
            who = f"{override.stand_in} for {override.absent}"
            changes = _changes(editor.rosters, name, override)
            yield override.id, start, end, who, changes, entries[override.id].reason


def _changes(rosters: RosterBook, name: str, override: Override) -> str:
    """Return for how long somebody else is on call, or nobody any more, because of an override."""
    team = rosters.teams[name]
    without = replace(team, overrides=tuple(each for each in team.overrides if each.id != override.id))
    effect = effect_of(without, team, [override])
    if effect is None:
        return "nothing"
    return length(total(merged((each.start, each.end) for each in (*effect.gained, *effect.lost))))
