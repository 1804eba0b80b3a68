"""Timetables as an iCalendar file (RFC 5545), for Google Calendar, Outlook and the like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from icalendar import Calendar, Event
from icalendar.enums import TRANSP

from .. import __version__
from ..roster.book import RosterBook
from .schedule_table import why
from .timetable import Entry, Timetable

STABLE = "%Y%m%dT%H%M%SZ"


def as_icalendar(rosters: RosterBook, timetables: Sequence[Timetable], stamp: datetime) -> bytes:
    """Return one calendar with an event for each shift, made at `stamp`.

    An event is known by its team and the instant at which it begins, whoever is on call then: importing a
    later export updates it (RFC 5546: the same UID with a later DTSTAMP). Times are UTC, which every program
    shows in its own user's zone; a shift does not recur, so that no rule has to survive a clock change.
    """
    name = ", ".join(each.title for each in timetables)
    calendar = Calendar.new(method="PUBLISH", name=name, uid=f"{_known_by(timetables)}@astreinte")
    calendar["prodid"] = f"-//Astreinte//Astreinte {__version__}//EN"
    calendar["x-wr-calname"] = name  # what Google and Outlook call the calendar
    calendar["x-wr-timezone"] = timetables[0].zone.key
    for timetable in timetables:
        for entry in timetable.entries:
            calendar.add_component(_event(entry, timetable, rosters, stamp))
    content: bytes = calendar.to_ical()
    return content


def _known_by(timetables: Sequence[Timetable]) -> str:
    """Return the ids of whose calendar it is, which stay the same when somebody's name changes."""
    ids = (id_ for each in timetables for id_ in (each.team, each.layer, each.agent))
    return "-".join(id_ for id_ in ids if id_)


def _event(entry: Entry, timetable: Timetable, rosters: RosterBook, stamp: datetime) -> Event:
    if timetable.agent is None:
        known_by = [entry.team, timetable.layer]
        summary = ", ".join(timetable.names[label] for label in entry.labels)
    else:
        known_by = [entry.team, timetable.agent, f"backup-{entry.layer}" if entry.backup else None]
        summary = f"{entry.team}, backup" if entry.backup else entry.team
    described = [f"{entry.team}, layer {entry.layer}, {entry.kind}", why(entry, rosters)]
    return Event.new(
        uid="-".join([entry.start.strftime(STABLE), *(each for each in known_by if each)]) + "@astreinte",
        stamp=stamp.astimezone(UTC).replace(microsecond=0),
        start=entry.start.astimezone(UTC),
        end=entry.end.astimezone(UTC),
        summary=summary,
        description="\n".join(each for each in described if each),
        categories=[entry.kind],
        transparency=TRANSP.OPAQUE if entry.kind == "permanence" else TRANSP.TRANSPARENT,
    )
