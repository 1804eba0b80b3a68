"""`astreinte check`: every finding of every file, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import typer

from ..core.findings import Finding, InvalidConfiguration
from ..core.settings import load_settings
from ..service.checks import check_all
from .terminal import RED, YELLOW, paint, safe


def run_check(settings_file: Path | None) -> int:
    """Print every finding, then how many there are; return the exit code."""
    try:
        settings = load_settings(settings_file)
    except InvalidConfiguration as error:
        findings: Sequence[Finding] = error.findings
    else:
        findings = check_all(settings)
    for finding in sorted(findings):
        typer.echo(shown(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if errors:
        typer.echo(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}.")
        return 1
    noticed = f", {_count(warnings, 'warning')}" if warnings else ""
    typer.echo(f"No error{noticed}: the line can use these files.")
    return 0


def shown(finding: Finding, stream: TextIO | None = None) -> str:
    """Return a finding as it is printed on a stream (the standard output): its place, and what to do."""
    head, *rest = str(_shortened(finding)).split("\n")
    colour = RED if finding.severity == "error" else YELLOW
    return "\n".join([paint(safe(head), colour, stream), *map(safe, rest), ""])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shortened(finding: Finding) -> Finding:
    """Return a finding with its file as whoever reads it here would name it."""
    try:
        return replace(finding, file=finding.file.relative_to(Path.cwd()))
    except ValueError:
        return finding
