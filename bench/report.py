"""The table that people read, and the JSON that programs read."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from .figures import Figure

Section = tuple[str, Sequence[Figure]]
"""A heading and its rows."""


def table(sections: Sequence[Section]) -> Table:
    """Return all figures as one table."""
    result = Table(title="Astreinte, measured", title_justify="left")
    result.add_column("", no_wrap=True)
    for heading in ("measured", "rounds", "target"):
        result.add_column(heading, justify="right")
    result.add_column("", no_wrap=True)
    for heading, figures in sections:
        result.add_section()
        result.add_row(f"[bold]{heading}")
        for each in figures:
            result.add_row(
                each.name, _number(each, each.measured), _rounds(each), _target(each), _verdict(each)
            )
    return result


def machine() -> str:
    """Describe the machine in one line."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    load, _, _ = os.getloadavg()
    return (
        f"{cpu}, {len(os.sched_getaffinity(0))} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load before {load:.1f}"
    )


def write_json(path: Path, on: str, sections: Sequence[Section]) -> None:
    """Write the figures of every section, with the machine they come from."""
    rows = [{"section": heading, **asdict(each), "ok": each.ok} for heading, each in _rows(sections)]
    path.write_text(json.dumps({"machine": on, "figures": rows}, indent=1) + "\n", "utf-8")


def _rows(sections: Sequence[Section]) -> list[tuple[str, Figure]]:
    return [(heading, each) for heading, figures in sections for each in figures]


def _number(figure: Figure, value: float) -> str:
    text = f"{value:.0f}" if figure.exactly or figure.unit == "kB" else f"{value:.2f}"
    return f"{text} {figure.unit}".rstrip()


def _rounds(figure: Figure) -> str:
    if figure.lowest is None or figure.highest is None:
        return ""
    return f"{figure.lowest:.2f} to {figure.highest:.2f}"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'' if figure.exactly else '≤ '}{figure.target:g} {figure.unit}".rstrip()


def _verdict(figure: Figure) -> str:
    match figure.ok:
        case None:
            return ""
        case True:
            return "[green]ok"
        case False:
            return "[bold red]MISS"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []
