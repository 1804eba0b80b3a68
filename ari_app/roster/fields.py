"""The kinds of value that rosters are made of: ids, times, time zones, phones' addresses.

Each validator raises a `mistake` that tells an admin what is wrong with that one value.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from ..core.documents import mistake
from ..core.times import DAYS, Day, TimeOfDay, Zone, minutes, zone_named
from .calendar import EARLIEST_YEAR, LATEST_YEAR

__all__ = [
    "DAYS",
    "Date",
    "Day",
    "DaysNamed",
    "Digit",
    "Endpoint",
    "Id",
    "Label",
    "Language",
    "TimeOfDay",
    "WallDateOrTime",
    "WallTime",
    "Zone",
    "minutes",
    "zone_named",
]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_ENDPOINT = re.compile(r"[A-Za-z0-9_.-]{1,79}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_AND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:00)?")
_OFFSET = re.compile(r".*[0-9]{2}:[0-9]{2}.*(Z|[+-][0-9]{2}:?[0-9]{2}|\[.*\])$", re.IGNORECASE)
_NAME_OF_DAYS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
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


def _digit(value: Any) -> str:
    text = str(value)
    if len(text) != 1 or text not in "0123456789":
        raise mistake(
            "this is not a key that stands for somebody",
            expected="a digit, `0` to `9`",
            remedy="give each a digit of its own",
        )
    return text


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


def _wall_time(value: Any) -> datetime:
    return _wall(value, _DATE_AND_TIME, "a date and time, such as `2026-01-05T08:00`")


def _wall_date_or_time(value: Any) -> datetime:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _wall(value, _DATE, "a date")
    return _wall(value, _DATE_AND_TIME, "a date such as `2026-01-05`, or a date and time")


def _date(value: Any) -> date:
    return _wall(value, _DATE, "a date, such as `2026-12-24`").date()


def _days_named(value: Any) -> date | str:
    """Return a date, or a name: of public holidays, or of a list of dates in the same file."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _date(value)
    if not isinstance(value, str) or not _NAME_OF_DAYS.fullmatch(value):
        raise mistake(
            "these are no days",
            expected="public holidays (`fr-public-holidays`), a list of `dates`, or a date (`2026-12-24`)",
            remedy="write one of these",
        )
    return value


def _wall(value: Any, form: re.Pattern[str], expected: str) -> datetime:
    if isinstance(value, str) and len(value) < 64 and _OFFSET.fullmatch(value):
        raise mistake(
            "this time has a time zone of its own",
            expected=f"{expected}, without zone or offset",
            remedy="write what a clock on the wall shows in the team's `timezone`, and nothing after it",
        )
    remedy = "write year, month and day in this order: `2026-01-05`"
    if form is _DATE_AND_TIME:
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


def _like(form: str, expected: str, *types: str) -> WithJsonSchema:
    """Return what editors check and say: strings of a form, or values of other types too."""
    return WithJsonSchema(
        {
            "type": ["string", *types] if types else "string",
            "pattern": f"^({form})$",
            "patternErrorMessage": f"Expected {expected}.",
        }
    )


Id = Annotated[
    str,
    BeforeValidator(_id),
    _like(_ID.pattern, "letters, digits, - and _, 40 at most", "integer"),
]
Label = Annotated[
    str,
    BeforeValidator(_label),
    WithJsonSchema({"type": "string", "maxLength": 80, "pattern": r"\S"}),
]
Digit = Annotated[str, PlainValidator(_digit), _like("[0-9]", "one of the keys 0 to 9, between quotes")]
Language = Annotated[str, BeforeValidator(_language), _like(_ISO_639.pattern, "an ISO 639 code, such as fr")]
WallTime = Annotated[
    datetime,
    PlainValidator(_wall_time),
    _like(_DATE_AND_TIME.pattern, "a date and time, such as 2026-01-05T08:00, without an offset"),
]
WallDateOrTime = Annotated[
    datetime,
    PlainValidator(_wall_date_or_time),
    _like(f"{_DATE.pattern}|{_DATE_AND_TIME.pattern}", "a date such as 2026-01-05, or a date and time"),
]
Date = Annotated[date, PlainValidator(_date), _like(_DATE.pattern, "a date, such as 2026-12-24")]
DaysNamed = Annotated[
    date | str,
    PlainValidator(_days_named),
    _like(_NAME_OF_DAYS.pattern, "public holidays (fr-public-holidays), a list of dates, or a date"),
]
Endpoint = Annotated[
    str,
    BeforeValidator(_endpoint),
    _like(_ENDPOINT.pattern, "the name of an endpoint in pjsip.conf", "integer"),
]
