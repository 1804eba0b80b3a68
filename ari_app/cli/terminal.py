"""What every command prints with: safe text, colours for people alone, tables that fit."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

import typer
from rich.box import HEAVY_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    looked_at = stream or sys.stdout
    return looked_at is not None and looked_at.isatty()  # None: it was closed before we began


def has_colours(stream: TextIO | None = None) -> bool:
    """Tell whether a stream (the standard output) is a terminal, and NO_COLOR is not set."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Return a text in an ANSI colour ("31" is red) where there are colours; elsewhere plain."""
    return f"\x1b[{colour}m{text}\x1b[0m" if has_colours(stream) else text


def console(width: int | None = None) -> Console:
    """Return what prints tables: as wide as the terminal is, and `width` columns elsewhere."""
    return Console(
        highlight=False,
        color_system="auto" if has_colours() else None,
        width=None if is_terminal() else width,
    )


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
    cells = [[cell if isinstance(cell, Text) else Text(_plain(cell)) for cell in row] for row in rows]
    widths = [
        max([cell_len(name), *(cell.cell_len for cell in column)])
        for name, *column in zip(columns, *cells, strict=True)
    ]
    if not is_terminal():
        for line in ([Text(name) for name in columns], *cells):
            padded = (
                cell.plain + " " * (width - cell.cell_len) for cell, width in zip(line, widths, strict=True)
            )
            typer.echo("  ".join(padded).rstrip())
        return
    screen = console()
    shown = list(range(len(columns)))
    for name in drop:
        if sum(widths[index] + 3 for index in shown) + 1 > screen.width:
            shown.remove(columns.index(name))
    least = (widths[index] if columns[index] in whole else NARROWEST for index in shown)
    roomy = sum(width + 3 for width in least) + 1 <= screen.width
    table = Table(box=HEAVY_HEAD, header_style="bold")
    for index in shown:
        table.add_column(Text(columns[index]), overflow="fold", no_wrap=roomy and columns[index] in whole)
    for row in cells:
        table.add_row(*(row[index] for index in shown))
    screen.print(table)


def _plain(cell: object) -> str:
    return "" if cell is None else safe(cell)
