"""The kinds of value that rosters are made of: ids, times, time zones, phones' addresses.

Each validator raises a `mistake` that tells an admin what is wrong with that one value.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from ..core.documents import mistake
from ..core.suggest import nearest
from .calendar import EARLIEST_YEAR, LATEST_YEAR

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_ENDPOINT = re.compile(r"[A-Za-z0-9_.-]{1,79}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_AND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:00)?")
_OFFSET = re.compile(r".*[0-9]{2}:[0-9]{2}.*(Z|[+-][0-9]{2}:?[0-9]{2}|\[.*\])$", re.IGNORECASE)
_ISO_639 = re.compile(r"[a-z]{2,3}")


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise mistake(
            "this is not a name that can be referred to",
            expected="letters, digits, `-` and `_` (40 at most), such as `support-technique`",
            remedy="write it without accents, blanks or other signs",
        )
    return value


def _label(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 80 or not value.isprintable():
        raise mistake(
            "this is not a line of text",
            expected="1 to 80 printable characters",
            remedy="write it on one line; put quotes around a number",
        )
    return value.strip()


def _language(value: Any) -> str:
    if not isinstance(value, str) or not _ISO_639.fullmatch(value):
        raise mistake(
            "this is not a language",
            expected="an ISO 639 code in small letters, such as `fr`, `en` or `es`",
            remedy="write its code",
        )
    return value


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    try:
        zone = ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # unknown, a folder of zones, not a name at all
        return None
    return zone if name in _zone_names() else None  # "localtime" and "posixrules" are files, but no zones


def _zone(value: Any) -> ZoneInfo:
    zone = zone_named(value) if isinstance(value, str) else None
    if zone is None:
        near = nearest(value, _zone_names())
        raise mistake(
            "this time zone is unknown",
            expected="an IANA time zone, such as `Europe/Paris`",
            remedy=f"did you mean `{near}`?" if near else "write the zone of the team's city",
        )
    return zone


def _time(value: Any) -> time:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        remedy = "write hours and minutes, two digits each"
        if isinstance(value, str) and value.startswith("24:00"):
            remedy = "write `00:00` for midnight: an end that is not after the start is on the next day"
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24:
            remedy = f"write `{value:02}:00`"
        elif isinstance(value, str) and _TIME.fullmatch(f"0{value}"):
            remedy = f"write `0{value}`"
        raise mistake("this is not a time of day", expected="`HH:MM`, 00:00 to 23:59", remedy=remedy)
    return time(int(match[1]), int(match[2]))


def _wall_time(value: Any) -> datetime:
    return _wall(value, _DATE_AND_TIME, "a date and time, such as `2026-01-05T08:00`")


def _wall_date_or_time(value: Any) -> datetime:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _wall(value, _DATE, "a date")
    return _wall(value, _DATE_AND_TIME, "a date such as `2026-01-05`, or a date and time")


def _wall(value: Any, form: re.Pattern[str], expected: str) -> datetime:
    if isinstance(value, str) and len(value) < 64 and _OFFSET.fullmatch(value):
        raise mistake(
            "this time has a time zone of its own",
            expected=f"{expected}, without zone or offset",
            remedy="write what a clock on the wall shows in the team's `timezone`, and nothing after it",
        )
    remedy = "write year, month, day and time in this order: `2026-01-05T08:00`"
    if isinstance(value, str) and form is _DATE_AND_TIME and _DATE.fullmatch(value):
        remedy = f"add the time: `{value}T08:00`"
    elif isinstance(value, str) and form.fullmatch(value):
        try:
            wall = datetime.fromisoformat(value)
        except ValueError:
            wall = None
            remedy = "write a day that the calendar has, and a time before 24:00"
        if wall is not None:
            if EARLIEST_YEAR <= wall.year <= LATEST_YEAR:
                return wall
            remedy = f"write a year from {EARLIEST_YEAR} to {LATEST_YEAR}"
    raise mistake("this is not a date and time", expected=expected, remedy=remedy)


def _endpoint(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _ENDPOINT.fullmatch(value):
        raise mistake(
            "this is not the name of a SIP phone",
            expected="the name of an endpoint in pjsip.conf: letters, digits, `_`, `.` and `-`",
            remedy="write the endpoint's name alone, as in `sip:alice`, without domain or options",
        )
    return value


def minutes(of: time) -> int:
    """Return minutes after midnight."""
    return of.hour * 60 + of.minute


Id = Annotated[str, BeforeValidator(_id)]
Label = Annotated[str, BeforeValidator(_label)]
Language = Annotated[str, BeforeValidator(_language)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone), WithJsonSchema({"type": "string"})]
TimeOfDay = Annotated[
    time, PlainValidator(_time), WithJsonSchema({"type": "string", "pattern": _TIME.pattern})
]
WallTime = Annotated[
    datetime,
    PlainValidator(_wall_time),
    WithJsonSchema({"type": "string", "pattern": _DATE_AND_TIME.pattern}),
]
WallDateOrTime = Annotated[datetime, PlainValidator(_wall_date_or_time), WithJsonSchema({"type": "string"})]
Endpoint = Annotated[str, BeforeValidator(_endpoint)]
