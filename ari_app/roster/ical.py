"""iCalendar files (RFC 5545), as calendar programs write them: which events there are, and when each happens.

Pure: bytes in, events out. What cannot be understood is refused as a whole, with its line: a duty that is
left out silently would be a hole in the roster.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from .calendar import LATEST_YEAR, NEVER, first_instant, last_instant, wall_time
from .ical_text import MAX_BYTES, Component, Property, UnusableCalendar, read_components
from .ical_zones import TimeZone, find_zone
from .recurrence import DAY, NotUnderstood, Rule, parse_rule

MAX_EVENTS = 20_000
MAX_DAYS_A_YEAR = 150_000
"""What the recurrences of a year may cost together: 400 that are daily, or 17 that are hourly."""
OLDEST_YEAR = 1600
"""Birthdays of unknown year are put in 1604 or 1900; an event before is a program's way to say nothing."""
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time in a zone. A date alone (`all_day`) is its midnight in the team's zone."""

    wall: datetime
    zone: ZoneInfo
    all_day: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT. `attendees` are addresses and names of those who have not declined.

    It lasts `days_and_hours` as the clock on the wall shows them, then `exactly` so long. `left_out` and
    `days_left_out` are starts that do not happen, or that another event replaces.
    """

    line: int
    uid: str
    summary: str
    attendees: tuple[tuple[str, ...], ...]
    start: Moment
    days_and_hours: timedelta
    exactly: timedelta
    rules: tuple[Rule, ...] = ()
    more_starts: tuple[datetime, ...] = ()
    replaces: Moment | None = None
    cancelled: bool = False
    sequence: int = 0
    left_out: frozenset[datetime] = frozenset()
    days_left_out: frozenset[date] = frozenset()

    def over(self) -> datetime:
        """Return an instant after which the event does not happen any more, `NEVER` if it has no end."""
        untils = [rule.until for rule in self.rules]
        if None in untils:
            return NEVER
        last = max((self.start.wall, *self.more_starts, *(until for until in untils if until is not None)))
        return first_instant(last + self.days_and_hours + self.exactly + DAY, self.start.zone)

    def occurrences(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield when the event is on: the instants [start, end) of each time that reaches into the range."""
        zone, first = self.start.zone, self.start.wall
        earliest = wall_time(start, zone) - self.days_and_hours - self.exactly - DAY
        latest = wall_time(end, zone) + DAY
        walls = {first} if not self.rules else set[datetime]()
        for rule in self.rules:
            walls.update(rule.between(first, earliest, latest))
        walls.update(self.more_starts)
        for wall in sorted(walls):
            begin = first_instant(wall, zone)
            if begin in self.left_out or wall.date() in self.days_left_out:
                continue
            until = (
                last_instant(wall + self.days_and_hours, zone) if self.days_and_hours else begin
            ) + self.exactly
            if begin < until and begin < end and until > start:
                yield begin, until


def parse_calendar(content: bytes, zone: ZoneInfo) -> tuple[Event, ...]:
    """Return the events of a calendar; times without a zone, and whole days, are those of `zone`.

    Raises `UnusableCalendar`.
    """
    if len(content) > MAX_BYTES:
        raise UnusableCalendar("the calendar is too large", f"more than {MAX_BYTES // 2**20} MiB")
    components, zones = read_components(content.decode("utf-8-sig", "replace"))
    if len(components) > MAX_EVENTS:
        raise UnusableCalendar("the calendar has too many events", f"more than {MAX_EVENTS}")
    reader = _Reader(zone, zones)
    events = [event for each in components if (event := reader.event(each)) is not None]
    if _costliest_year(events) > MAX_DAYS_A_YEAR:
        raise UnusableCalendar("the calendar has too many recurring events", f"{len(events)} events")
    return tuple(_in_force(events))


def _costliest_year(events: list[Event]) -> int:
    """Return the days that are looked at, in the worst year, to know who is on call."""
    changes = [0] * (LATEST_YEAR + 2)
    for event in events:
        for rule in event.rules:
            until = min(rule.until.year, LATEST_YEAR) if rule.until is not None else LATEST_YEAR
            if until >= event.start.wall.year:
                changes[event.start.wall.year] += rule.days_a_year
                changes[until + 1] -= rule.days_a_year
    return max(accumulate(changes))


