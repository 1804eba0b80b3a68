"""`astreinte who`: who is on call, at any instant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from ..core.errors import AstreinteError
from ..core.settings import load_settings
from ..roster.book import RosterBook
from ..roster.plan import Plan
from ..service.books import open_books


class NotAnInstant(AstreinteError):
    """`--at` is not a date and time."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not an instant",
            remedy="write it as 2026-12-25T03:00 (the team's own time) or 2026-12-25T03:00+01:00",
        )


def run_who(settings_file: Path | None, team: str | None, at: str | None) -> int:
    """Print who is rung for a team, or for each; return the exit code."""
    books, _ = open_books(load_settings(settings_file))
    rosters = books.rosters
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    for name in [team] if team else sorted(rosters.teams):
        console.print(_table(rosters.plan_for_team(name, at=_instant(at, rosters, name)), rosters))
    return 0


def _instant(text: str | None, rosters: RosterBook, team: str) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise NotAnInstant(text) from None
    if instant.tzinfo is None:
        zone = rosters.plan_for_team(team, at=datetime.now(UTC)).timezone
        instant = instant.replace(tzinfo=ZoneInfo(zone))
    return instant.astimezone(UTC)


def _table(plan: Plan, rosters: RosterBook) -> Table:
    zone = ZoneInfo(plan.timezone)
    at, until = plan.at.astimezone(zone), plan.until.astimezone(zone)
    reasons = ", ".join(reason for reason, team in rosters.reasons.items() if team == plan.team)
    table = Table(
        "step",
        "agent",
        "phones",
        "rung",
        "why",
        title=f"{plan.team} ({reasons})\n{at:%a %d %b %Y %H:%M:%S %z}, until {until:%a %d %b %H:%M %z}",
        title_justify="left",
    )
    for step in plan.steps:
        rung = f"{step.seconds:g} s{', together' if step.strategy == 'simultaneous' else ''}"
        for on_call in step.agents:
            phones = ", ".join(
                phone.uri + (f" after {phone.after:g} s" if phone.after else "")
                for phone in on_call.agent.phones
            )
            table.add_row(str(step.index + 1), on_call.agent.name, phones, rung, on_call.why)
        if not step.agents:
            table.add_row(str(step.index + 1), "", "", "", step.label)
    if not plan.steps:
        table.add_row("", "nobody", "", "", "callers hear that nobody can be reached")
    return table
