"""How a call ends in which an agent was handing it over: whoever hangs up, and whatever dies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.records.facts import CallBridged, CallWrappedUp

from .exchange import Place, opened, tried
from .test_call_conversation import CONFERENCE, CONSULT, DIGITS, PANNE, TRANSFER, event, taken, they_talk
from .troubles import (
    has_taken_up,
    line_process,
    line_that_stops,
    put_through_by,
    record_at_the_end,
    takes_it_from_the_dialplan,
    the_only_record,
    until_fallback_is,
)

if TYPE_CHECKING:
    from .conftest import OpenALine

WRAP_UP = {"panne": DIGITS["panne"] + "wrap_up: true\n"}


@pytest.mark.parametrize("keys", [TRANSFER, CONSULT, f"{TRANSFER}1", f"{CONSULT}1", f"{CONFERENCE}1"])
async def test_a_caller_who_hangs_up_while_a_colleague_is_looked_for_has_talked(
    open_a_line: OpenALine, keys: str
) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await agent.presses(keys)
        if keys.endswith("1") and keys != TRANSFER:
            ringing = await bruno.is_rung()
            await caller.hangs_up()
            await ringing.is_hung_up()
        else:
            await agent.hears("agent-whom")
            await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"
    assert tried(record) in ([("alice", "accepted")], [("alice", "accepted"), ("bruno", "cancelled")])


@pytest.mark.parametrize("keys", [CONSULT, CONFERENCE])
async def test_a_caller_who_hangs_up_while_two_agents_are_there_frees_both(
    open_a_line: OpenALine, keys: str
) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        colleague = await agent.reaches(bruno, f"{keys}1")
        await event(line, caller, "talk.joined")
        await they_talk(agent, colleague)
        await caller.hangs_up()
        if keys == CONSULT:
            await asyncio.gather(agent.hears("agent-missed"), colleague.hears("agent-missed"))
        await asyncio.gather(agent.is_hung_up(), colleague.is_hung_up())
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"
    assert tried(record) == [("alice", "accepted"), ("bruno", "accepted")]


async def test_whoever_hangs_up_as_a_colleague_takes_the_call_nobody_is_left_behind(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        for delay in (0.0, 0.05, 0.2):
            for who in ("caller", "agent", "colleague"):
                bruno = line.telephone("bruno")
                caller, agent = await taken(line)
                await agent.presses(f"{CONSULT}1")
                colleague = await bruno.is_rung()
                await colleague.picks_up()
                await colleague.presses("1")
                await asyncio.sleep(delay)
                await {"caller": caller, "agent": agent, "colleague": colleague}[who].hangs_up()
                await asyncio.sleep(delay)
                await caller.hangs_up()
                await asyncio.gather(agent.is_hung_up(), colleague.is_hung_up())
                assert (await line.record_of(caller)).call.outcome == "bridged"


async def test_the_agent_says_how_the_call_went_when_the_caller_has_hung_up(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=WRAP_UP) as line:
        for keys, told in (("1", "solved"), ("92", "follow-up"), ("3", "wrong-team")):
            caller, agent = await taken(line)
            await caller.hangs_up()
            await agent.hears("agent-wrap-up")
            await agent.presses(keys)
            await agent.is_hung_up()
            record = await line.record_of(caller)
            assert (record.call.wrap_up, record.call.outcome) == (told, "bridged")
            assert tried(record) == [("alice", "accepted")]


async def test_an_agent_who_says_nothing_of_the_call_is_let_go(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=WRAP_UP) as line:
        caller, agent = await taken(line)
        await caller.hangs_up()
        await agent.hears_all_of("agent-wrap-up")
        await agent.hangs_up()
        silent = await line.record_of(caller)
        caller, agent = await taken(line)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()  # there is nobody to ask
        await caller.is_hung_up()
        gone = await line.record_of(caller)
        assert line.facts.of(CallWrappedUp) == []
    assert [silent.call.wrap_up, gone.call.wrap_up] == [None, None]


async def test_a_line_that_stops_does_not_wait_for_what_an_agent_says_of_a_call(place: Place) -> None:
    settings = place.settings(teams=PANNE, more=WRAP_UP)
    async with opened(place, settings) as line:
        caller, agent = await taken(line)
        await caller.hangs_up()
        await agent.hears("agent-wrap-up")
        await line.line.reception.close(0)
        await agent.is_hung_up()


async def test_time_on_hold_is_neither_talked_nor_waited(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await agent.presses(f"{CONSULT}1")
        await bruno.is_rung()
        await caller.hears_music()
        await agent.presses(CONSULT)
        await line.told(CallBridged, caller, times=2)
        await agent.presses(f"{TRANSFER}2")
        colleague = await line.telephone("chloe").is_rung()
        await colleague.takes_the_call()
        await line.told(CallBridged, caller, times=3)
        await asyncio.sleep(SHORTEST_TALK)
        await caller.hangs_up()
        record = await line.record_of(caller)
    at = {
        name: [each.elapsed for each in record.events if each.name == name]
        for name in ("call.queued", "call.bridged", "call.unbridged", "call.ended")
    }
    queued, bridged, parted = (
        at["call.queued"],
        at["call.bridged"],
        [*at["call.unbridged"], *at["call.ended"]],
    )
    talked = sum(until - since for since, until in zip(bridged, parted, strict=True))
    waited = bridged[0] - queued[0] + bridged[2] - queued[1]
    assert record.call.talk_seconds == pytest.approx(talked)
    assert record.call.wait_seconds == pytest.approx(waited)
    assert parted[0] < bridged[1] < parted[1] <= queued[1]


# The line stops, or dies


async def test_a_caller_on_hold_when_the_line_stops_is_put_through_by_the_dialplan(place: Place) -> None:
    settings = place.settings(teams=PANNE, more=DIGITS)
    bruno = place.telephone("bruno")
    async with line_that_stops(place, settings) as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        caller, agent = await taken(line)
        colleague = await agent.reaches(bruno, f"{CONSULT}1")
        await event(line, caller, "talk.joined")
        await they_talk(agent, colleague)
        alice = place.telephone("alice")
    await asyncio.gather(agent.is_hung_up(), colleague.is_hung_up())
    record = await the_only_record(settings)
    assert (record.call.outcome, tried(record)) == (
        "fallback",
        [("alice", "accepted"), ("bruno", "accepted")],
    )
    again = await alice.is_rung()
    await takes_it_from_the_dialplan(again)
    await they_talk(caller, again)


async def test_three_who_talk_when_the_line_is_killed_talk_on_until_the_last_agent_goes(place: Place) -> None:
    settings = place.settings(teams=PANNE, more=DIGITS)
    async with line_process(settings) as killed:
        caller, agent = await put_through_by(killed, place, "panne", "alice")
        bruno = place.telephone("bruno")
        colleague = await agent.reaches(bruno, f"{CONFERENCE}1")
        await killed.has_stored("talk.joined", caller)
        await they_talk(caller, agent, colleague)
        await killed.is_killed()
    await they_talk(caller, agent, colleague)
    async with opened(place, settings) as line:
        await has_taken_up(line)
        await agent.hangs_up()
        await they_talk(caller, colleague)
        await colleague.hangs_up()
        await caller.is_hung_up()
        record = await record_at_the_end(line)
    assert sorted(tried(record)) == [("alice", "accepted"), ("bruno", "accepted")]
    assert record.call.outcome == "bridged"


async def test_a_caller_on_hold_when_the_line_is_killed_reaches_an_agent_when_it_is_back(
    place: Place,
) -> None:
    settings = place.settings(teams=PANNE, more=DIGITS)
    async with line_process(settings) as killed:
        await until_fallback_is(place, "default", "PJSIP/alice")
        caller, agent = await put_through_by(killed, place, "panne", "alice")
        bruno = place.telephone("bruno")
        colleague = await agent.reaches(bruno, f"{CONSULT}1")
        await killed.has_stored("talk.joined", caller)
        await they_talk(agent, colleague)
        await killed.is_killed()
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        line.placed += 1
        await asyncio.gather(agent.is_hung_up(), colleague.is_hung_up())
        again = await alice.is_rung()
        await takes_it_from_the_dialplan(again)
        await they_talk(caller, again)
        await caller.hangs_up()
        record = await record_at_the_end(line)
    assert record.call.outcome == "fallback"
    assert record.call.talk_seconds is not None
