"""`astreinte notify next`: tells people who is on next."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from pydantic_core import PydanticCustomError

from ..core.durations import parse_duration
from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..notify.parcel import Parcel
from ..notify.sending import sent
from ..roster.duty_shifts import Handoff, handoffs
from ..roster.team import Team
from ..service.books import Books, open_books
from ..service.duty_texts import handoff_text
from .instants import moment
from .rosters import team_names
from .terminal import print_table


def run_notify_next(settings_file: Path | None, team: str | None, within: str, *, dry_run: bool) -> int:
    """Send who is on next to those whom the rosters name; return 1 if it could not be sent to somebody."""
    settings = load_settings(settings_file)
    books, _ = open_books(settings)
    now = datetime.now(UTC)
    until = now + timedelta(seconds=_seconds(within))
    teams = [books.rosters.teams[name] for name in team_names(books.rosters, team, "notify next --team")]
    found = [(each, handoff) for each in teams for handoff in handoffs(each, now, until)]
    if not found:
        typer.echo(f"There is no handoff within {within}.")
        return 0
    print_table(("from", "until", "team", "next", "told"), [_row(*each) for each in found])
    told = [each for each in found if each[0].handoff_notice is not None]
    if not told:
        typer.echo("Nobody is told: write `handoff_notice: {to: [NAME]}` in the rosters (docs/duty.md).")
    if dry_run or not told:
        return 0
    return asyncio.run(_send(settings, books, told))


def _seconds(within: str) -> float:
    try:
        return parse_duration(within)
    except PydanticCustomError as error:
        raise AstreinteError(
            f"--within {within}: {error.message()}", remedy="write it as `12h`, 24h at most"
        ) from None


def _row(team: Team, handoff: Handoff) -> tuple[str, ...]:
    zone = ZoneInfo(team.timezone)
    names = ", ".join(team.agents[agent].name for agent in handoff.agents)
    to = ", ".join(team.handoff_notice.to) if team.handoff_notice is not None else "(nobody)"
    return moment(handoff.start, zone), moment(handoff.end, zone), team.id, names, to


async def _send(settings: Settings, books: Books, told: list[tuple[Team, Handoff]]) -> int:
    parcels: list[Parcel] = []
    recipients: list[str] = []
    failed = False
    for team, handoff in told:
        title, body = handoff_text(team, handoff, books.flows.languages[0])
        for name in team.handoff_notice.to if team.handoff_notice is not None else ():
            addresses = settings.notify.recipients.get(name, ())
            if not addresses:
                failed = True
                typer.echo(f"{name}: has no address in `notify: {{recipients: …}}` of the settings", err=True)
            for address in addresses:
                parcels.append(Parcel(address=address.get_secret_value(), title=title, body=body))
                recipients.append(name)
    if parcels:
        async with aclosing(sent(parcels)) as receipts:
            async for receipt in receipts:
                about = f"{recipients[receipt.number]}, {parcels[receipt.number].title}"
                failed = failed or not receipt.sent
                typer.echo(f"sent to {about}" if receipt.sent else f"not sent to {about}: {receipt.reason}")
    return 1 if failed else 0
