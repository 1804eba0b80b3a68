"""Time zones, times of day and days of the week, as an admin writes them."""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import PlainValidator, WithJsonSchema

from .documents import mistake
from .suggest import nearest

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone of an IANA name, None when there is none."""
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


def minutes(of: time) -> int:
    """Return minutes after midnight."""
    return of.hour * 60 + of.minute


Zone = Annotated[
    ZoneInfo,
    PlainValidator(_zone),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$",
            "patternErrorMessage": "Expected an IANA time zone, such as Europe/Paris.",
        }
    ),
]
TimeOfDay = Annotated[
    time,
    PlainValidator(_time),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_TIME.pattern}$",
            "patternErrorMessage": "Expected HH:MM, 00:00 to 23:59.",
        }
    ),
]
