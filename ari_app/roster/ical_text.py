"""The text of iCalendar files (RFC 5545, 3.1): content lines, and the components that they make."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..core.errors import AstreinteError
from .ical_zones import Observance, TimeZone

MAX_BYTES = 5 * 1024 * 1024
"""The longest calendar that is read: some 15,000 events."""


class UnusableCalendar(AstreinteError):
    """The bytes are no calendar, or hold what is not understood; `found` is the offending piece."""

    def __init__(self, why: str, found: str, line: int = 0) -> None:
        self.why = why
        self.found = f"line {line}: {found[:120]}" if line else found[:120]
        super().__init__(
            f"{why} ({self.found})", remedy="mend the calendar in the program that it comes from"
        )


@dataclass(slots=True)
class Component:
    """A VEVENT while it is read: the values of each property, with their parameters and line."""

    line: int
    properties: dict[str, list[Property]] = field(default_factory=lambda: defaultdict(list))

    def one(self, name: str) -> Property | None:
        """Return the first property of a name, None when there is none."""
        found = self.properties.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """Return the value of that, without blanks around it; "" when there is none."""
        found = self.one(name)
        return found.value.strip() if found else ""


@dataclass(frozen=True, slots=True)
class Property:
    """A line of a calendar: `NAME;PARAMETER=…:value`, and where it begins."""

    name: str
    parameters: dict[str, str]
    value: str
    line: int

    def refused(self, why: str) -> UnusableCalendar:
        """Return the error that the calendar cannot be used because of this line."""
        return UnusableCalendar(why, f"{self.name}:{self.value}", self.line)


_OF_EVENTS = frozenset({
    *("UID", "SEQUENCE", "STATUS", "SUMMARY", "ATTENDEE", "DTSTART", "DTEND", "DURATION"),
    *("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"),
})  # fmt: skip
_OF_ZONES = frozenset({"TZID", "X-LIC-LOCATION"})
_OF_OBSERVANCES = frozenset({"DTSTART", "TZOFFSETTO", "RRULE"})


def read_components(text: str) -> tuple[list[Component], list[TimeZone]]:
    """Return the VEVENTs and VTIMEZONEs of a calendar's text, as they are written."""
    begins, ends = text[:80].strip().upper(), text[-80:].strip().upper()
    if begins.startswith("BEGIN:VCALENDAR") and not ends.endswith("END:VCALENDAR"):
        raise UnusableCalendar(
            "the calendar breaks off before its end", f"no END:VCALENDAR after {ends[-30:]!r}"
        )
    events: list[Component] = []
    zones: list[TimeZone] = []
    open_: list[str] = []
    complete = False
    for line, content in _content_lines(text):
        head = content[:40].upper()
        if head.startswith("BEGIN:"):
            name = head[6:].strip()
            if not open_ and name != "VCALENDAR":
                break
            open_.append(name)
            if name == "VEVENT":
                events.append(Component(line))
            elif name == "VTIMEZONE":
                zones.append(TimeZone())
            elif name in {"STANDARD", "DAYLIGHT"} and zones:
                zones[-1].observances.append(Observance(name))
        elif head.startswith("END:"):
            if not open_ or open_.pop() != head[4:].strip():
                raise UnusableCalendar("a part of the calendar ends that had not begun", content, line)
            complete = not open_
        elif not open_:
            break
        else:
            _take(open_[-1], content, line, events, zones)
    if not complete or open_:
        beginning = " ".join(text[:80].split())
        raise UnusableCalendar("this is not a calendar", f"`{beginning}`" if beginning else "nothing")
    return events, zones


def _content_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each logical line, with its number; one that is continued begins with a blank (3.1)."""
    held, number = "", 0
    for line, raw in enumerate(re.split("\r\n|\n|\r", text), 1):
        if raw[:1] in {" ", "\t"}:
            held += raw[1:]
            continue
        if held.strip():
            yield number, held
        held, number = raw, line
    if held.strip():
        yield number, held


def _take(kind: str, content: str, line: int, events: list[Component], zones: list[TimeZone]) -> None:
    """Keep a property if something is to be known from it."""
    name = re.split("[:;]", content[:32], maxsplit=1)[0].strip().upper()
    if kind == "VEVENT" and name in _OF_EVENTS:
        events[-1].properties[name].append(_property(name, content, line))
    elif kind == "VTIMEZONE" and name in _OF_ZONES:
        value = _property(name, content, line).value.strip()
        if name == "TZID":
            zones[-1].tzid = value
        else:
            zones[-1].location = value
    elif kind in {"STANDARD", "DAYLIGHT"} and name in _OF_OBSERVANCES and zones and zones[-1].observances:
        zones[-1].observances[-1].properties[name] = _property(name, content, line).value.strip().upper()


def _property(name: str, content: str, line: int) -> Property:
    from icalendar.parser import Contentline  # noqa: PLC0415 - a sixth of a second, and few have calendars

    try:
        _, parameters, value = Contentline(content).parts()  # type: ignore[no-untyped-call]  # as the library has it
    except ValueError:
        raise UnusableCalendar("this line of the calendar is not understood", content, line) from None
    plain = {
        key.upper(): ",".join(each) if isinstance(each, list) else str(each)
        for key, each in parameters.items()
    }
    return Property(name, plain, value, line)
