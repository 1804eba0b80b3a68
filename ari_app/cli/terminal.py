"""What every command prints with: safe text, colours for people alone, tables that fit."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from rich.box import HEAVY_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 10_000
"""Columns of what is no terminal: nothing is cut or folded there, so that other programs can read it."""


def safe(value: object) -> str:
    """Return a text as it may be shown: control characters, which a terminal would act upon, as escapes.

    Callers choose their own names, and what they send is stored as it came.
    """
    text = str(value)
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]


def is_terminal(stream: TextIO | None = None) -> bool:
    """Tell whether a person looks at a stream (the standard output)."""
    return (stream or sys.stdout).isatty()


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Return a text in an ANSI colour ("31" is red) on a terminal; elsewhere, or with NO_COLOR, plain."""
    plain = os.environ.get("NO_COLOR") or not is_terminal(stream)
    return text if plain else f"\x1b[{colour}m{text}\x1b[0m"


RED, GREEN, YELLOW, BOLD = "31", "32", "33", "1"


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, drop: Sequence[str] = ()
) -> None:
    """Print rows under their columns; where there is no room, those named in `drop` are left out, in order.

    A cell that is None is empty. What still does not fit a terminal is folded, never cut. Elsewhere columns
    are separated by two blanks, a row is a line, and nothing is left out.
    """
    for_person = is_terminal()
    console = Console(highlight=False, width=None if for_person else PIPE_WIDTH)
    cells = [[safe("" if cell is None else cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    shown = list(range(len(columns)))
    for name in drop:
        if for_person and sum(widths[index] + 3 for index in shown) + 1 > console.width:
            shown.remove(columns.index(name))
    table = Table(box=HEAVY_HEAD if for_person else None, pad_edge=for_person, header_style="bold")
    for index in shown:
        table.add_column(Text(columns[index]), overflow="fold")
    for row in cells:
        table.add_row(*(Text(row[index]) for index in shown))
    console.print(table)
