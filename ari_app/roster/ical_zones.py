"""The time zones of an iCalendar file: names of IANA, names of Windows, or rules of the file's own."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from .fields import zone_named

_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})?")
_YEARLY = re.compile(r"(-?[1-5])(MO|TU|WE|TH|FR|SA|SU)")
_POSIX_DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")


@dataclass(slots=True)
class Observance:
    """A STANDARD or DAYLIGHT part of a VTIMEZONE: its properties as they are written."""

    kind: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class TimeZone:
    """A VTIMEZONE component (RFC 5545, 3.6.5)."""

    tzid: str = ""
    location: str = ""
    observances: list[Observance] = field(default_factory=list)


class RuleZone(ZoneInfo):
    """A zone of a calendar's own; unlike others it knows its rules, so that it can be handed to a process."""

    rule = ""

    def __reduce__(self) -> tuple[object, ...]:
        return _zone_of, (self.key, self.rule)


def find_zone(tzid: str, own: Iterable[TimeZone]) -> ZoneInfo | None:
    """Return the zone that a TZID means; None when nobody can know.

    A known name wins over the rules that the file gives for it: those are often out of date.
    """
    for name in _names(tzid):
        if (zone := zone_named(name)) is not None:
            return zone
    for component in own:
        if component.tzid == tzid:
            return zone_named(component.location) or _from_rules(component)
    return None


def _names(tzid: str) -> Iterator[str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - a sixth of a second

    yield tzid
    yield WINDOWS_TO_OLSON.get(tzid, "")
    if tzid.casefold() in {"tzone://microsoft/utc", "utc", "gmt", "z"}:
        yield "UTC"
    parts = tzid.strip("/").split("/")  # a prefix of the vendor's: /citadel.org/20250101_1/Europe/Paris
    for start in range(1, min(len(parts), 8)):
        yield "/".join(parts[start:])


def _from_rules(component: TimeZone) -> ZoneInfo | None:
    """Return a zone with the newest rules of a VTIMEZONE, for every year."""
    newest = sorted(component.observances, key=lambda each: each.properties.get("DTSTART", ""))
    standard = next((each for each in reversed(newest) if each.kind == "STANDARD"), None)
    daylight = next((each for each in reversed(newest) if each.kind == "DAYLIGHT"), None)
    rule = _posix(standard or daylight, daylight if standard is not None else None)
    return _zone_of(component.tzid, rule) if rule is not None else None


def _posix(standard: Observance | None, daylight: Observance | None) -> str | None:
    """Return the rules as POSIX writes them: `<A>-1<B>-2,M3.5.0/2,M10.5.0/3`."""
    offset = _posix_offset(standard)
    if standard is None or offset is None:
        return None
    if daylight is None or "RRULE" not in daylight.properties:
        return f"<A>{offset}"
    summer, begins, ends = _posix_offset(daylight), _change(daylight), _change(standard)
    if summer is None or begins is None or ends is None:
        return None
    return f"<A>{offset}<B>{summer},{begins},{ends}"


def _posix_offset(observance: Observance | None) -> str | None:
    """Return an offset as POSIX writes it: hours west of Greenwich."""
    match = _OFFSET.fullmatch(observance.properties.get("TZOFFSETTO", "")) if observance is not None else None
    if match is None or int(match[2]) > 15 or int(match[3]) > 59:
        return None
    return f"{'-' if match[1] == '+' else ''}{match[2]}:{match[3]}"


def _change(observance: Observance) -> str | None:
    """Return when an observance begins each year as POSIX writes it: month, week, day of the week, time."""
    parts = (
        dict(part.split("=", 1) for part in observance.properties["RRULE"].split(";") if "=" in part)
        if ("RRULE" in observance.properties)
        else {}
    )
    day = _YEARLY.fullmatch(parts.get("BYDAY", ""))
    month = parts.get("BYMONTH", "")
    time = re.fullmatch(r"[0-9]{8}T([0-9]{2})([0-9]{2})[0-9]{2}", observance.properties.get("DTSTART", ""))
    if parts.get("FREQ") != "YEARLY" or day is None or time is None or "UNTIL" in parts:
        return None
    week = 5 if int(day[1]) == -1 else int(day[1])
    if week < 0 or not re.fullmatch(r"[1-9]|1[0-2]", month):
        return None
    return f"M{month}.{week}.{_POSIX_DAYS.index(day[2])}/{time[1]}:{time[2]}"


def _zone_of(name: str, rule: str) -> RuleZone | None:
    """Return a zone whose rules are POSIX's. TZif without transitions, all in its footer (RFC 8536, 3.3)."""
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 2)
    offset_type = struct.pack(">lbb", 0, 0, 0) + b"A\0"
    content = header + offset_type + header + offset_type + b"\n" + rule.encode("ascii") + b"\n"
    try:
        zone = RuleZone.from_file(io.BytesIO(content), key=name)
    except ValueError:
        return None
    zone.rule = rule
    return zone
