"""How an error that ends a command is told."""

from __future__ import annotations

import sys

import typer

from ..core.errors import AstreinteError
from ..core.findings import InvalidConfiguration


def complain(error: AstreinteError) -> None:
    """Print, on the error stream, what went wrong and what to do; of files, every finding."""
    if isinstance(error, InvalidConfiguration):
        from .check import shown

        for finding in error.findings:
            typer.echo(shown(finding, sys.stderr), err=True)
        typer.echo(f"astreinte: the files above have mistakes\n  → {error.remedy}", err=True)
        return
    typer.echo(f"astreinte: {error}", err=True)
