"""The calendars that layers name: read with the roster files, and what is wrong with them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from ..core.documents import Document, Loc
from ..core.errors import AstreinteError
from ..core.findings import Finding
from .calendar_schema import CalendarEntry
from .ical import Event, parse_calendar
from .ical_duty import NamedEvent
from .ical_text import MAX_BYTES, UnusableCalendar
from .schema import TeamFile

SOON = timedelta(days=60)
"""How far ahead an event that names nobody is told of."""
MOST_TOLD = 5
"""Events of one calendar that are told of one by one."""


@dataclass(frozen=True, slots=True)
class FeedCopy:
    """What a feed said when it was last read; `trouble` is why it cannot be read now, if it was tried."""

    content: bytes
    read_at: datetime
    trouble: str = ""


class CalendarUnavailable(AstreinteError):
    """There is nothing to read: no file, or a feed that was never read."""


Feeds = Callable[[CalendarEntry], FeedCopy]
"""Gives the last good copy of a feed. Raises `CalendarUnavailable`."""


def no_feeds(calendar: CalendarEntry) -> FeedCopy:
    """Refuse every feed: for who reads files alone."""
    raise CalendarUnavailable(
        "the calendar was never read", remedy="run `astreinte check` where the line runs: it reads it"
    )


@dataclass(frozen=True, slots=True)
class Calendar:
    """A layer's calendar: its events, and the hash of what it says."""

    entry: CalendarEntry
    events: tuple[Event, ...]
    hash: str


def read_calendars(
    document: Document, team: TeamFile, feeds: Feeds
) -> tuple[dict[str, Calendar], list[Finding]]:
    """Return the calendars of a team's layers by the layers' ids, and what is wrong with them."""
    calendars, findings = {}, []
    for index, layer in enumerate(team.layers):
        if layer.calendar is None:
            continue
        loc: Loc = ("layers", index, "calendar", *layer.calendar.model_fields_set & {"file", "url", "feed"})
        try:
            if layer.calendar.file is not None:
                content = _file(document.path.parent / layer.calendar.file)
            else:
                copy = feeds(layer.calendar)
                content = copy.content
                if copy.trouble:
                    findings.append(_out_of_date(document, loc, copy))
            events = parse_calendar(content, team.timezone)
        except (CalendarUnavailable, UnusableCalendar) as problem:
            findings.append(_unusable(document, loc, problem))
        else:
            calendars[layer.id] = Calendar(layer.calendar, events, sha256(content).hexdigest())
    return calendars, findings


def _file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait for ever
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "a folder or a device, not a file")
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CalendarUnavailable(
            "the calendar is missing",
            remedy="put it there, or correct its path: it begins at the roster's folder",
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CalendarUnavailable(
            f"the calendar cannot be read: {reason}", remedy="let the user that runs Astreinte read it"
        ) from None


def _unusable(document: Document, loc: Loc, problem: AstreinteError) -> Finding:
    return document.finding(
        loc,
        problem.why if isinstance(problem, UnusableCalendar) else problem.message,
        found=problem.found if isinstance(problem, UnusableCalendar) else "nothing",
        expected="a calendar (iCalendar, `.ics`), whole",
        remedy=problem.remedy,
    )


def _out_of_date(document: Document, loc: Loc, copy: FeedCopy) -> Finding:
    return document.finding(
        loc,
        "the calendar cannot be read now",
        found=copy.trouble,
        expected="the calendar",
        remedy=f"correct the address, or wait; its copy of {copy.read_at:%Y-%m-%d %H:%M} UTC stays in force",
        severity="warning",
    )


def name_nobody(
    document: Document, team: TeamFile, named: Mapping[str, tuple[NamedEvent, ...]], at: datetime
) -> Iterator[Finding]:
    """Warn of the events, from an instant on, that name someone who is unknown."""
    for index, layer in enumerate(team.layers):
        loc = ("layers", index, "calendar")
        told = [found for each in named.get(layer.id, ()) if (found := _unknown(each, at, team))]
        for place, found in enumerate(sorted(told)[:MOST_TOLD], 1):
            left = len(told) - MOST_TOLD if place == MOST_TOLD else 0
            more = f", and {left} more do" if left > 0 else ""
            yield document.finding(
                loc,
                "an event of the calendar names someone who is unknown" + more,
                found=found,
                expected="agents' ids, names or `calendar_names`; several with commas between them",
                remedy="add the name to the agent's `calendar_names`, or correct the event",
                severity="warning",
            )


def _unknown(named: NamedEvent, at: datetime, team: TeamFile) -> str | None:
    """Return what an event says, and when, if it names someone unknown and happens soon."""
    if not named.unknown:
        return None
    for start, _ in named.event.occurrences(at, at + SOON):
        who = ", ".join(f"`{each[:60]}`" for each in named.unknown if each) or "nobody"
        return f"{start.astimezone(team.timezone):%Y-%m-%d %H:%M} `{named.event.summary[:80]}`: {who}"
    return None
