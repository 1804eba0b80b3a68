"""`astreinte who`: who is on call, at any instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from ..core.errors import AstreinteError
from ..core.settings import load_settings
from ..core.suggest import nearest, one_of
from ..roster.book import RosterBook
from ..roster.calendar import NEVER, first_instant, last_instant, wall_time
from ..roster.plan import Agent, Plan
from ..service.books import open_books
from .terminal import BOLD, YELLOW, paint, print_table, safe


class NotAnInstant(AstreinteError):
    """`--at` is not a date and time."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not an instant",
            remedy="write it as 2026-12-25T03:00 (the team's own time) or 2026-12-25T03:00+01:00",
        )


class UnknownTeam(AstreinteError):
    """There is no team of that name."""

    def __init__(self, name: str, rosters: RosterBook) -> None:
        meant = rosters.reasons.get(name) or _team_like(name, rosters.teams)
        remedy = f"did you mean `astreinte who {meant}`? " if meant else ""
        why = f": it is a reason, and `{meant}` answers for it" if name in rosters.reasons else ""
        super().__init__(
            f"there is no team `{safe(name)}`{why}",
            remedy=f"{remedy}The teams: {one_of(sorted(rosters.teams))}",
        )


def _team_like(name: str, teams: Iterable[str]) -> str | None:
    begins = [team for team in sorted(teams) if name and team.startswith(name.casefold())]
    return begins[0] if begins else nearest(name, teams)


def run_who(settings_file: Path | None, team: str | None, at: str | None) -> int:
    """Print who is rung for a team, or for each; return the exit code."""
    books, _ = open_books(load_settings(settings_file))
    rosters = books.rosters
    if team is not None and team not in rosters.teams:
        raise UnknownTeam(team, rosters)
    for name in [team] if team else sorted(rosters.teams):
        zone = ZoneInfo(rosters.teams[name].timezone)
        instant, notes = _instant(at, zone)
        _print_plan(rosters.plan_for_team(name, at=instant), zone, notes, rosters)
    return 0


def _instant(text: str | None, zone: ZoneInfo) -> tuple[datetime, list[str]]:
    """Return the instant that `--at` stands for, and what to know about it if clocks change then."""
    if text is None:
        return datetime.now(UTC), []
    try:
        written = datetime.fromisoformat(text.strip())
        if written.tzinfo is not None:
            return written.astimezone(UTC), []
        first, last = first_instant(written, zone), last_instant(written, zone)
        shown = wall_time(first, zone)
    except (ValueError, OverflowError):
        raise NotAnInstant(text) from None
    local = first.astimezone(zone)
    if shown != written:
        skipped = f"{written:%H:%M} does not exist on that day: the clock goes on to {local:%H:%M}"
        return first, [f"{skipped}, which is what you see"]
    if first != last:
        second = last.astimezone(zone).isoformat(timespec="minutes")
        twice = f"{written:%H:%M} comes twice on that day: this is the first ({local:%z})"
        return first, [f"{twice}; for the second, --at {second}"]
    return first, []


def _print_plan(plan: Plan, zone: ZoneInfo, notes: list[str], rosters: RosterBook) -> None:
    at = plan.at.astimezone(zone)
    reasons = ", ".join(reason for reason, team in rosters.reasons.items() if team == plan.team)
    typer.echo(paint(f"{plan.team}: {reasons or 'answers for no reason'}", BOLD))
    typer.echo(f"{at:%a %d %b %Y %H:%M:%S %z} ({zone.key}), {_until(plan, zone)}")
    for note in notes:
        typer.echo(paint(note, YELLOW))
    print_table(("step", "agent", "phones", "rung", "why"), list(_rows(plan)), drop=("why", "rung"))
    typer.echo()


def _until(plan: Plan, zone: ZoneInfo) -> str:
    if plan.until >= NEVER:
        return "for good"
    until = plan.until.astimezone(zone)
    return f"until {until:%a %d %b %Y %H:%M %z}"


def _rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    for step in plan.steps:
        together = ", together" if step.strategy == "simultaneous" and len(step.agents) > 1 else ""
        for on_call in step.agents:
            agent = on_call.agent
            yield step.index + 1, agent.name, _phones(agent), f"{step.seconds:g} s{together}", on_call.why
        if not step.agents:
            yield step.index + 1, f"({step.label})", None, None, None
    if not any(plan.agents()):
        yield None, "nobody", None, None, "callers hear that nobody can be reached"


def _phones(agent: Agent) -> str:
    return ", ".join(
        phone.uri + (f" after {phone.after:g} s" if phone.after else "") for phone in agent.phones
    )
