"""What a log line looks like: values that every reader understands, numbers masked, one line an event."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

Fields = dict[str, Any]
Encode = Callable[[Fields], bytes]
"""Makes a line, with its newline, of ordered fields."""

DEEPEST = 4  # levels of lists and mappings in a field's value; below that it is written as one text
SHORTEST_NUMBER = 7  # characters of what can be masked

# Any number that could reach a person or pay for something: E.164 with or without separators, a French
# national number in pairs, a bare run of 7 digits (the shortest subscriber numbers) to 19 (the longest card
# numbers, ISO/IEC 7812). Left alone: parts of words and of hexadecimal ids, Asterisk's unique ids
# (`1732345678.12`), channel suffixes (`PJSIP/trunk-00000012`) and the tail of our own call ids.
_NUMBER = re.compile(
    r"(?<!\w)\+\d(?:[ .\-]?\(?\d\)?){6,}(?!\d)"
    r"|(?<![\w.])0\d(?:[ .\-]\d\d){4}(?!\w)"
    r"|(?<![\w.\-])\d{7,19}(?!\w|\.\d)"
)


@lru_cache(maxsize=1024)  # ids and names of agents come again in most lines of a call
def mask(text: str) -> str:
    """Hide the middle of each phone or card number in a text: `+336•••••78`, `06•••••78`."""
    return _NUMBER.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    number = match[0]
    return f"{number[: 4 if number[0] == '+' else 2]}•••••{number[-2:]}"


def render(at: datetime, level: str, fields: Fields, encode: Encode, *, masked: bool) -> bytes:
    """Return an event as a line: order the fields, mask them, encode them."""
    line: Fields = {"time": at, "level": level, "event": fields.pop("event")}
    if "call" in fields:
        line["call"] = fields.pop("call")
    for key, value in fields.items():
        may_hold_a_number = masked and type(value) is str and len(value) >= SHORTEST_NUMBER
        line[f"{key}_" if key in line else key] = mask(value) if may_hold_a_number else value
    try:
        return encode(line)
    except (UnicodeEncodeError, OverflowError, ValueError, TypeError):  # lone surrogates, huge integers
        return encode({key: _encodable(value) for key, value in line.items()})


def plain(value: object, *, masked: bool, depth: int = DEEPEST) -> object:
    """Return a value made of JSON's own types; what is none of them becomes text."""
    if value is None or type(value) in (int, float, bool):
        return value
    holds_others = depth > 0 and not isinstance(value, str)  # most are words of ours, such as an outcome
    if holds_others and isinstance(value, Mapping):
        return {
            str(plain(key, masked=masked, depth=0)): plain(item, masked=masked, depth=depth - 1)
            for key, item in value.items()
        }
    if holds_others and isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, masked=masked, depth=depth - 1) for item in value]
    try:
        text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    except Exception as error:  # noqa: BLE001 (a broken __str__ must not stop a call for a log line)
        text = f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
    return mask(text) if masked else text


def _encodable(value: object) -> object:
    if isinstance(value, datetime):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def traceback_of(exc_info: object) -> str:
    """Return the traceback of an exception, of a triple, or, for true, of the exception being handled."""
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    return "" if error is None else "".join(traceback.format_exception(error)).rstrip()


_encoder = msgspec.json.Encoder()
# What JSON allows raw but a terminal or `str.splitlines` acts upon: C1 controls, line separators, bidi marks.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def to_json(line: Fields) -> bytes:
    encoded = _encoder.encode(line)
    if not encoded.isascii() and _UNSAFE.search(text := encoded.decode()):
        encoded = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
    return encoded + b"\n"


class Columns:
    """Encodes a line for a person: local time, level, event, `key=value`; a traceback below, indented."""

    _COLOURS: Mapping[str, str] = {
        "debug": "2",
        "info": "32",
        "warning": "33",
        "error": "31",
        "critical": "1;31",
    }

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, line: Fields) -> bytes:
        fields = dict(line)
        at: datetime = fields.pop("time")
        level, event = fields.pop("level"), fields.pop("event")
        below = fields.pop("exception", None)
        fields.pop("logger", None)
        parts = [
            self._paint(f"{at.astimezone():%H:%M:%S.%f}"[:-3], "2"),
            self._paint(f"{level:<8}", self._COLOURS[level]),
            self._paint(f"{_shown(event):<20}", "1"),
            *(f"{self._paint(_shown(key), '36')}={_shown(value)}" for key, value in fields.items()),
        ]
        rows = [" ".join(parts), *(f"    │ {_escaped(row)}" for row in str(below or "").split("\n") if row)]
        return ("\n".join(rows) + "\n").encode("utf-8", "backslashreplace")

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if text and text.isprintable() and not set(text) & {" ", "=", '"'} else repr(text)


def _escaped(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]
