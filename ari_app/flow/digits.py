"""Numbers that callers type: how long they are, what they look like, and their check digits."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from ..core.documents import mistake

LONGEST = 40
"""Digits: more than any contract, card (19) or bank account (34) has."""
Checksum = Literal["luhn", "mod97"]
"""`luhn`: ISO/IEC 7812-1 annex B, payment cards, SIREN and SIRET. `mod97`: ISO 7064 MOD 97-10, as IBANs."""

_LENGTH = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?")
_LENGTH_SCHEMA = r"^[0-9]{1,2}(-[0-9]{1,2})?$"
_PATTERN = re.compile(r"(?:[0-9XZN]|\[[0-9]+(?:-[0-9])?\])+")
_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}


def passes(digits: str, checksum: Checksum) -> bool:
    """Tell whether the check digits of a number are right."""
    match checksum:
        case "luhn":
            doubled = (
                sum(divmod(2 * int(digit), 10)) if place % 2 else int(digit)
                for place, digit in enumerate(reversed(digits))
            )
            return sum(doubled) % 10 == 0
        case "mod97":
            return int(digits) % 97 == 1


def masked(digits: str) -> str:
    """Return a number as it may be written down: the first two and last two digits of a long one."""
    return f"{digits[:2]}•••••{digits[-2:]}" if len(digits) >= 7 else "•••••"


def longest_of(pattern: str) -> int:
    """Return how many digits a pattern stands for."""
    return len(re.sub(r"\[[^]]*\]", "X", pattern))


def fits(digits: str, pattern: str) -> bool:
    """Tell whether a number looks as a pattern says."""
    return re.fullmatch("".join(_CLASSES.get(sign, sign) for sign in pattern), digits) is not None


def _length(value: Any) -> tuple[int, int]:
    match = _LENGTH.fullmatch(str(value)) if isinstance(value, str | int) else None
    shortest = int(match[1]) if match else 0
    longest = int(match[2] or match[1]) if match else 0
    if not 1 <= shortest <= longest <= LONGEST:
        raise mistake(
            "this is not how many digits a number has",
            expected=f"`8`, or `6-10` for 6 to 10 digits; {LONGEST} at most",
            remedy="write the least first, with `-` and no blank between the two",
        )
    return shortest, longest


def _pattern(value: Any) -> str:
    pattern = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _PATTERN.fullmatch(pattern) or longest_of(pattern) > LONGEST:
        raise mistake(
            "this is not a pattern of digits",
            expected="digits, `X` (0 to 9), `Z` (1 to 9), `N` (2 to 9) and `[1-5]`, as in a dialplan",
            remedy="write one sign for each digit, such as `33XXXXXX`",
        )
    try:
        re.compile(pattern)
    except re.error:  # [5-1]
        raise mistake(
            "a range that holds nothing", expected="the least digit first: `[1-5]`", remedy="turn it round"
        ) from None
    return pattern


def _list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Length = Annotated[
    tuple[int, int],
    PlainValidator(_length),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _LENGTH_SCHEMA}]}),
]
"""The least and the greatest number of digits."""
Pattern = Annotated[str, PlainValidator(_pattern), WithJsonSchema({"type": "string"})]
Patterns = Annotated[
    tuple[Pattern, ...], BeforeValidator(_list, json_schema_input_type=Pattern | list[Pattern])
]
