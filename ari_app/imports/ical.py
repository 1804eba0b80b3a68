"""An exported calendar, of any product: a team whose layer is that calendar, and the agents whom it names."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ..roster.ical import Event, parse_calendar
from ..roster.ical_text import UnusableCalendar
from .export import NotAnExport
from .model import Ids, Imported, Layer, Step

_PRIORITY = re.compile(r"\s*\[L[0-9]{1,2}\]\s*")
_PAGERDUTY = re.compile(r"On Call - (.+?)(?: - .*)?")


def from_calendar(path: Path, source: str, timezone: ZoneInfo, now: datetime) -> Imported:
    """Return a team with the calendar as its layer. Raises `NotAnExport`, and OSError."""
    content = path.read_bytes()
    try:
        events = parse_calendar(content, timezone)
    except UnusableCalendar as error:
        raise NotAnExport(f"{path}: {error.message}", remedy=error.remedy) from None
    imported = Imported(source)
    ahead = [event for event in events if event.over() > now]
    for event in ahead:
        _person(imported, event)
    team = imported.team(path.stem, f"calendar {path.name}", timezone.key)
    name = f"{Ids().of(path.stem, 'calendar')}.ics"
    imported.files[name] = content
    team.layers.append(Layer("calendar", [[each.id] for each in imported.people.values()], calendar=name))
    team.steps.append(Step())
    imported.lose(
        f"calendar {path.name}",
        "the escalation",
        "a calendar does not say what happens when nobody answers",
        "add steps under `escalation`",
    )
    return imported


def _person(imported: Imported, event: Event) -> None:
    title = _PRIORITY.sub("", event.summary, count=1).strip()
    mails = [name for each in event.attendees for name in each if "@" in name]
    match = _PAGERDUTY.fullmatch(title)
    if len(mails) == 1:
        imported.person(mails[0].casefold(), match[1] if match else "", mails)
    elif mails:
        for mail in mails:
            imported.person(mail.casefold(), "", [mail])
    elif title:
        for part in [title] if match else re.split("[,;/&+|]", title):
            name = part.strip().removeprefix("@")
            imported.person(name.casefold(), name.partition("@")[0], [name])
