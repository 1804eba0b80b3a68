"""`astreinte import`: rosters from what another product exports."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from ..core.counted import counted
from ..core.errors import AstreinteError
from ..core.findings import Finding
from ..core.suggest import nearest, one_of
from ..imports import goalert, grafana_oncall, opsgenie, pagerduty
from ..imports.export import read_json
from ..imports.ical import from_calendar
from ..imports.model import Imported
from ..imports.times import zone_of
from ..imports.writing import numbers, yaml_files
from ..roster.book import load_rosters
from .check import shown
from .terminal import BOLD, YELLOW, paint, safe

SOURCES = {
    "pagerduty": pagerduty.convert,
    "opsgenie": opsgenie.convert,
    "grafana-oncall": grafana_oncall.convert,
    "goalert": goalert.convert,
}
CALENDARS = {".ics", ".ical", ".ifb"}


class UnknownSource(AstreinteError):
    """There is no import from a product of that name."""

    def __init__(self, name: str) -> None:
        near = nearest(name, SOURCES)
        super().__init__(
            f"there is no import from `{safe(name)}`",
            remedy=f"did you mean `{near}`?" if near else f"name {one_of(SOURCES)}",
        )


class FilesInTheWay(AstreinteError):
    """Files that would be written are there already."""

    def __init__(self, paths: list[Path]) -> None:
        super().__init__(
            f"{', '.join(str(path) for path in paths)}: there already; nothing was written",
            remedy="name another folder (`--output`), and move what you want to keep",
        )


def run_import(source: str, file: Path, output: Path | None, timezone: str) -> int:
    """Write rosters into a folder, or print them, and report what has no equivalent; return the exit code."""
    if source not in SOURCES:
        raise UnknownSource(source)
    now = datetime.now(UTC)
    if file.suffix.lower() in CALENDARS:
        imported = from_calendar(file, source, zone_of(timezone, "--timezone"), now)
    else:
        imported = SOURCES[source](read_json(file), now)
    files: dict[str, str | bytes] = {**yaml_files(imported), **imported.files}
    if output is None:
        for name, content in files.items():
            typer.echo(f"# {name}\n{content if isinstance(content, str) else '# (a copy of the calendar)'}")
    else:
        _write(output, files)
    _report(imported, files, output)
    return 0


def _write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write all files, or none. Raises `FilesInTheWay`, and OSError."""
    there = [folder / name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        raise FilesInTheWay(there)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with (folder / name).open("xb") as file:  # never over a file that came meanwhile
            file.write(content.encode() if isinstance(content, str) else content)


def _report(imported: Imported, files: dict[str, str | bytes], output: Path | None) -> None:
    """Say, on the error stream, what was imported, what has no equivalent, and what is to be done now."""
    people = imported.used_people()
    layers = sum(len(team.layers) for team in imported.teams)
    where = f"Written to {output}: {', '.join(files)}." if output is not None else ""
    counts = (counted(len(imported.teams), "team"), counted(layers, "layer"), counted(len(people), "agent"))
    typer.echo(f"{', '.join(counts)}. {where}".strip(), err=True)
    if imported.lost:
        typer.echo(paint("\nWhat has no equivalent:", BOLD), err=True)
    for each in imported.lost:
        typer.echo(
            f"- {safe(each.where)}: {safe(each.what)}\n    why: {safe(each.why)}\n    → {safe(each.remedy)}",
            err=True,
        )
    without = [person.id for person in people if not numbers(person)]
    if without:
        typer.echo(paint(f"\nWithout a telephone: {', '.join(without)}", YELLOW), err=True)
        typer.echo("    → fill in `phones` in agents.yaml; `astreinte check` names each place", err=True)
    for finding in _findings(files):
        typer.echo(f"\n{shown(finding)}", err=True)
    typer.echo(
        "\nThen `astreinte check`, and compare `astreinte schedule` with what the product shows.", err=True
    )


def _findings(files: dict[str, str | bytes]) -> list[Finding]:
    """Return what is wrong with the files, but for telephones that are yet to be filled in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            text = (
                content
                if isinstance(content, bytes)
                else content.replace("phones: []", "phones: [sip:none]").encode()
            )
            (folder / file).write_bytes(text)
        _, findings = load_rosters(folder, at=datetime.now(UTC))
    return [replace(each, file=Path(each.file.name)) for each in findings if each.severity == "error"]
