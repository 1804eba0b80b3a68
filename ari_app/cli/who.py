"""`astreinte who`: who is on call, at any instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from ..core.errors import AstreinteError
from ..core.settings import load_settings
from ..roster.book import RosterBook, UnknownReasonError
from ..roster.calendar import NEVER
from ..roster.plan import Agent, Plan
from ..service.books import open_books
from .instants import read_instant
from .rosters import team_names
from .terminal import BOLD, YELLOW, paint, print_table, safe


class OtherTeam(AstreinteError):
    """Another team than the one that is named answers for the reason."""


def run_who(settings_file: Path | None, team: str | None, at: str | None, reason: str | None = None) -> int:
    """Print who is rung for a team, for a reason, or for each team; return the exit code."""
    books, _ = open_books(load_settings(settings_file))
    rosters = books.rosters
    teams = team_names(rosters, team, "who") if reason is None else [_team_of(reason, team, rosters)]
    for name in teams:
        zone = ZoneInfo(rosters.teams[name].timezone)
        instant, notes = (datetime.now(UTC), []) if at is None else read_instant(at, zone, "--at")
        _print_plan(rosters.plan_for_team(name, at=instant), zone, notes, rosters)
    return 0


def _team_of(reason: str, team: str | None, rosters: RosterBook) -> str:
    answers = rosters.reasons.get(reason)
    if answers is None:
        raise UnknownReasonError(reason, rosters.reasons)
    if team not in (None, answers):
        raise OtherTeam(
            f"`{safe(team)}` does not answer for the reason `{reason}`",
            remedy=f"`{answers}` does: leave the team out",
        )
    return answers


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
