"""`astreinte check`: every finding of every file, at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import typer

from ..core.counted import counted
from ..core.findings import Finding, InvalidConfiguration, Severity
from ..core.settings import load_settings
from ..service.checks import check_all
from .terminal import BOLD, RED, YELLOW, paint, safe


def run_check(settings_file: Path | None, *, strict: bool = False, as_json: bool = False) -> int:
    """Print every finding, then how many there are; return the exit code.

    `strict`: warnings fail too. `as_json`: the findings as a JSON list, and nothing else.
    """
    try:
        settings = load_settings(settings_file)
    except InvalidConfiguration as error:
        findings: Sequence[Finding] = error.findings
    else:
        findings = check_all(settings)
    findings = sorted(map(_shortened, findings))
    counts = Counter(finding.severity for finding in findings)
    code = 1 if counts["error"] or (strict and counts["warning"]) else 0
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=1))
        return code
    for finding in findings:
        typer.echo(shown(finding))
    told = [counted(counts["warning"], "warning")] if counts["warning"] or counts["error"] else []
    told += [counted(counts["note"], "note")] if counts["note"] else []
    if counts["error"]:
        typer.echo(f"{', '.join([counted(counts['error'], 'error'), *told])}.")
    else:
        failed = "; a warning fails, as --strict asks" if code else ""
        typer.echo(f"{', '.join(['No error', *told])}: the line can use these files{failed}.")
    return code


def shown(finding: Finding, stream: TextIO | None = None) -> str:
    """Return a finding as it is printed on a stream (the standard output): its place, and what to do."""
    head, *rest = str(_shortened(finding)).split("\n")
    return "\n".join([paint(safe(head), _COLOURS[finding.severity], stream), *map(safe, rest), ""])


_COLOURS: dict[Severity, str] = {"error": RED, "warning": YELLOW, "note": BOLD}


def _shortened(finding: Finding) -> Finding:
    """Return a finding with its file as whoever reads it here would name it."""
    try:
        return replace(finding, file=finding.file.relative_to(Path.cwd()))
    except ValueError:
        return finding
