"""Who asks to be called back is called back: an agent first, then they, until the two have talked, once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ari_app.network.network import Behaviour, answers, refuses, rings_for_ever
from ari_app.records.facts import LegStarted

from .calling_back import (
    EVERYBODY,
    LATER,
    ONCE,
    PATIENT,
    asks,
    calls_back,
    is_rung_back,
    over_calls_of,
    picks_up,
    takes_it,
    they_talk,
    until_it_is,
    why_not,
)
from .cdr import SECONDS, AsterisksRecords
from .exchange import OpenLine, tried
from .files import MENU_NUMBER

if TYPE_CHECKING:
    from .conftest import OpenALine

NOT_REACHED: dict[str, tuple[Behaviour | None, str]] = {
    # What the caller's telephone does: what is on record of it.
    "busy": (refuses(486), "busy"),
    "refused": (refuses(603), "declined"),
    "out of reach": (refuses(480), "unreachable"),
    "a number that nobody has": (None, "unreachable"),
    "rings without end": (rings_for_ever, "no-answer"),
    "a voicemail box": (picks_up(), "not-accepted"),
    "wrong keys": (picks_up(press="789"), "not-accepted"),
    "picked up and hung up": (picks_up(after=0.0, hang_up=True), "not-accepted"),
}


async def test_an_agent_then_the_caller_are_rung_and_the_two_talk(
    open_a_line: OpenALine, asterisks_records: AsterisksRecords
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(), say_number=True) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.presses("1")
        await caller.hears("callback-number")
        await caller.hears("callback-confirm", within=20)
        assert not await caller.has_heard("callback-other")
        await caller.presses("1")
        await caller.hears("callback-noted")
        await caller.is_hung_up()
        theirs = line.telephone(caller.number)
        agent = await alice.is_rung()
        await agent.picks_up()
        for said in ("agent-callback", "agent-accept-panne", "agent-number", "agent-keys"):
            await agent.hears(said, within=20)
        assert theirs.rung == 0
        await agent.presses("1")
        again = await theirs.is_rung()
        line.placed += 1
        assert again.party.caller_number == MENU_NUMBER
        await agent.hears_ringing()
        await again.picks_up()
        await again.hears("callback-keys")
        await again.presses("1")
        await they_talk(again, agent)
        await agent.hangs_up()
        await again.hears("avis")
        await again.presses("4")
        await again.hears("merci")
        await again.is_hung_up()
        wish = await until_it_is("talked", line.settings, caller.number)
        asked, called = await over_calls_of(line, caller.number, 2)
    assert asked.call.outcome == "callback"
    assert (called.call.outcome, called.call.survey, called.call.reason) == ("bridged", 4, "panne")
    assert tried(called) == [("alice", "accepted")]
    assert called.call.talk_seconds is not None
    assert called.call.total_seconds is not None
    assert 1 < called.call.talk_seconds < called.call.total_seconds
    joined = await asterisks_records.times(called.call.channel_id, "BRIDGE_ENTER")
    parted = await asterisks_records.times(called.call.channel_id, "BRIDGE_EXIT")
    assert called.call.talk_seconds == pytest.approx(parted[0] - joined[0], abs=SECONDS)
    assert (wish.tries, wish.counted, wish.last_call) == (1, 0, called.call.id)
    assert wish.call_id == asked.call.id
    assert (theirs.rung, alice.rung) == (1, 1)


async def test_a_caller_who_is_not_reached_is_on_record_with_why(open_a_line: OpenALine) -> None:
    async def one(line: OpenLine, reason: str, behaviour: Behaviour | None) -> tuple[str, object]:
        caller = await line.takes_a_call()
        if behaviour is not None:
            line.telephone(caller.number).does(behaviour)
        await caller.presses(f"{reason}1")
        await caller.hears("callback-noted")
        wish = await until_it_is("given-up", line.settings, caller.number)
        line.placed += 1
        asked, called = await over_calls_of(line, caller.number, 2)
        assert (asked.call.outcome, called.call.outcome) == ("callback", "not-reached")
        assert (wish.result, wish.tries, wish.counted) == ("not-reached", 1, 1)
        assert [leg.result for leg in called.legs] == ["accepted"]
        return reason, why_not(called)

    async with open_a_line(teams=PATIENT, menu=calls_back(ONCE)) as line:
        for each in EVERYBODY:
            line.telephone(each).does(answers())
        results = await asyncio.gather(
            *(
                one(line, "1234"[number % 4], behaviour)
                for number, (behaviour, _) in enumerate(NOT_REACHED.values())
            )
        )
    assert [why for _, why in results] == [[result] for _, result in NOT_REACHED.values()]


async def test_a_caller_who_does_not_pick_up_when_they_are_called_back_is_called_again(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        theirs = line.telephone(caller.number)
        theirs.does(refuses(486))
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await agent.hears("agent-unreached")
        await agent.is_hung_up()
        theirs.does(theirs._rings)
        agent = await alice.is_rung()
        await agent.takes_the_call()
        again = await theirs.is_rung()
        await takes_it(again)
        await they_talk(again, agent)
        await again.hangs_up()
        await agent.is_hung_up()
        line.placed += 2
        wish = await until_it_is("talked", line.settings, caller.number)
        _, first, second = await over_calls_of(line, caller.number, 3)
    assert (first.call.outcome, second.call.outcome) == ("not-reached", "bridged")
    assert second.call.survey is None
    assert (wish.tries, wish.counted) == (2, 1)


async def test_a_voicemail_box_that_picks_up_is_nobody(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller, agent, box = await is_rung_back(line, alice)
        await box.picks_up()
        await box.hears("callback-keys")
        await box.speaks()
        await box.is_hung_up()
        await agent.hears("agent-unreached")
        await agent.is_hung_up()
        line.placed += 1
        wish = await until_it_is("waiting", line.settings, caller.number, result="not-reached")
    assert not await agent.has_heard_voice_of(box)
    assert wish.counted == 1


async def test_who_says_that_there_is_no_need_any_more_is_not_called_again(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller, agent, again = await is_rung_back(line, alice)
        await again.picks_up()
        await again.hears("callback-keys")
        await again.presses("2")
        await again.is_hung_up()
        await agent.hears("agent-unneeded")
        await agent.is_hung_up()
        line.placed += 1
        wish = await until_it_is("cancelled", line.settings, caller.number)
        _, called = await over_calls_of(line, caller.number, 2)
    assert (called.call.outcome, wish.result) == ("called-off", "declined")
    assert called.call.talk_seconds is None


async def test_an_agent_who_is_gone_when_the_caller_wants_to_talk_leaves_them_to_the_next(
    open_a_line: OpenALine,
) -> None:
    teams = {"panne": ["{ring: [alice], for: 60s}", "{ring: [bruno], for: 60s}"]}
    async with open_a_line(teams=teams, menu=calls_back()) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller, agent, again = await is_rung_back(line, alice)
        await again.picks_up()
        await again.hears("callback-keys")
        await agent.hangs_up()
        await again.presses("1")
        await line.facts.until(LegStarted, where=lambda leg: leg.agent == "bruno")
        await again.hears_ringing()
        colleague = await bruno.is_rung()
        await colleague.takes_the_call()
        await they_talk(again, colleague)
        await again.hangs_up()
        line.placed += 1
        await until_it_is("talked", line.settings, caller.number)
        _, called = await over_calls_of(line, caller.number, 2)
    assert tried(called) == [("alice", "lost"), ("bruno", "accepted")]


async def test_who_picked_up_and_finds_nobody_hears_that_they_will_be_called_again(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller, agent, again = await is_rung_back(line, alice)
        await again.picks_up()
        await again.hears("callback-keys")
        await agent.hangs_up()
        await again.presses("1")
        await again.hears("callback-noted")
        await again.is_hung_up()
        line.placed += 1
        wish = await until_it_is("waiting", line.settings, caller.number, result="unanswered")
        _, called = await over_calls_of(line, caller.number, 2)
    assert called.call.outcome == "unanswered"
    assert wish.counted == 1


async def test_an_agent_who_hangs_up_while_the_caller_is_rung_stops_their_telephone(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller, agent, again = await is_rung_back(line, alice)
        await agent.hangs_up()
        await again.is_hung_up()
        line.placed += 1
        _, called = await over_calls_of(line, caller.number, 2)
    assert called.call.outcome == "unanswered"
    assert tried(called) == [("alice", "lost")]


async def test_a_caller_who_hangs_up_as_they_take_the_call_frees_the_agent(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        theirs = line.telephone(caller.number)
        theirs.does(picks_up(press="1", after=0.3, hang_up=True))
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await agent.is_hung_up()
        line.placed += 1
        _, called = await over_calls_of(line, caller.number, 2)
        assert (alice.rung, theirs.rung) == (1, 1)
    assert called.call.outcome in {"abandoned", "bridged", "not-reached"}
