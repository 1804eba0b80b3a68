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
from ..roster.escalation import Asked, Ring
from ..roster.plan import Activity, Agent, Plan, Step
from ..roster.team import Team
from ..service.reachable import unconfirmed_now
from .instants import read_instant
from .rosters import read_rosters, team_names
from .terminal import BOLD, YELLOW, paint, print_table, safe


class OtherTeam(AstreinteError):
    """Another team than the one that is named answers for the reason."""


def run_who(settings_file: Path | None, team: str | None, at: str | None, asked: Asked) -> int:
    """Print who is rung for a team, for a reason, or for each team; return the exit code."""
    settings = load_settings(settings_file)
    rosters = read_rosters(settings.rosters, settings)
    unconfirmed, unknown = unconfirmed_now(settings) if at is None else (set[str](), "")
    activity = Activity({}, {}, unconfirmed)
    reason = asked.reason
    for name in team_names(rosters, team, "who") if reason is None else [_team_of(reason, team, rosters)]:
        zone = ZoneInfo(rosters.teams[name].timezone)
        instant, notes = (datetime.now(UTC), []) if at is None else read_instant(at, zone, "--at")
        notes += [f"Who is unconfirmed is not known: {unknown}"] if unknown else []
        plan = rosters.plan_for_team(
            name, instant, asked.language, reason=reason, vip=asked.vip, activity=activity
        )
        _print_plan(plan, zone, notes, rosters)
        rows = list(_rows(plan, rosters.teams[name], asked))
        print_table(("step", "agent", "phones", "rung", "why"), rows, drop=("phones", "rung"))
        typer.echo()
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
    if plan.rounds > 1:
        typer.echo(f"All steps are gone through {plan.rounds} times.")


def _until(plan: Plan, zone: ZoneInfo) -> str:
    if plan.until >= NEVER:
        return "for good"
    until = plan.until.astimezone(zone)
    return f"until {until:%a %d %b %Y %H:%M %z}"


def _rows(plan: Plan, team: Team, asked: Asked) -> Iterator[tuple[object, ...]]:
    """Yield every agent of every step, in the order in which they are rung, and steps that ring nobody."""
    rows = [(step.index, row) for step in plan.steps for row in _step_rows(step)]
    for ring in team.escalation:
        if ring.index not in {index for index, _ in rows}:
            place = next((n for n, (index, _) in enumerate(rows) if index > ring.index), len(rows))
            why = _why_nobody(ring, plan, asked)
            rows.insert(place, (ring.index, (ring.index + 1, f"({ring.label})", None, None, why)))
    yield from (row for _, row in rows)
    if not any(plan.agents()):
        yield None, "nobody", None, None, "callers hear that nobody can be reached"


def _step_rows(step: Step) -> Iterator[tuple[object, ...]]:
    for on_call in step.agents:
        yield step.index + 1, on_call.agent.name, _phones(on_call.agent), _rung(step), on_call.why
    if not step.agents:
        yield step.index + 1, f"({step.label})", None, None, None


def _rung(step: Step) -> str:
    """Return for how long, and how if there are several: `25 s, together, 2 rounds`."""
    words = [f"{step.seconds:g} s"]
    if len(step.agents) > 1 and step.strategy != "sequential":
        words.append("together" if step.strategy == "simultaneous" else step.strategy)
    if step.rounds > 1:
        words.append(f"{step.rounds} rounds")
    return ", ".join(words)


def _why_nobody(ring: Ring, plan: Plan, asked: Asked) -> str:
    when = ring.when
    if when is None or (when.is_met_by(asked) and (when.hours is None or when.hours.at(plan.at)[0])):
        return "skipped: nobody is in it"
    return f"skipped: only when {when}"


def _phones(agent: Agent) -> str:
    return ", ".join(
        phone.uri + (f" after {phone.after:g} s" if phone.after else "") for phone in agent.phones
    )
