"""Lists of numbers in plain text: one on each line, then a comma and a name where there is one.

YAML of a hundred thousand numbers would take half a minute to read; this takes two seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..core.findings import Finding

MAX_BYTES = 32 * 1_048_576
"""The longest list that is read: half a million numbers with names."""
_SEPARATOR = re.compile(r"[,;\t]")


class Line(NamedTuple):
    """One line of a list: its place, what stands for the number, and the name (empty: none)."""

    number: int
    pattern: str
    name: str


def read_list(path: Path) -> tuple[list[Line], Finding | None]:
    """Return the lines of a list that hold something; blank ones and those that begin with `#` do not."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return [], _useless(path, "more than 32 MiB", "split it, and name both files")
        return list(_lines(content.decode("utf-8-sig"))), None
    except OSError as error:
        found = error.strerror or str(error)
        return [], _useless(path, found, "create it, or correct the name in `lists`")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [], _useless(path, f"the byte 0x{error.object[error.start]:02X}", "save it as UTF-8", line)


def _lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        written = line.strip()
        if written and not written.startswith("#"):
            pattern, *rest = _SEPARATOR.split(written, maxsplit=1)
            name = " ".join(rest[0].split()) if rest else ""
            yield Line(number, pattern.strip().strip('"'), name.strip('"'))


def _useless(path: Path, found: str, remedy: str, line: int = 1) -> Finding:
    return Finding(path, line, 1, "the list cannot be read", found, "UTF-8 text, a number a line", remedy)
