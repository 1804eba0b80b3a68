"""`astreinte calls`: the records, as a table and as a story."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import typer

from ..core.settings import load_settings
from ..records.reader import CallRecord, CallStory, LegRecord, Reader
from .story import told
from .terminal import BOLD, paint, print_table, safe

COLUMNS = (
    "call",
    "came in",
    "line",
    "caller",
    "reason",
    "agent",
    "outcome",
    "survey",
    "wait",
    "talk",
    "total",
)
LEAST_WANTED = ("line", "survey", "total", "wait", "talk", "agent", "reason", "came in", "caller")
"""What a narrow terminal does without: `calls show` has it all."""


def list_calls(settings_file: Path | None, limit: int) -> int:
    """Print the newest calls as a table; return the exit code."""
    settings = load_settings(settings_file)
    calls = asyncio.run(_calls(settings.database_url, limit))
    if not calls:
        typer.echo("No call yet.")
        return 0
    print_table(COLUMNS, [_row(call) for call in calls], drop=LEAST_WANTED)
    return 0


def _row(call: CallRecord) -> tuple[object, ...]:
    return (
        call.id,
        local(call.arrived_at),
        call.line,
        call.number or "unknown",
        call.reason,
        call.agent,
        call.outcome or "in progress",
        call.survey,
        seconds(call.wait_seconds),
        seconds(call.talk_seconds),
        seconds(call.total_seconds),
    )


async def _calls(database_url: str, limit: int) -> list[CallRecord]:
    async with Reader(database_url) as reader:
        return await reader.calls(limit=limit)


def show_call(settings_file: Path | None, prefix: str) -> int:
    """Print the story of one call; return the exit code."""
    settings = load_settings(settings_file)
    print_story(asyncio.run(stored_story(settings.database_url, prefix)))
    return 0


async def stored_story(database_url: str, prefix: str) -> CallStory:
    """Return a call with its attempts and events, as they are in the database."""
    async with Reader(database_url) as reader:
        return await reader.call(prefix)


def print_story(story: CallStory) -> None:
    """Print a call: what is known of it, each attempt to reach an agent, each event."""
    call = story.call
    facts = {
        "came in": local(call.arrived_at),
        "line": call.line,
        "caller": f"{call.number or 'unknown'} {call.caller_name}".strip(),
        "language": call.language,
        "reason": call.reason,
        "team": call.team,
        "agent": call.agent,
        "outcome": call.outcome or "in progress",
        "wrap-up": call.wrap_up,
        "survey": f"{call.survey} of 5" if call.survey else "",
        "wait": seconds(call.wait_seconds),
        "talk": seconds(call.talk_seconds),
        "total": seconds(call.total_seconds),
        "hangup cause": call.hangup_cause,
    }
    typer.echo(paint(f"Call {safe(call.id)}", BOLD))
    for name, value in facts.items():
        if value not in (None, ""):
            typer.echo(f"  {name:<13} {safe(value)}")
    if story.legs:
        typer.echo()
        print_table(
            ("step", "agent", "phone", "rang", "result", "cause", "SIP"),
            [_leg(leg) for leg in story.legs],
            drop=("cause", "SIP", "step"),
        )
    typer.echo()
    for event in story.events:
        typer.echo(f"  {event.elapsed:8.3f} s  {safe(told(event.name, event.data))}")


def _leg(leg: LegRecord) -> tuple[object, ...]:
    return (
        leg.step + 1,
        leg.agent,
        leg.endpoint,
        seconds(leg.ring_seconds),
        leg.result or "in progress",
        leg.hangup_cause,
        leg.tech_cause,
    )


def local(instant: datetime) -> str:
    """Return an instant in this machine's time, with its offset."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def seconds(duration: float | None) -> str:
    """Return a duration for a table, empty if it did not happen."""
    return "" if duration is None else f"{duration:.1f} s"
