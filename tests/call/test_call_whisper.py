"""What an agent hears on picking up: why, who, for how long, and what to press."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ari_app.records.facts import CallBridged, LegEnded

from .exchange import Place, opened

if TYPE_CHECKING:
    from .conftest import OpenALine

NO_HURRY = "for: 120s"


async def test_the_agent_hears_the_callers_number_digit_by_digit_and_which_keys_there_are(
    open_a_line: OpenALine,
) -> None:
    agents = {"alice": "[sip:alice], languages: [en]"}
    async with open_a_line(agents=agents, say_number=True) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne", number="+33199")
        agent = await alice.is_rung()
        await agent.picks_up()
        for said in (
            "agent-accept-panne",
            "agent-number",
            "digit-plus",
            "digit-3",
            "digit-1",
            "digit-9",
            "agent-keys",
        ):
            await agent.hears(said, "en")
        for other in (0, 2, 4, 5, 6, 7, 8):
            assert not await agent.has_heard(f"digit-{other}", "en")
        assert not await agent.has_heard("waited-10s", "en")
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()


async def test_a_withheld_number_is_neither_shown_nor_said(open_a_line: OpenALine) -> None:
    async with open_a_line(say_number=True) as line:
        alice = line.telephone("alice")
        caller = await line.is_called("panne", number="anonymous")
        agent = await alice.is_rung()
        assert agent.party.caller_number == "anonymous"
        await agent.picks_up()
        await agent.hears("agent-no-number")
        await agent.hears("agent-keys")
        await caller.hangs_up()


async def test_an_agent_who_is_rung_late_hears_how_long_the_caller_has_waited(open_a_line: OpenALine) -> None:
    async with open_a_line(
        teams={"panne": ["{ring: [alice], for: 10s}", f"{{ring: [bruno], {NO_HURRY}}}"]}
    ) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        await (await alice.is_rung()).is_hung_up(within=15)
        agent = await bruno.is_rung()
        await agent.picks_up()
        await agent.hears("agent-waited")
        await agent.hears("waited-10s")
        await agent.hears("agent-keys")
        await caller.hangs_up()


async def test_after_a_wrong_key_only_the_keys_are_said_again(open_a_line: OpenALine) -> None:
    async with open_a_line(accept_seconds=10) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.presses("7")
        await agent.hears("agent-keys")
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        assert not await agent.has_heard_the_end_of("agent-accept-panne")


@pytest.mark.parametrize("caller_id", ["caller", "+33199000999"])
async def test_the_lines_own_number_is_shown_where_the_carrier_insists(place: Place, caller_id: str) -> None:
    settings = place.settings(teams={"panne": ["{ring: [emma, alice], strategy: simultaneous, for: 5s}"]})
    dial = settings.dial.model_copy(update={"caller_id": caller_id})
    async with opened(place, settings.model_copy(update={"dial": dial})) as line:
        emma, alice = line.telephone("+33199001201"), line.telephone("alice")
        caller = await line.is_called("panne")
        agent = await emma.is_rung()
        assert agent.party.caller_number == (caller.number if caller_id == "caller" else caller_id)
        assert (await alice.is_rung()).party.caller_number == caller.number
        await caller.hangs_up()
        await line.told(LegEnded, caller)
