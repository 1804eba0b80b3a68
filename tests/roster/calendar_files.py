"""Calendars for tests: samples as programs export them, and small ones written out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ari_app.roster.ical import parse_calendar
from ari_app.roster.ical_duty import CalendarDuty, name_events, names_of
from ari_app.roster.schema import AgentEntry

SAMPLES = Path(__file__).parent / "calendars"
PARIS = ZoneInfo("Europe/Paris")
AGENTS = {
    "alice": AgentEntry.model_validate(
        {"name": "Alice Martin", "calendar_names": "alice@example.com", "phones": ["sip:alice"]}
    ),
    "bruno": AgentEntry.model_validate({"calendar_names": ["bruno@example.com"], "phones": ["sip:bruno"]}),
    "chloe": AgentEntry.model_validate(
        {"name": "Chloé", "calendar_names": ["chloe@example.com"], "phones": ["sip:chloe"]}
    ),
}


def calendar(*lines: str) -> bytes:
    """Return a calendar with these lines within it."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def event(*lines: str) -> bytes:
    """Return a calendar of one event: `SUMMARY:alice` unless it says otherwise."""
    summary = [] if any(line.startswith("SUMMARY") for line in lines) else ["SUMMARY:alice"]
    return calendar("BEGIN:VEVENT", "UID:1", *summary, *lines, "END:VEVENT")


def duty(content: bytes, zone: ZoneInfo = PARIS) -> CalendarDuty:
    """Return who of `AGENTS` is on call by a calendar."""
    return CalendarDuty(name_events(parse_calendar(content, zone), names_of(AGENTS)))


def spans(content: bytes, start: str, end: str, zone: ZoneInfo = PARIS) -> list[str]:
    """Return who is on call from one date to another (UTC): `"2026-01-05T19:00 2026-01-06T07:00 alice"`."""
    on_call, found = duty(content, zone), []
    at, last = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end))
    while at < last:
        agents, until = on_call.at(at)
        if agents:
            found.append(f"{at:%Y-%m-%dT%H:%M} {min(until, last):%Y-%m-%dT%H:%M} {' '.join(agents)}")
        at = until
    return found
