"""`astreinte diff`: what another version of the rosters changes in the schedule."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from ..core.errors import AstreinteError
from ..core.settings import load_settings
from ..roster.assignments import Assignment
from ..roster.book import RosterBook
from ..roster.differences import Differences, TeamDifferences, differences
from ..roster.spans import Span, total
from .complaint import complain
from .instants import length, moment, read_instant
from .rosters import read_rosters
from .terminal import BOLD, GREEN, RED, paint

SAME, DIFFERENT, TROUBLE = 0, 1, 2
"""Exit codes, those of `diff`."""
COLOURS = {"+": GREEN, "-": RED}


def run_diff(old: Path, new: Path, start: str | None, days: int, *, as_json: bool) -> int:
    """Print what changes from one folder of rosters to another; return the exit code."""
    try:
        settings = load_settings()  # where the copies of calendars are
        before, after = read_rosters(old, settings), read_rosters(new, settings)
        zone = _common_zone(after)
        begin = datetime.now(UTC).replace(second=0, microsecond=0)
        if start is not None:
            begin, _ = read_instant(start, zone, "--from")
        found = differences(before, after, begin, begin + timedelta(days=days))
    except AstreinteError as error:
        complain(error)
        return TROUBLE
    if as_json:
        from .diff_json import as_text

        typer.echo(as_text(found, zone))
    else:
        _print(found, zone, before, after)
    return DIFFERENT if found else SAME


def _common_zone(rosters: RosterBook) -> ZoneInfo:
    """Return the zone of most teams."""
    zones = Counter(rosters.teams[name].timezone for name in sorted(rosters.teams))
    return ZoneInfo(zones.most_common(1)[0][0]) if zones else ZoneInfo("UTC")


def _print(found: Differences, zone: ZoneInfo, before: RosterBook, after: RosterBook) -> None:
    span = " to ".join(moment(at, zone, year=True) for at in (found.start, found.end))
    if not found:
        typer.echo(f"The same schedule, {span}.")
        return
    typer.echo(f"What changes, {span}:")
    names = {agent.id: agent.name for book in (before, after) for agent in book.agents.values()}
    for team in found.teams:
        typer.echo()
        print_team(team, names)
    if found.reasons:
        typer.echo(f"\n{paint('reasons', BOLD)}")
    for reason, old, new in found.reasons:
        for sign, answers in (("-", old), ("+", new)):
            if answers is not None:
                _print_line(sign, f"{reason}: {answers} answers")


def print_team(team: TeamDifferences, names: dict[str, str]) -> None:
    """Print what changes for one team; `names` has every agent's."""
    news = {"kept": "", "added": " is a new team", "removed": " is no longer a team"}[team.change]
    typer.echo(f"{paint(team.team, BOLD)}{news} ({team.timezone})")
    zone = ZoneInfo(team.timezone)
    shifts = [("-", one) for one in team.lost] + [("+", one) for one in team.gained]
    for agent in sorted({one.agent for _, one in shifts}):
        own = sorted((each for each in shifts if each[1].agent == agent), key=lambda each: each[1].start)
        sums = [f"{sign}{_total(own, sign)}" for sign in ("+", "-") if _total(own, sign)]
        typer.echo(f"  {names[agent]} ({agent}): {', '.join(sums)}")
        for sign, one in own:
            _print_line(sign, f"{_times((one.start, one.end), zone)}  {_what(one)}")
    if team.opened or team.closed:
        typer.echo(f"  {paint('gaps: spans with NOBODY on call', BOLD)}")
    for gap, sign in sorted([(gap, "+") for gap in team.opened] + [(gap, "-") for gap in team.closed]):
        opens = sign == "+"
        text = f"{_times(gap, zone)}  {'NOBODY any more' if opens else 'somebody again'}"
        _print_line(sign, text, f"{BOLD};{RED}" if opens else GREEN)
    if team.steps:
        typer.echo("  escalation")
    for sign, text in team.steps:
        _print_line(sign, text)


def _print_line(sign: str, text: str, colour: str | None = None) -> None:
    typer.echo(paint(f"    {sign} {text}", colour or COLOURS[sign]))


def _total(shifts: list[tuple[str, Assignment]], sign: str) -> str:
    time = total((one.start, one.end) for each, one in shifts if each == sign)
    return length(time) if time else ""


def _times(span: Span, zone: ZoneInfo) -> str:
    start, end = span
    return f"{moment(start, zone)} to {moment(end, zone)}  {length(end - start):>8}"


def _what(one: Assignment) -> str:
    parts = [one.kind, f"layer {one.layer}", *(f"override {each}" for each in one.overrides)]
    return ", ".join([*parts, "backup"] if one.backup else parts)
