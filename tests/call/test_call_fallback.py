"""What Asterisk does by itself while the line is away, key by key."""

from __future__ import annotations

import asyncio

import pytest

from .exchange import Place
from .troubles import they_hear_each_other

NINE = "+33199000900"
"""Called, it is the line `9`, in a dialplan of an admin's own."""


@pytest.fixture
async def line_nine(place: Place) -> None:
    """Let Asterisk ring alice for the line `9` while no line runs."""
    await place.asterisk.cli("database put astreinte fallback/9 PJSIP/alice")
    await place.asterisk.cli(f"dialplan add extension {NINE},1,Goto(fallback,9,1) into from-trunk replace")


async def test_a_line_of_one_digit_is_put_through_too(place: Place, line_nine: None) -> None:
    alice = place.telephone("alice")
    caller = await place.caller(NINE)
    agent = await alice.is_rung()
    await agent.picks_up()
    await asyncio.sleep(0.6)  # until it speaks
    await agent.presses("1")
    await caller.is_answered()
    await they_hear_each_other(caller, agent)
    await caller.hangs_up()
    await agent.is_hung_up()


@pytest.mark.parametrize("keys", ["1", "51"])
async def test_a_key_pressed_at_once_takes_the_call(place: Place, line_nine: None, keys: str) -> None:
    alice = place.telephone("alice")
    caller = await place.caller(NINE)
    agent = await alice.is_rung()
    await agent.party.ari.channels.answer(agent.party.channel_id)
    await agent.presses(keys)
    await caller.is_answered()
    await agent.party.listen()
    await they_hear_each_other(caller, agent)
    await caller.hangs_up()
    await agent.is_hung_up()
