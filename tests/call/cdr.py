"""What Asterisk itself writes of calls: its CDR, and its log of channel events (CEL), with microseconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ari_app.pbx import AsteriskServer

from .people import PATIENCE

SECONDS = 0.1
"""How far the two may be apart: both clocks run on the same machine, and events take their time."""
MODULES = ("res_cdrel_custom.so", "cdr_custom.so", "cel_custom.so")
CONFIGURATION = {
    "cdr_custom.conf": "[mappings]\nfine.csv => ${CDR(uniqueid)},${CDR(start,u)},${CDR(end,u)}\n",
    "cel_custom.conf": "[mappings]\nfine.csv => ${CHANNEL(uniqueid)},${eventtype},${eventtime}\n",
    "cel.conf": "[general]\nenable = yes\nevents = CHAN_START,CHAN_END,BRIDGE_ENTER,BRIDGE_EXIT\n",
}


@dataclass
class AsterisksRecords:
    """What Asterisk itself writes of calls, with microseconds."""

    server: AsteriskServer

    async def times(self, channel: str, event: str) -> list[float]:
        """Return when an event of CEL happened to a channel, in seconds since 1970."""
        return [float(at) for _, kind, at in await self._lines("cel", channel) if kind == event]

    async def duration(self, channel: str) -> float:
        """Return the seconds of a channel's CDRs, from the first start to the last end."""
        lines = await self._lines("cdr", channel)
        return max(float(end) for *_, end in lines) - min(float(start) for _, start, _ in lines)

    async def _lines(self, kind: str, channel: str) -> list[list[str]]:
        path = self.server.run_dir / f"log/{kind}-custom/fine.csv"
        async with asyncio.timeout(PATIENCE):
            while True:
                lines = [line.split(",") for line in path.read_text().splitlines()] if path.exists() else []
                found = [line for line in lines if line[0] == channel]
                if found and (kind == "cdr" or "CHAN_END" in [event for _, event, _ in found]):
                    return found
                await asyncio.sleep(0.05)  # it is written when the channel has ended


@asynccontextmanager
async def asterisk_that_records(server: AsteriskServer) -> AsyncIterator[AsterisksRecords]:
    """Let an Asterisk write while the block lasts."""
    etc = server.run_dir / "etc"
    kept = (etc / "cel.conf").read_text()
    for name, text in CONFIGURATION.items():
        (etc / name).write_text(text)
    for kind in ("cdr", "cel"):
        (etc.parent / f"log/{kind}-custom").mkdir(exist_ok=True)
    for module in MODULES:
        await server.cli(f"module load {module}")
    await server.cli("module reload cel")
    yield AsterisksRecords(server)
    (etc / "cel.conf").write_text(kept)
    await server.cli("module reload cel")  # the modules stay: unloading them crashes Asterisk
