"""Agents' keys in a call: hand it over, ask a colleague first, bring one in, escalate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.core.settings import KeySettings
from ari_app.network.network import refuses, rings_for_ever
from ari_app.records.facts import CallBridged, CallEvent

from .exchange import OpenLine, Place, opened, tried
from .people import Person
from .troubles import put_through

if TYPE_CHECKING:
    from .conftest import OpenALine

NO_HURRY = "for: 120s"
PANNE = {"panne": [f"{{ring: [alice], {NO_HURRY}}}"]}
THEN_CHLOE = {"panne": [f"{{ring: [alice], {NO_HURRY}}}", f"{{ring: [chloe], {NO_HURRY}}}"]}
DIGITS = {"panne": "transfer: {1: bruno, 2: chloe, 3: alice, 9: {team: carte-volee}}\n"}
"""Team carte-volee rings bruno."""
TRANSFER, CONSULT, CONFERENCE, ESCALATE = "*1", "*2", "*3", "*5"


async def taken(line: OpenLine, phone: str = "alice", reason: str = "panne") -> tuple[Person, Person]:
    """Let somebody call and be taken; return the caller and the agent, who hear each other."""
    caller, agent = await put_through(line, reason, phone)
    await they_talk(caller, agent)
    return caller, agent


async def they_talk(*people: Person) -> None:
    """Check that each hears each other."""
    for speaker in people:
        await asyncio.gather(*(each.hears_voice_of(speaker) for each in people if each is not speaker))


async def test_a_call_is_handed_over_to_a_colleague(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await agent.presses(TRANSFER)
        await agent.hears("agent-whom")
        await agent.presses("1")
        await agent.is_hung_up()
        await caller.hears_music()
        colleague = await bruno.is_rung()
        await colleague.picks_up()
        await colleague.hears("agent-handed")
        await colleague.hears("agent-accept-panne")
        await colleague.presses("1")
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await asyncio.sleep(SHORTEST_TALK)
        await colleague.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert not await caller.has_heard("agent-whom")
    assert tried(record) == [("alice", "accepted"), ("bruno", "accepted")]
    assert (record.call.outcome, record.call.agent) == ("bridged", "bruno")


async def test_a_call_is_handed_over_to_whomever_a_team_rings(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        colleague = await agent.reaches(bruno, f"{TRANSFER}9")
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.agent, record.call.team) == ("bruno", "carte-volee")


async def test_who_handed_a_call_over_that_nobody_took_gets_it_back(place: Place) -> None:
    async with impatient_line(place, THEN_CHLOE) as line:
        alice = line.telephone("alice")
        line.telephone("bruno").does(rings_for_ever)
        caller, agent = await taken(line)
        alice = line.telephone("alice")
        await agent.presses(f"{TRANSFER}1")
        await agent.is_hung_up()
        again = await alice.is_rung()
        await again.picks_up()
        await again.hears("agent-back")
        await again.presses("1")
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, again)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("bruno", "no-answer"), ("alice", "accepted")]
    assert record.call.outcome == "bridged"


async def test_the_search_goes_on_when_neither_colleague_nor_agent_takes_a_call_that_was_handed_over(
    place: Place,
) -> None:
    async with impatient_line(place, THEN_CHLOE) as line:
        line.telephone("bruno").does(refuses(486))
        chloe = line.telephone("chloe")
        caller, agent = await taken(line)
        line.telephone("alice").does(refuses(603))
        await agent.presses(f"{TRANSFER}1")
        colleague = await chloe.is_rung()
        await colleague.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record)[1:] == [("bruno", "busy"), ("alice", "declined"), ("chloe", "accepted")]


async def test_a_caller_whom_nobody_takes_over_hears_so(place: Place) -> None:
    async with impatient_line(place, PANNE) as line:
        line.telephone("bruno").does(refuses(486))
        caller, agent = await taken(line)
        line.telephone("alice").does(refuses(603))
        await agent.presses(f"{TRANSFER}1")
        await caller.hears("personne-disponible")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "unanswered"
    assert record.call.talk_seconds is not None


async def test_an_agent_asks_a_colleague_first_then_leaves_the_caller_to_them(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await agent.presses(f"{CONSULT}1")
        colleague = await bruno.is_rung()
        await asyncio.gather(caller.hears_music(), agent.hears_ringing())
        await colleague.picks_up()
        await colleague.hears("agent-consulted")
        await colleague.presses("1")
        await event(line, caller, "talk.joined")
        await caller.speaks()
        await they_talk(agent, colleague)
        assert not await colleague.has_heard_voice_of(caller)
        await agent.hangs_up()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await caller.hangs_up()
        await colleague.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("bruno", "accepted")]
    assert (record.call.outcome, record.call.agent) == ("bridged", "bruno")


async def test_an_agent_who_asked_a_colleague_goes_back_to_the_caller(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno, chloe = line.telephone("bruno"), line.telephone("chloe")
        caller, agent = await taken(line)
        colleague = await agent.reaches(bruno, f"{CONSULT}1")
        await event(line, caller, "talk.joined")
        await they_talk(agent, colleague)
        await agent.presses(CONSULT)
        await colleague.is_hung_up()
        await they_talk(caller, agent)
        await agent.presses(f"{CONSULT}2")
        ringing = await chloe.is_rung()
        await agent.presses(CONSULT)
        await ringing.is_hung_up()
        await they_talk(caller, agent)
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("bruno", "accepted"), ("chloe", "cancelled")]
    assert record.call.agent == "alice"


async def test_an_agent_whose_colleague_is_not_there_is_back_with_the_caller(place: Place) -> None:
    async with impatient_line(place, PANNE) as line:
        line.telephone("bruno").does(rings_for_ever)
        caller, agent = await taken(line)
        await agent.presses(f"{CONSULT}1")
        await agent.hears_all_of("agent-back")
        await they_talk(caller, agent)
        await agent.presses(f"{CONFERENCE}1")
        await event(line, caller, "talk.key", times=2)
        await they_talk(caller, agent)  # while the colleague's telephone rings
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record)[:2] == [("alice", "accepted"), ("bruno", "no-answer")]


async def test_a_colleague_who_goes_leaves_agent_and_caller_together(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        colleague = await agent.reaches(bruno, f"{CONSULT}1")
        await event(line, caller, "talk.joined")
        await they_talk(agent, colleague)
        await colleague.hangs_up()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, agent)
        await caller.hangs_up()


async def test_a_colleague_for_whom_the_agent_does_not_wait_gets_the_caller(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await agent.presses(f"{CONSULT}1")
        colleague = await bruno.is_rung()
        await agent.hangs_up()
        await caller.hears_music()
        await colleague.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("bruno", "accepted")]


async def test_three_talk_and_the_last_agent_ends_the_call(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno, chloe = line.telephone("bruno"), line.telephone("chloe")
        caller, agent = await taken(line)
        await agent.presses(f"{CONFERENCE}1")
        colleague = await bruno.is_rung()
        await they_talk(caller, agent)
        await colleague.takes_the_call()
        await event(line, caller, "talk.joined")
        await they_talk(caller, agent, colleague)
        third = await agent.reaches(chloe, f"{CONFERENCE}2")
        await event(line, caller, "talk.joined", times=2)
        await they_talk(caller, agent, colleague, third)
        await third.hangs_up()
        await agent.hangs_up()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await asyncio.sleep(SHORTEST_TALK)
        await colleague.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("bruno", "accepted"), ("chloe", "accepted")]
    assert (record.call.outcome, record.call.agent) == ("bridged", "bruno")


async def test_a_colleague_who_was_asked_is_brought_in(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        colleague = await agent.reaches(bruno, f"{CONSULT}1")
        await event(line, caller, "talk.joined")
        await they_talk(agent, colleague)
        await agent.presses(CONFERENCE)
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, agent, colleague)
        await caller.hangs_up()
        await asyncio.gather(agent.is_hung_up(), colleague.is_hung_up())


async def test_a_call_is_handed_over_to_the_next_step_or_comes_back(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=THEN_CHLOE, more=DIGITS) as line:
        chloe = line.telephone("chloe")
        caller, agent = await taken(line)
        await agent.presses(ESCALATE)
        await agent.is_hung_up()
        colleague = await chloe.is_rung()
        alice = line.telephone("alice")
        await colleague.refuses(486)
        again = await alice.is_rung()
        await again.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await again.presses(ESCALATE)
        await again.hears_all_of("agent-impossible")  # there is no further step
        await they_talk(caller, again)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("chloe", "busy"), ("alice", "accepted")]


@pytest.mark.parametrize(
    "keys", [f"{TRANSFER}7", f"{TRANSFER}3", f"{TRANSFER}4", f"{CONSULT}*", f"{CONFERENCE}3", "*4"]
)
async def test_what_cannot_be_is_said_so_and_the_talk_goes_on(open_a_line: OpenALine, keys: str) -> None:
    agents, more = {"dora": "[sip:dora]"}, {"panne": "transfer: {1: bruno, 3: alice, 4: dora}\n"}
    async with open_a_line(teams=PANNE, agents=agents, more=more) as line:
        caller, agent = await taken(line)
        await agent.presses(keys)
        await agent.hears_all_of("agent-impossible")
        await they_talk(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]


async def test_nobody_is_handed_a_call_who_is_in_another(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        busy, colleague = await taken(line, "bruno", "carte-volee")
        caller, agent = await taken(line)
        await agent.presses(f"{TRANSFER}1")
        await agent.hears_all_of("agent-impossible")
        await they_talk(caller, agent)
        await they_talk(busy, colleague)
        await caller.hangs_up()
        await busy.hangs_up()


async def test_keys_are_those_of_the_settings_and_the_callers_do_nothing(place: Place) -> None:
    keys = KeySettings(transfer="##", consult="")
    async with impatient_line(place, PANNE, keys) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await caller.presses("##1")
        await agent.hears_keys("##1")
        await agent.presses("*11*21")
        await caller.hears_keys("*11*21")
        await they_talk(caller, agent)
        assert bruno.rung == 0
        await agent.presses("##1")
        await bruno.is_rung()
        await caller.hangs_up()


async def test_an_agent_of_another_team_hands_a_call_over_to_the_only_one_of_the_first(
    open_a_line: OpenALine,
) -> None:
    teams = {"panne": ["{ring: [alice], for: 5s}", "{team: carte-volee}"]}
    async with open_a_line(teams=teams, more={"panne": "transfer: {1: alice}\n"}) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await (await alice.is_rung()).refuses(486)
        agent = await line.telephone("bruno").is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await agent.presses(f"{TRANSFER}1")
        await agent.is_hung_up()
        colleague = await alice.is_rung()
        await colleague.takes_the_call()
        await they_talk(caller, colleague)
        await caller.hangs_up()
        await line.record_of(caller)


async def test_keys_of_an_agent_who_has_nobody_to_ask_do_nothing(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PANNE, more={"panne": "transfer: {1: alice}\n"}) as line:
        caller, agent = await taken(line)
        await agent.presses(f"{TRANSFER}1")
        await caller.hears_keys(f"{TRANSFER}1")
        await they_talk(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]


@asynccontextmanager
async def impatient_line(
    place: Place, teams: dict[str, list[str]], keys: KeySettings | None = None
) -> AsyncIterator[OpenLine]:
    """Open a line where colleagues who are asked for are rung for a second and a half."""
    settings = place.settings(teams=teams, more=DIGITS)
    keys = keys or KeySettings(ring_seconds=1.5)
    async with opened(place, settings.model_copy(update={"keys": keys})) as line:
        yield line


async def event(line: OpenLine, caller: Person, name: str, *, times: int = 1) -> None:
    """Wait until the line tells so many times that something happened in a caller's call."""
    call = await line.call_of(caller)
    while len([each for each in line.facts.of(CallEvent, call) if each.event == name]) < times:
        await line.facts.until(CallEvent, call, times=len(line.facts.of(CallEvent, call)) + 1)
