"""The call that everything is for: greeted, asked, put through to the right person, talked, hung up."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.records.facts import CallBridged

from .exchange import OpenLine, tried

if TYPE_CHECKING:
    from .conftest import OpenALine


async def test_a_caller_is_greeted_asked_and_put_through_to_who_is_on_call(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await caller.presses("1")
        await caller.hears("choix-motif")
        await caller.presses("1")
        agent = await alice.is_rung()
        await caller.hears_ringing()
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await agent.hears_voice_of(caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"
    assert (record.call.language, record.call.reason, record.call.team) == ("fr", "panne", "panne")
    assert tried(record) == [("alice", "accepted")]


async def test_a_digit_silences_the_greeting_at_once(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await caller.presses("1")
        await caller.hears("choix-motif")
        await caller.hangs_up()
    assert not await caller.has_heard_the_end_of("bienvenue")
    assert not await caller.has_heard("choix-langue")


async def test_who_chooses_english_is_spoken_to_in_english(open_a_line: OpenALine) -> None:
    async with open_a_line(teams={"retour": ["{ring: [chloe], for: 1s}"]}) as line:
        line.telephone("chloe")
        caller = await line.takes_a_call()
        await caller.hears("bienvenue", "fr")
        await caller.presses("2")
        await caller.hears("choix-motif", "en")
        await caller.presses("3")
        await caller.hears("personne-disponible", "en")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.language, record.call.reason) == ("en", "retour")
    assert not await caller.has_heard("choix-motif", "fr")
    assert not await caller.has_heard("personne-disponible", "fr")


async def test_the_agent_hears_why_they_are_called_in_a_language_of_theirs(open_a_line: OpenALine) -> None:
    agents = {"alice": "[sip:alice], languages: [en]", "bruno": "[sip:bruno], languages: [de, fr]"}

    async def whispered(line: OpenLine, reason: str, name: str, language: str) -> None:
        telephone = line.telephone(name)
        await line.takes_a_call(reason)
        agent = await telephone.is_rung()
        await agent.picks_up()
        await agent.hears(f"agent-accept-{reason}", language)

    async with open_a_line(agents=agents) as line:
        await asyncio.gather(
            whispered(line, "panne", "alice", "en"), whispered(line, "carte-volee", "bruno", "fr")
        )


async def test_each_reason_reaches_its_own_teams_agent(open_a_line: OpenALine) -> None:
    agent_for = {"panne": "alice", "carte-volee": "bruno", "retour": "chloe", "commande": "+33199001201"}

    async def one_call(line: OpenLine, key: str, reason: str, number: str) -> None:
        telephone = line.telephone(number)
        caller = await line.takes_a_call()
        await caller.presses(f"1{key}")
        agent = await telephone.is_rung()
        await agent.picks_up()
        await agent.hears(f"agent-accept-{reason}")
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        await agent.hears_voice_of(caller)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
        assert (record.call.reason, record.call.team, record.call.outcome) == (reason, reason, "bridged")
        assert [leg.result for leg in record.legs] == ["accepted"]
        assert record.legs[0].endpoint == (
            f"PJSIP/{number}@trunk" if number.startswith("+") else f"PJSIP/{number}"
        )

    async with open_a_line() as line:
        await asyncio.gather(
            *(one_call(line, str(key), *pair) for key, pair in enumerate(agent_for.items(), start=1))
        )


async def test_who_is_rung_is_who_is_on_call_at_this_instant(open_a_line: OpenALine) -> None:
    now = datetime.now(ZoneInfo("Europe/Paris"))
    before, after, later = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2, 4))
    layers = f"""
layers:
  - {{id: now, window: {{from: "{before}", to: "{after}"}}, rotation: {{members: [bruno]}}}}
  - {{id: later, window: {{from: "{after}", to: "{later}"}}, rotation: {{members: [alice]}}}}
overrides:
  - {{id: over, from: 2020-01-01T00:00, to: 2020-01-02T00:00, replace: bruno, with: alice}}
  - id: today
    from: {now - timedelta(hours=1):%Y-%m-%dT%H:%M}
    to: {now + timedelta(hours=1):%Y-%m-%dT%H:%M}
    replace: bruno
    with: chloe
"""
    steps = ["{ring: on-call, for: 5s}", "voicemail"]
    async with open_a_line(teams={"panne": steps}, more={"panne": layers}) as line:
        chloe = line.telephone("chloe")
        caller = await line.takes_a_call("panne")
        await chloe.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("chloe", "cancelled")]


async def test_picking_up_is_enough_where_the_roster_says_so(open_a_line: OpenALine) -> None:
    async with open_a_line(agents={"alice": "[{sip: alice, accept: answer}]"}) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.picks_up()
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        await agent.is_hung_up()
    assert not await agent.has_heard("agent-accept-panne")


async def test_the_agents_phone_shows_the_callers_number_and_the_reason(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.is_called("panne")
        agent = await alice.is_rung()
        assert agent.party.caller_number == caller.number
        assert agent.party.caller_name == "Astreinte panne"
        await caller.hangs_up()
        await agent.is_hung_up()
