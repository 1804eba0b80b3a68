"""The durations on record, held against Asterisk's own: its CDR, and its log of channel events (CEL)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ari_app.network.network import rings_for_ever
from ari_app.records.facts import CallBridged
from ari_app.records.reader import CallStory

from .cdr import SECONDS, AsterisksRecords
from .exchange import OpenLine

if TYPE_CHECKING:
    from .conftest import OpenALine


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
