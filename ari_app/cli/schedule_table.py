"""A timetable as a table: a line for each shift, and for each gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import typer
from rich.text import Text

from ..core.counted import counted
from ..roster.book import RosterBook
from ..roster.spans import Span, total
from .instants import length, moment
from .terminal import BOLD, RED, paint, print_table
from .timetable import Entry, Timetable

NOBODY = "NOBODY"
LONGEST_WITHOUT_YEARS = timedelta(days=330)
"""In a shorter range, a day and a month tell which year it is."""


def print_timetable(timetable: Timetable, rosters: RosterBook) -> None:
    """Print shifts and gaps in the order of time, then how much it is for each."""
    print_head(timetable)
    rows = [(entry.start, _row(entry, timetable, rosters)) for entry in timetable.entries]
    rows += [(gap[0], _gap_row(gap, timetable)) for gap in timetable.gaps or ()]
    who = "on call" if timetable.agent is None else "team"
    if rows:
        print_table(
            ("from", "to", "length", who, "layer", "kind", "why"),
            [row for _, row in sorted(rows, key=lambda each: each[0])],
            drop=("kind", "layer", "why"),
            whole=("from", "to"),
        )
    print_foot(timetable)
    typer.echo()


def print_head(timetable: Timetable) -> None:
    """Print whose schedule it is, and from when until when."""
    start, end = (moment(at, timetable.zone, year=True) for at in (timetable.start, timetable.end))
    typer.echo(paint(timetable.title, BOLD))
    typer.echo(f"{start} to {end} ({timetable.zone.key})")


def print_foot(timetable: Timetable, legend: Mapping[str, Text] | None = None) -> None:
    """Print how long each is on call, each as the legend has them, and how long nobody is."""
    totals = list(_totals(timetable, legend or {}))
    if totals:
        columns = ("agent", "name") if timetable.agent is None else ("team", "answers for")
        print_table((*columns, "on call", "shifts"), totals)
    if timetable.agent is not None:
        if not totals:
            typer.echo("Not on call.")
    elif timetable.gaps is None:
        typer.echo("This team has no layers: its escalation names whom it rings (`astreinte who`).")
    elif timetable.gaps:
        count = counted(len(timetable.gaps), "gap")
        typer.echo(
            paint(
                f"{NOBODY} is on call for {length(total(timetable.gaps))} in all: {count}.", f"{BOLD};{RED}"
            )
        )
    else:
        typer.echo("Somebody is on call at every instant.")


def _totals(timetable: Timetable, legend: Mapping[str, Text]) -> Iterator[tuple[object, ...]]:
    for label, name in timetable.names.items():
        theirs = [entry for entry in timetable.entries if label in entry.labels]
        for backup in (False, True):
            spans = [entry for entry in theirs if entry.backup == backup]
            if spans:
                shown = legend.get(label, Text(label))
                yield (
                    Text("(").append_text(shown).append(")") if backup else shown,
                    name,
                    length(total((entry.start, entry.end) for entry in spans)),
                    len(spans),
                )


def _row(entry: Entry, timetable: Timetable, rosters: RosterBook) -> tuple[object, ...]:
    start, end, duration = _times(entry.start, entry.end, timetable)
    labels = entry.labels
    if timetable.agent is None:
        labels = tuple(timetable.names.get(label, label) for label in labels)
    return (
        "earlier" if entry.earlier else start,
        "later" if entry.later else end,
        duration,
        ", ".join(labels),
        entry.layer,
        entry.kind,
        why(entry, rosters),
    )


def _gap_row(gap: Span, timetable: Timetable) -> tuple[object, ...]:
    loud = (Text(cell, style="bold red") for cell in (*_times(*gap, timetable), NOBODY))
    return (*loud, None, None, None)


def _times(start: datetime, end: datetime, timetable: Timetable) -> tuple[str, str, str]:
    year = timetable.end - timetable.start > LONGEST_WITHOUT_YEARS
    first, last = (moment(at, timetable.zone, year=year) for at in (start, end))
    return first, last, length(end - start)


def why(entry: Entry, rosters: RosterBook) -> str:
    """Return what else there is to know of a shift: `backup, override noel for alice, with bruno`."""
    absent = {override.id: override.absent for override in rosters.teams[entry.team].overrides}
    parts = ["backup"] if entry.backup else []
    parts += (f"override {each} for {absent[each]}" for each in entry.overrides)
    if entry.beside:
        parts.append(f"with {', '.join(entry.beside)}")
    return ", ".join(parts)
