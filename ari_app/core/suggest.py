"""Did you mean …: the nearest known name to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_WORD = 64
"""Characters. Longer words are no slip of a finger, and comparing them is slow."""


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Return the known name that `word` was most likely meant to be, None when none is near."""
    if not isinstance(word, str) or len(word) > LONGEST_WORD:
        return None
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def one_of(names: Iterable[str], limit: int = 12) -> str:
    """Return names as they read in a message: "`a`, `b` or `c`", cut after `limit` names."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > limit:
        return ", ".join(quoted[:limit]) + f" … ({len(quoted)} in all)"
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
