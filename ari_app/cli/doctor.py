"""`astreinte doctor`: is anything in the way of serving calls?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from ..core import logs
from ..core.settings import load_settings
from ..service.diagnosis import Diagnosis, examine
from .terminal import GREEN, RED, YELLOW, paint, safe


def run_doctor(settings_file: Path | None) -> int:
    """Look at everything, print what was seen and what to do; return the exit code."""
    settings = load_settings(settings_file)
    logs.configure(level="critical")  # what the clients would log is what is told here
    found = asyncio.run(examine(settings))
    for diagnosis in found:
        _print(diagnosis)
    in_the_way = [diagnosis.what for diagnosis in found if diagnosis.fatal]
    if in_the_way:
        typer.echo(f"\nCalls cannot be served: see {', '.join(in_the_way)}.")
        return 1
    typer.echo("\nCalls can be served.")
    return 0


def _print(diagnosis: Diagnosis) -> None:
    mark, colour = ("ok  ", GREEN) if not diagnosis.remedy else ("warn", YELLOW)
    if diagnosis.fatal:
        mark, colour = "FAIL", RED
    head, *more = diagnosis.seen.split("\n")
    typer.echo(f"{paint(mark, colour)}  {diagnosis.what:<9} {safe(head)}")
    for line in more:
        typer.echo(f"                {safe(line)}")
    if diagnosis.remedy:
        typer.echo(f"      → {safe(diagnosis.remedy)}")