class _Reader:
    """Makes events of components; knows the calendar's zones."""

    def __init__(self, zone: ZoneInfo, zones: list[TimeZone]) -> None:
        self._zone = zone
        self._own = zones
        self._known: dict[str, ZoneInfo | None] = {}

    def event(self, component: Component) -> Event | None:
        """Return the event, None for one that lies outside of all time that rosters know."""
        written = component.one("DTSTART")
        if written is None:
            raise UnusableCalendar("an event has no DTSTART", component.text("SUMMARY"), component.line)
        if "EXRULE" in component.properties:
            raise component.properties["EXRULE"][0].refused("EXRULE is not understood")
        start = self._moment(written, written.value)
        if not OLDEST_YEAR <= start.wall.year <= LATEST_YEAR:
            return None
        days_and_hours, exactly = self._length(component, start)
        left_out, days_left_out = self._exceptions(component)
        replaces = component.one("RECURRENCE-ID")
        if replaces is not None and "RANGE" in replaces.parameters:
            raise replaces.refused("a change of this and all later times is not understood")
        return Event(
            line=component.line,
            uid=component.text("UID"),
            summary=component.text("SUMMARY"),
            attendees=tuple(_people(component)),
            start=start,
            days_and_hours=days_and_hours,
            exactly=exactly,
            rules=tuple(self._rule(rule, start) for rule in component.properties.get("RRULE", ())),
            more_starts=tuple(self._more_starts(component, start)),
            replaces=self._moment(replaces, replaces.value) if replaces is not None else None,
            cancelled=component.text("STATUS").upper() == "CANCELLED",
            sequence=int(sequence) if (sequence := component.text("SEQUENCE")[:9]).isdecimal() else 0,
            left_out=left_out,
            days_left_out=days_left_out,
        )

    def _moment(self, written: Property, value: str) -> Moment:
        match = _MOMENT.fullmatch(value.strip())
        if match is None:
            raise written.refused("this is not a date, nor a date and time")
        year, month, day_, hour, minute, second, utc = match.groups()
        try:
            day = date(int(year), int(month), int(day_))
            wall = datetime.combine(day, time(int(hour or 0), int(minute or 0), int(second or 0)))
        except ValueError:
            raise written.refused("this is not a date, nor a date and time") from None
        tzid = written.parameters.get("TZID")
        if hour is None:
            return Moment(wall, self._zone, all_day=True)
        if utc:
            return Moment(wall, UTC_ZONE)
        if tzid is None:
            return Moment(wall, self._zone)
        if tzid not in self._known:
            self._known[tzid] = find_zone(tzid, self._own)
        zone = self._known[tzid]
        if zone is None:
            raise UnusableCalendar(
                "this time zone is not known, and the calendar does not explain it", tzid, written.line
            )
        return Moment(wall, zone)

    def _length(self, component: Component, start: Moment) -> tuple[timedelta, timedelta]:
        """Return how long an event lasts: as the clock on the wall shows it, and exactly."""
        nothing = timedelta(0)
        end, duration = component.one("DTEND"), component.one("DURATION")
        if end is not None:
            moment = self._moment(end, end.value)
            until = moment.wall
            if moment.zone is not start.zone:
                until = wall_time(last_instant(moment.wall, moment.zone), start.zone)
            return max(until - start.wall, nothing), nothing
        if duration is None:
            return (DAY if start.all_day else nothing), nothing
        match = _DURATION.fullmatch(duration.value.strip().upper())
        if match is None:
            raise duration.refused("this is not a duration")
        weeks, days, hours, minutes, seconds = (int(each or 0) for each in match.groups())
        return timedelta(weeks=weeks, days=days), timedelta(hours=hours, minutes=minutes, seconds=seconds)

    def _exceptions(self, component: Component) -> tuple[frozenset[datetime], frozenset[date]]:
        instants, days = set(), set()
        for written in component.properties.get("EXDATE", ()):
            for value in written.value.split(","):
                moment = self._moment(written, value)
                if moment.all_day:
                    days.add(moment.wall.date())
                else:
                    instants.add(first_instant(moment.wall, moment.zone))
        return frozenset(instants), frozenset(days)

    def _more_starts(self, component: Component, start: Moment) -> Iterator[datetime]:
        for written in component.properties.get("RDATE", ()):
            if written.parameters.get("VALUE", "").upper() == "PERIOD":
                raise written.refused("RDATE with a period is not understood")
            for value in written.value.split(","):
                moment = self._moment(written, value)
                yield _wall_in(moment, start.zone)

    def _rule(self, written: Property, start: Moment) -> Rule:
        until = None
        match = re.search(r"(?:^|;)UNTIL=([^;]*)", written.value.upper())
        if match is not None:
            moment = self._moment(replace(written, parameters={}), match[1])
            if moment.all_day:
                until = moment.wall + DAY - timedelta.resolution
            else:  # in UTC, or as the clock shows it where the event is
                until = _wall_in(moment, start.zone) if moment.zone is UTC_ZONE else moment.wall
        try:
            return parse_rule(written.value, start.wall, until)
        except NotUnderstood as problem:
            raise written.refused(f"a recurrence is not understood: {problem}") from None


_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z)?)?")
_DURATION = re.compile(
    r"\+?P(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?"
)


def _wall_in(moment: Moment, zone: ZoneInfo) -> datetime:
    """Return what a clock in `zone` shows at a moment."""
    return moment.wall if moment.zone is zone else wall_time(first_instant(moment.wall, moment.zone), zone)


def _people(component: Component) -> Iterator[tuple[str, ...]]:
    """Yield for each attendee who has not declined what may name them: the address, the name beside it."""
    for written in component.properties.get("ATTENDEE", ()):
        if written.parameters.get("PARTSTAT", "").upper() == "DECLINED":
            continue
        address = re.sub("^mailto:", "", written.value.strip(), flags=re.IGNORECASE)
        names = (address, written.parameters.get("EMAIL", ""), written.parameters.get("CN", ""))
        yield tuple(dict.fromkeys(name for name in names if name))


def _in_force(events: list[Event]) -> Iterator[Event]:
    """Yield the events that happen, each without the times that another one replaces."""
    newest: dict[tuple[str, datetime | None], int] = defaultdict(int)
    replaced: dict[str, list[Moment]] = defaultdict(list)
    for event in events:
        newest[_key(event)] = max(newest[_key(event)], event.sequence)
        if event.replaces is not None:
            replaced[event.uid].append(event.replaces)
    for event in events:
        if event.cancelled or (event.uid and event.sequence < newest[_key(event)]):
            continue
        if event.replaces is not None or not event.uid or event.uid not in replaced:
            yield event
            continue
        moments = replaced[event.uid]
        instants = {first_instant(each.wall, each.zone) for each in moments if not each.all_day}
        days = {each.wall.date() for each in moments if each.all_day}
        yield replace(event, left_out=event.left_out | instants, days_left_out=event.days_left_out | days)


def _key(event: Event) -> tuple[str, datetime | None]:
    if event.replaces is None:
        return event.uid, None
    return event.uid, first_instant(event.replaces.wall, event.replaces.zone).astimezone(UTC)
