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


NARROWEST = 8
"""Columns of the terminal that a column of a table needs to be read at all, folded as it may be."""


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
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    drop: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Print rows under their columns; where there is no room, those named in `drop` are left out, in order.

    A cell that is None is empty, one that is a rich `Text` keeps its colours. What still does not fit a
    terminal is folded, never cut; columns named in `whole` are the last to be. Elsewhere columns are
    separated by two blanks, a row is a line, and nothing is left out.
    """
    for_person = is_terminal()
    console = Console(highlight=False, width=None if for_person else PIPE_WIDTH)
    cells = [[cell if isinstance(cell, Text) else Text(_plain(cell)) for cell in row] for row in rows]
    widths = [
        max([cell_len(name), *(cell.cell_len for cell in column)])
        for name, *column in zip(columns, *cells, strict=True)
    ]
    shown = list(range(len(columns)))
    for name in drop:
        if for_person and sum(widths[index] + 3 for index in shown) + 1 > console.width:
            shown.remove(columns.index(name))
    least = (widths[index] if columns[index] in whole else NARROWEST for index in shown)
    roomy = sum(width + 3 for width in least) + 1 <= console.width
    table = Table(box=HEAVY_HEAD if for_person else None, pad_edge=for_person, header_style="bold")
    for index in shown:
        table.add_column(Text(columns[index]), overflow="fold", no_wrap=roomy and columns[index] in whole)
    for row in cells:
        table.add_row(*(row[index] for index in shown))
    console.print(table)


def _plain(cell: object) -> str:
    return "" if cell is None else safe(cell)
