"""Durations as an admin writes them: `25s`, `2m`, `1m30s`, `500ms`, `1h`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from .documents import mistake

LONGEST_SECONDS = 24 * 3600.0
_WRITTEN = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?(?:([0-9]{1,6})ms)?")
_SECONDS = (3600.0, 60.0, 1.0, 0.001)


def parse_duration(written: object) -> float:
    """Return the seconds that `written` stands for.

    Raises pydantic's custom error (see `documents.mistake`) when it is no duration, or longer than a day.
    """
    match = _WRITTEN.fullmatch(written) if isinstance(written, str) and written else None
    if match is None:
        bare = isinstance(written, int) and not isinstance(written, bool) and written >= 0
        remedy = f"write its unit: `{written}s` for seconds" if bare else "write it as `25s`, `2m` or `1m30s`"
        raise mistake(
            "this is not a duration", expected="a duration such as `25s`, `2m` or `1m30s`", remedy=remedy
        )
    seconds = sum(
        int(digits) * unit
        for digits, unit in zip(match.groups(), _SECONDS, strict=True)
        if digits is not None
    )
    if seconds > LONGEST_SECONDS:
        raise mistake(
            "this duration is too long", expected="a day (`24h`) at most", remedy="write a shorter one"
        )
    return seconds


def format_duration(seconds: float) -> str:
    """Return a duration as an admin writes it, to the millisecond: 90.0 is `1m30s`."""
    rest = round(seconds * 1000)
    written = ""
    for suffix, milliseconds in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, milliseconds)
        written += f"{count}{suffix}" if count else ""
    return written or "0s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 2,
            "pattern": r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "patternErrorMessage": "Expected a duration such as 25s, 2m or 1m30s.",
        }
    ),
]
"""Seconds, written as `25s` or `1m30s`; bound it with `between`."""


def between(shortest: float, longest: float) -> AfterValidator:
    """Return what bounds a `Duration`, in seconds: `Annotated[Duration, between(1, 120)]`."""

    def check(seconds: float) -> float:
        if shortest <= seconds <= longest:
            return seconds
        raise mistake(
            "this duration is too short" if seconds < shortest else "this duration is too long",
            expected=f"between {format_duration(shortest)} and {format_duration(longest)}",
            remedy=f"write `{format_duration(shortest)}`, or more"
            if seconds < shortest
            else f"write `{format_duration(longest)}` or less",
        )

    return AfterValidator(check)
