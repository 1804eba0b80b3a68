"""A process that runs a line and reloads it, and notes how late its event loop is meanwhile.

    python -m bench.reload_stall SETTINGS

Every team has been asked who is on call before, so that the version which is replaced is as large as can be.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from ari_app.core import logs
from ari_app.core.settings import load_settings
from ari_app.service.line import Line, open_line
from ari_app.service.reading import SettingsFile

STEP = 0.001
"""Seconds between two looks at the clock."""
RELOADS = 3


async def main(settings_file: Path) -> None:
    """Reload a few times; print how late the loop was, in milliseconds, with and without reloads."""
    settings = load_settings(settings_file)
    logs.configure(file=settings.log.file, format="json")
    async with open_line(settings, wait=None) as line:
        await line.recorder.flush()  # what a start does is no part of it
        gc.collect()
        gc.freeze()  # as `astreinte run` does
        reference: list[float] = []
        stalls: list[float] = []
        seconds = []
        for _ in range(RELOADS):
            _ask_every_team(line)
            begin = asyncio.get_running_loop().time()
            async with _watched(stalls):
                if not await line.reload(SettingsFile(settings_file, settings)):
                    sys.exit(f"not reloaded: {line.version.rejection}")
            seconds.append(asyncio.get_running_loop().time() - begin)
            _ask_every_team(line)
            async with _watched(reference):
                await asyncio.sleep(seconds[-1])
    print(json.dumps({"stall_ms": stalls, "reference_ms": reference, "seconds": seconds}))


def _ask_every_team(line: Line) -> None:
    now = datetime.now(UTC)
    rosters = line._desk.rosters
    for team in rosters.teams:
        rosters.plan_for_team(team, now)


@asynccontextmanager
async def _watched(late_ms: list[float]) -> AsyncIterator[None]:
    """Note while the block lasts how much later than asked the loop comes back."""
    watcher = asyncio.create_task(_watch(late_ms))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.wait([watcher])


async def _watch(late_ms: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + STEP
        await asyncio.sleep(STEP)
        late_ms.append(1e3 * (loop.time() - due))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
