"""`astreinte check`: every finding of every file, at once."""

from __future__ import annotations

from pathlib import Path

import typer

from ..core.findings import Finding, InvalidConfiguration
from ..core.settings import load_settings
from ..service.books import read_books


def run_check(settings_file: Path | None) -> int:
    """Print every finding, then how many there are; return the exit code."""
    try:
        settings = load_settings(settings_file)
    except InvalidConfiguration as error:
        return _report(error.findings)
    _, findings = read_books(settings)
    return _report(findings)


def _report(findings: list[Finding]) -> int:
    for finding in findings:
        colour = typer.colors.RED if finding.severity == "error" else typer.colors.YELLOW
        head, _, rest = str(_relative(finding)).partition("\n")
        typer.echo(f"{typer.style(head, fg=colour)}\n{rest}\n")
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if errors:
        typer.echo(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}.")
        return 1
    noticed = f", {_count(warnings, 'warning')}" if warnings else ""
    typer.echo(f"No error{noticed}: the line can use these files.")
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _relative(finding: Finding) -> Finding:
    """Shorten the file's path for whoever reads it here."""
    from dataclasses import replace

    try:
        return replace(finding, file=finding.file.relative_to(Path.cwd()))
    except ValueError:
        return finding
