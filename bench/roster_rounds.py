"""What is measured of rosters: a large organisation's are loaded, asked, expanded, and reloaded by a line."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .organisation import Organisation
from .processes import ProcessFailed, tail
from .rig import PROJECT, Rig

ORGANISATION = "organisation"
"""The folder of its rosters."""
LOADS = 3
EDITS = 5
LOOK_EVERY = 0.02
BETWEEN_EDITS = 2.0
"""Seconds, so that an edit meets a line that has done with the one before."""
SECONDS = 300.0
"""How long one process may take to measure."""


@dataclass(frozen=True, slots=True)
class Load:
    """One process that loads all rosters and asks them."""

    load_seconds: float
    grown_kb: int
    who_us: list[float]
    year_ms: list[float]


@dataclass(frozen=True, slots=True)
class Reloads:
    """How late the event loop of a running line was, in ms, while it reloaded and while it did not."""

    stall_ms: list[float]
    reference_ms: list[float]
    seconds: list[float]
    """From the request until the new version is in force and on record."""


async def load_rounds(folder: Path, organisation: Organisation) -> list[Load]:
    """Write the rosters of an organisation, and load them in a process of its own, some times."""
    rosters = folder / ORGANISATION
    rosters.mkdir()
    organisation.write(rosters)
    shutil.copytree(PROJECT / "bench" / "rosters", rosters, dirs_exist_ok=True)
    flows = PROJECT / "bench" / "flows"
    return [Load(**await _measured(folder, "roster_load", str(rosters), str(flows))) for _ in range(LOADS)]


async def reload_round(rig: Rig) -> Reloads:
    """Reload those rosters in a line on the rig's Asterisk."""
    settings = rig.line.settings_with(rig.folder / ORGANISATION)
    return Reloads(**await _measured(rig.folder, "reload_stall", str(settings)))


async def shipped_edits(rig: Rig) -> list[float]:
    """Return the seconds until each edit of the shipped rosters was in force in a running line."""
    rosters = rig.folder / "shipped"
    for folder in (PROJECT / "rosters", PROJECT / "bench" / "rosters"):
        shutil.copytree(folder, rosters, dirs_exist_ok=True)
    return await _edits(rig, rosters)


async def edits(rig: Rig) -> list[float]:
    """Return the same for the rosters of the organisation that was loaded."""
    return await _edits(rig, rig.folder / ORGANISATION)


async def _edits(rig: Rig, rosters: Path) -> list[float]:
    """Save a file of a running line, some times; raises `ProcessFailed` if that is not taken."""
    file = rosters / "bench.yaml"
    seconds: list[float] = []
    async with rig.line.running(rig.line.settings_with(rosters)):
        for _ in range(EDITS):
            saved = time.time()
            file.write_text(f"{file.read_text('utf-8')}# edited\n", "utf-8")
            try:
                async with asyncio.timeout(SECONDS):
                    while len(told := rig.line.told("config.reloaded")) <= len(seconds):  # noqa: ASYNC110 - a log
                        await asyncio.sleep(LOOK_EVERY)
            except TimeoutError:
                raise ProcessFailed(f"an edit of {file.name} was not taken within {SECONDS:g} s") from None
            seconds.append(told[-1] - saved)
            await asyncio.sleep(BETWEEN_EDITS)
    return seconds


async def _measured(folder: Path, module: str, *words: str) -> dict[str, Any]:
    """Run one of our modules; return what it prints. Raises `ProcessFailed`."""
    log = folder / f"{module}.log"
    with log.open("wb") as complaints:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"bench.{module}",
            *words,
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
        )
    try:
        async with asyncio.timeout(SECONDS):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ProcessFailed(f"{module} failed:\n{tail(log)}")
    result: dict[str, Any] = json.loads(out)
    return result
