"""The lines and the comments of a YAML text, by the places of its characters.

Lines are counted as the parser does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BREAKS = "\n\r\x85\u2028\u2029"
LINE_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
"""What ends a line for YAML's parsers."""
_COMMENT = re.compile(r"#(?!\s*-\s|\s*\{)")
"""A comment, but for an item that somebody made one."""


def line_start(text: str, at: int) -> int:
    """Return where the line of a character begins."""
    return max(text.rfind(each, 0, at) for each in _BREAKS) + 1


def line_end(text: str, at: int) -> tuple[int, str]:
    """Return where the line of a character ends, and its line break: "" at the end of the text."""
    found = LINE_BREAK.search(text, at)
    return (found.start(), found[0]) if found is not None else (len(text), "")


def column(text: str, at: int) -> int:
    """Return how many characters stand before one on its line."""
    return at - line_start(text, at)


def line_above(text: str, at: int) -> tuple[int, str]:
    """Return where the line above the one that begins at a place begins, and what it is."""
    end = at - (2 if text[max(at - 2, 0) : at] == "\r\n" else 1)
    start = line_start(text, end)
    return start, text[start:end]


def line_break_of(text: str, at: int) -> str:
    """Return how the line of a character ends, or else the text's first line."""
    return line_end(text, at)[1] or line_end(text, 0)[1] or "\n"


def rest_of_line(text: str, at: int) -> str:
    """Return what stands after a character on its line, but for blanks and a comment."""
    rest = text[at : line_end(text, at)[0]].strip()
    return "" if rest.startswith("#") else rest


def comments_above(text: str, at: int, indent: str) -> int:
    """Return where the comments begin that stand right above a line, indented as it is.

    An item or a field that somebody made a comment of is none.
    """
    while at:
        start, line = line_above(text, at)
        if not line.startswith(indent) or not _COMMENT.match(line, len(indent)):
            break
        at = start
    return at


def last_comment_below(text: str, at: int, indent: int) -> int:
    """Return a place on the last of the comment lines right below one that are indented further than that."""
    while True:
        stop, line_break = line_end(text, at)
        line = text[stop + len(line_break) : line_end(text, stop + len(line_break))[0]]
        if not line.startswith(" " * (indent + 1)) or not line.lstrip().startswith("#"):
            return at
        at = stop + len(line_break)


def lines_below(text: str, at: int, lines: Iterable[str]) -> tuple[int, int, str]:
    """Insert lines below the one that a character stands on."""
    stop, line_break = line_end(text, at)
    if line_break:
        return stop + len(line_break), stop + len(line_break), "".join(line + line_break for line in lines)
    return stop, stop, "".join(line_break_of(text, 0) + line for line in lines)
