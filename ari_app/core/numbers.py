"""A telephone number as an admin writes it."""

from __future__ import annotations

import re
from typing import Annotated, Any

import phonenumbers
from pydantic import BeforeValidator, WithJsonSchema

from .documents import mistake

_NUMBER = re.compile(r"\+[0-9][0-9 .()/-]{4,28}")


def _number(value: Any) -> str:
    """Return an international number in E.164; what is none by the numbering plans' own rules is refused."""
    remedy = "correct it: `+`, the country's code, then the number without its leading 0"
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9 .()-]+", value)):
            remedy = "begin with `+` and the country's code: 0199001234 in France is `+33199001234`"
    else:
        try:
            number = phonenumbers.parse(value)
        except phonenumbers.NumberParseException:
            number = None
        if number is not None and phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if number is not None and not phonenumbers.is_possible_number(number):
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
