"""What a dialplan asks: the part of the AGI address behind the host."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from .errors import BadRequest

LONGEST_VALUE = 128  # characters


@dataclass(frozen=True, slots=True)
class Query:
    """The parts of `agi://HOST/path?team=...&reason=...`; a parameter is None when absent or empty."""

    path: str
    team: str | None
    reason: str | None


def parse(script: str) -> Query:
    """Read what Asterisk sends as `agi_network_script`. Raises `BadRequest` for anything unforeseen."""
    path, _, query = script.partition("?")
    try:
        pairs = (
            parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict") if query else []
        )
    except ValueError as error:
        raise BadRequest(f"the query cannot be read ({error})") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise BadRequest("a parameter is given twice")
    unknown = values.keys() - {"team", "reason"}
    if unknown:
        raise BadRequest(f"unknown parameter {min(unknown)!r}")
    for name, value in values.items():
        # U+FFFD: bytes that were no UTF-8
        if len(value) > LONGEST_VALUE or not value.isprintable() or "\ufffd" in value:
            raise BadRequest(f"{name} is too long or cannot be printed")
    return Query(path, values.get("team") or None, values.get("reason") or None)
