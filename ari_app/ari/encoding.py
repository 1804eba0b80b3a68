"""Making a URI out of values that someone else may have chosen.

Whatever a value holds, it stays one path segment or one query value. What cannot be carried at all is
refused with ValueError: Asterisk ends a text at NUL, and an empty segment would address another resource
(`DELETE /channels//ring` is read as `DELETE /channels`, see `ast_ari_invoke` in `res/res_ari.c`).
"""

from __future__ import annotations

import re
from urllib.parse import quote

_is_unreserved = re.compile(r"[A-Za-z0-9_.~-]+").fullmatch
"""Whether a text stands for itself anywhere in a URI (RFC 3986, section 2.3)."""


def path_segment(value: str) -> str:
    """Return `value` as one segment of a path."""
    if not value:
        raise ValueError("an id that is part of a path is empty")
    if value in {".", ".."}:
        return value.replace(".", "%2E")
    return query_value(value)


def query_value(value: str) -> str:
    """Return `value` as the value of a query parameter: every reserved character is percent-encoded."""
    if _is_unreserved(value):
        return value
    insist_on_text(value)
    return quote(value, safe="")


def insist_on_text(value: str) -> None:
    """Raise ValueError for what Asterisk would cut short."""
    if "\0" in value:
        raise ValueError("a value for Asterisk holds a NUL character")
