"""`astreinte calls`: the records, as a table and as a story."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..core.settings import load_settings
from ..records.reader import CallRecord, CallStory, LegRecord, Reader
from .story import told


def list_calls(settings_file: Path | None, limit: int) -> int:
    """Print the newest calls as a table; return the exit code."""
    settings = load_settings(settings_file)
    calls = asyncio.run(_calls(settings.database_url, limit))
    table = Table("call", "came in", "line", "caller", "reason", "agent", "outcome", "wait", "talk", "total")
    for call in calls:
        table.add_row(
            call.id,
            local(call.arrived_at),
            escape(call.line),
            escape(call.number or "unknown"),
            call.reason or "",
            call.agent or "",
            call.outcome or "in progress",
            seconds(call.wait_seconds),
            seconds(call.talk_seconds),
            seconds(call.total_seconds),
        )
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table if calls else "No call yet.")
    return 0


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
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
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
        "wait": seconds(call.wait_seconds),
        "talk": seconds(call.talk_seconds),
        "total": seconds(call.total_seconds),
        "hangup cause": call.hangup_cause,
    }
    console.print(f"Call {call.id}")
    for name, value in facts.items():
        if value not in (None, ""):
            console.print(f"  {name:<13} {escape(str(value))}")
    if story.legs:
        console.print(_legs(story.legs))
    for event in story.events:
        console.print(f"  {event.elapsed:8.3f} s  {escape(told(event.name, event.data))}")


def _legs(legs: list[LegRecord]) -> Table:
    table = Table("step", "agent", "phone", "rang", "result", "cause", "SIP")
    for leg in legs:
        table.add_row(
            str(leg.step + 1),
            leg.agent,
            leg.endpoint,
            seconds(leg.ring_seconds),
            leg.result or "in progress",
            "" if leg.hangup_cause is None else str(leg.hangup_cause),
            "" if leg.tech_cause is None else str(leg.tech_cause),
        )
    return table


def local(instant: datetime) -> str:
    """Return an instant in this machine's time, with its offset."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def seconds(duration: float | None) -> str:
    """Return a duration for a table, empty if it did not happen."""
    return "" if duration is None else f"{duration:.1f} s"
