"""What is shown of a change to a team's overrides, before it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from ..core.errors import AstreinteError
from ..core.settings import Settings
from ..roster.assignments import assignments
from ..roster.book import RosterBook
from ..roster.differences import TeamDifferences, differences
from ..roster.team import Override, Team
from ..service.calendars import KeptFeeds
from ..service.roster_editing import Draft, RosterEditor, WouldNotLoad, editing
from .check import shown
from .diff import COLOURS, print_team
from .instants import moment
from .terminal import BOLD, YELLOW, paint, safe


class Refused(AstreinteError):
    """The change would put a mistake into the files."""


@contextmanager
def changing(settings: Settings) -> Iterator[RosterEditor]:
    """Give an editor of the rosters; a change that would make them fail is told, and refused."""
    try:
        with editing(settings.rosters, datetime.now(UTC), KeptFeeds(settings)) as editor:
            yield editor
    except WouldNotLoad as error:
        for finding in error.findings:
            typer.echo(shown(finding), err=True)
        raise Refused(
            "with this change the files would have the mistakes above; nothing was written",
            remedy="the places are those of the file as it would be: change what you asked for",
        ) from error


def show_and_save(
    editor: RosterEditor, draft: Draft, team: str, notes: Sequence[str], *, dry_run: bool
) -> None:
    """Print which overrides come and go, what that changes, and the lines; then write them."""
    before, after = editor.rosters.teams[team], draft.rosters.teams[team]
    added = [each for each in after.overrides if each not in before.overrides]
    removed = [each for each in before.overrides if each not in after.overrides]
    names = {agent.id: agent.name for agent in editor.rosters.agents.values()}
    zone = ZoneInfo(after.timezone)
    for override in (*added, *removed):
        verb = "no longer " if override in removed else ""
        who = f"{names[override.stand_in]} for {names[override.absent]}"
        start, end = (moment(at, zone, year=True) for at in (override.start, override.end))
        typer.echo(paint(f"{team}, override {override.id}: {verb}{who}", BOLD))
        typer.echo(f"{start} to {end} ({zone.key})")
    for note in notes:
        typer.echo(paint(note, YELLOW))
    effect = effect_of(before, after, [*added, *removed])
    typer.echo()
    if effect is not None:
        print_team(effect, names)
    else:
        typer.echo(paint(f"The schedule stays as it is{_why_not(before, added, names)}.", YELLOW))
    typer.echo()
    for finding in draft.warnings:
        if finding.severity == "warning":
            typer.echo(shown(finding))
    for line in draft.changed_lines():
        typer.echo(paint(safe(line), COLOURS[line[0]]))
    if dry_run:
        typer.echo(f"{_shown_path(draft.path)} stays as it is: --dry-run.")
        return
    draft.save()
    typer.echo(f"{_shown_path(draft.path)} is written.")


def effect_of(before: Team, after: Team, changed: Sequence[Override]) -> TeamDifferences | None:
    """Return what is different while the overrides that changed last, None when nothing is."""
    old, new = (RosterBook({team.id: team}, team.agents) for team in (before, after))
    start, end = min(each.start for each in changed), max(each.end for each in changed)
    return next(iter(differences(old, new, start, end).teams), None)


def _why_not(before: Team, added: Sequence[Override], names: Mapping[str, str]) -> str:
    for override in added:
        if not any(one.agent == override.absent for one in assignments(before, override.start, override.end)):
            return f": {names[override.absent]} is not on call then"
    return ""


def _shown_path(path: Path) -> str:
    """Return a path as whoever reads it here would name it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
