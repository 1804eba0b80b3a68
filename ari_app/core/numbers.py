"""A telephone number as an admin writes it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import phonenumbers
from pydantic import BeforeValidator, WithJsonSchema

from .documents import mistake

_Kind = phonenumbers.PhoneNumberType
_NUMBER = re.compile(r"\+[0-9][0-9 .()/-]{4,28}")


class _Known(NamedTuple):
    """What the numbering plans say of a number; its kind is unknown when they have none like it."""

    e164: str
    kind: int
    possible: bool = True


_NOBODYS = {
    _Kind.PREMIUM_RATE: "a premium-rate number",
    _Kind.SHARED_COST: "a number at a shared rate",
    _Kind.PAGER: "a pager's number",
    _Kind.VOICEMAIL: "the number of a voicemail box",
}


@lru_cache(maxsize=1 << 16)  # the rosters of a large organisation, which are read again and again
def _look_up(value: str) -> _Known:
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return _Known("", _Kind.UNKNOWN)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    kind = phonenumbers.number_type(number)
    return _Known(e164, kind, kind != _Kind.UNKNOWN or phonenumbers.is_possible_number(number))


def nobodys_number(number: str) -> str | None:
    """Return why nobody has a number (E.164) as their telephone's, None when somebody may."""
    return _NOBODYS.get(_look_up(number).kind)


def _number(value: Any) -> str:
    """Return an international number in E.164; what is none by the numbering plans' own rules is refused."""
    remedy = "correct it: `+`, the country's code, then the number without its leading 0"
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9 .()-]+", value)):
            remedy = "begin with `+` and the country's code: 0199001234 in France is `+33199001234`"
    else:
        known = _look_up(value)
        if known.kind != _Kind.UNKNOWN:
            return known.e164
        if not known.possible:
            remedy = "count its digits: no number of that country has this length"
    raise mistake(
        "this is not a telephone number",
        expected="an international number that exists, such as `+33199001234`",
        remedy=remedy,
    )


Number = Annotated[
    str,
    BeforeValidator(_number),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_NUMBER.pattern}$",
            "patternErrorMessage": 'Expected an international number, such as "+33199001234".',
        }
    ),
]
"""A number in E.164: `+33199001234`."""
