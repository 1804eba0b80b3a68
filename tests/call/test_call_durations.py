"""The durations on record, held against Asterisk's own: its CDR, and its log of channel events (CEL)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ari_app.network.network import rings_for_ever
from ari_app.pbx import AsteriskServer
from ari_app.records.facts import CallBridged
from ari_app.records.reader import CallStory

from .exchange import OpenLine
from .people import PATIENCE

if TYPE_CHECKING:
    from .conftest import OpenALine

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


@pytest.fixture
async def asterisks_records(line_asterisk: AsteriskServer) -> AsyncIterator[AsterisksRecords]:
    etc = line_asterisk.run_dir / "etc"
    kept = (etc / "cel.conf").read_text()
    for name, text in CONFIGURATION.items():
        (etc / name).write_text(text)
    for kind in ("cdr", "cel"):
        (etc.parent / f"log/{kind}-custom").mkdir(exist_ok=True)
    for module in MODULES:
        await line_asterisk.cli(f"module load {module}")
    await line_asterisk.cli("module reload cel")
    yield AsterisksRecords(line_asterisk)
    (etc / "cel.conf").write_text(kept)
    await line_asterisk.cli("module reload cel")  # the modules stay: unloading them crashes Asterisk


async def test_waiting_talking_and_the_whole_are_what_asterisk_measured(
    open_a_line: OpenALine, asterisks_records: AsterisksRecords
) -> None:
    async def talks(line: OpenLine) -> CallStory:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await asyncio.sleep(1.5)
        await caller.hangs_up()
        return await line.record_of(caller)

    async def is_hung_up(line: OpenLine) -> CallStory:
        line.telephone("bruno").does(rings_for_ever)
        caller = await line.takes_a_call("carte-volee")
        await caller.is_hung_up()
        return await line.record_of(caller)

    async def gives_up(line: OpenLine) -> CallStory:
        chloe = line.telephone("chloe")
        caller = await line.takes_a_call("retour")
        await chloe.is_rung()
        await asyncio.sleep(0.5)
        await caller.hangs_up()
        return await line.record_of(caller)

    async with open_a_line(teams={"carte-volee": ["{ring: [bruno], for: 1s}"]}) as line:
        stories = await asyncio.gather(talks(line), is_hung_up(line), gives_up(line))

    assert [story.call.outcome for story in stories] == ["bridged", "unanswered", "abandoned"]
    for story in stories:
        call, channel, (leg,) = story.call, story.call.channel_id, story.legs
        times = asterisks_records.times
        (arrived,), (ended,) = await times(channel, "CHAN_START"), await times(channel, "CHAN_END")
        (rung,), (let_go,) = await times(leg.id, "CHAN_START"), await times(leg.id, "CHAN_END")
        joined, parted = await times(channel, "BRIDGE_ENTER"), await times(channel, "BRIDGE_EXIT")
        assert call.total_seconds == pytest.approx(ended - arrived, abs=SECONDS)
        assert call.total_seconds == pytest.approx(await asterisks_records.duration(channel), abs=SECONDS)
        assert call.wait_seconds is not None
        if call.outcome == "bridged":
            assert call.talk_seconds == pytest.approx(parted[0] - joined[0], abs=SECONDS)
            assert call.wait_seconds == pytest.approx(joined[0] - rung, abs=SECONDS)
        elif call.outcome == "abandoned":
            assert call.wait_seconds == pytest.approx(ended - rung, abs=SECONDS)
        else:
            assert leg.ring_seconds == pytest.approx(let_go - rung, abs=SECONDS)
