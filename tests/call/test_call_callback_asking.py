"""How callers ask to be called back, and which numbers the line calls then: none that costs more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ari_app.core.settings import CallbackSettings
from ari_app.network.network import answers
from ari_app.records.facts import CallBridged, CallEnded, CallEvent

from .calling_back import (
    LATER,
    PATIENT,
    asks,
    calls_back,
    takes_it,
    they_talk,
    until_it_is,
    wish_of,
    wishes_of,
)
from .exchange import OpenLine, stored
from .people import Person

if TYPE_CHECKING:
    from .conftest import OpenALine

NOT_CALLED = (
    "anonymous",
    "",
    "+33899701234",  # premium rate
    "+33811221234",  # shared cost
    "+442079460000",  # abroad
    "+33112",
    "15",
    "+33199000100",  # the line itself
    "+33199050000&PJSIP/bruno",
    "${EXTEN}@trunk",
    "+33199050000;phone-context=x",
    "+" + "9" * 60,
)
"""Numbers that callers may seem to have, and that are not called by default."""
ANY_NUMBER = CallbackSettings(other_numbers=True)


async def cannot_be(line: OpenLine, number: str) -> Person:
    """Let somebody call, ask to be called back, and hear that it cannot be."""
    caller = await line.takes_a_call(number=number)
    await caller.presses("11")
    await caller.hears("callback-impossible", "en" if number.startswith("+44") else "fr")
    await caller.hears("personne-disponible", "en" if number.startswith("+44") else "fr")
    await caller.is_hung_up()
    return caller


async def test_numbers_that_cost_more_and_texts_that_are_none_are_not_called(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        await asyncio.gather(*(cannot_be(line, number or "unknown") for number in NOT_CALLED))
        await line.facts.until(CallEnded, times=len(NOT_CALLED))
        await line.line.recorder.flush()
        records = await stored(line.settings)
        assert not line.line._desk.callbacks.waiting
    assert {record.call.outcome for record in records} == {"goodbye"}
    assert "callback.refused" in {event.name for event in records[0].events}


async def test_another_number_may_be_typed_where_the_settings_let_callers(open_a_line: OpenALine) -> None:
    other = "+33199055501"
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER), callbacks=ANY_NUMBER) as line:
        alice, theirs = line.telephone("alice"), line.telephone(other)
        caller = await line.takes_a_call()
        await caller.presses("1")
        await caller.hears("callback-number")
        await caller.hears("callback-other", within=20)
        await caller.presses("2")
        await caller.hears("callback-type")
        await caller.presses("019*0199055501#")
        await caller.hears("digit-5")
        await caller.presses("1")
        await caller.hears("callback-noted")
        await caller.is_hung_up()
        agent = await alice.is_rung()
        await agent.takes_the_call()
        called = await theirs.is_rung()
        await takes_it(called)
        await they_talk(called, agent)
        await called.hangs_up()
        line.placed += 1
        await until_it_is("talked", line.settings, other)
        assert await wishes_of(line.settings, caller.number) == []


async def test_who_withholds_their_number_types_one(open_a_line: OpenALine) -> None:
    other = "+33199055502"
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER), callbacks=ANY_NUMBER) as line:
        line.telephone("alice").does(answers(press="2"))
        caller = await line.takes_a_call(number="anonymous")
        await caller.presses("1")
        await caller.hears("callback-type")
        assert not await caller.has_heard("callback-impossible")
        await caller.presses("0199055502#")
        await caller.hears("callback-number")
        await caller.presses("1")
        await caller.hears("callback-noted")
        await caller.is_hung_up()
        line.placed += 1
        wish = await until_it_is("waiting", line.settings, other, result="unanswered")
    assert (wish.number, wish.reason) == (other, "panne")


async def test_a_typed_number_is_called_under_the_same_rules(open_a_line: OpenALine) -> None:
    async def types(line: OpenLine, number: str) -> None:
        caller = await line.takes_a_call(number="anonymous")
        await caller.presses(f"1{number}#")
        await caller.hears("callback-impossible", within=20)
        await caller.hears("personne-disponible")
        await caller.is_hung_up()

    async with open_a_line(teams=PATIENT, menu=calls_back(LATER), callbacks=ANY_NUMBER) as line:
        typed = ("0899701234", "00442079460000", "15", "0199000100", "9" * 18)
        await asyncio.gather(*(types(line, number) for number in typed))
        await line.facts.until(CallEnded, times=5)
        assert not line.line._desk.callbacks.waiting


async def test_who_does_not_confirm_is_not_called(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        silent = await line.takes_a_call()
        await silent.presses("1")
        await silent.hears("personne-disponible", within=30)
        hasty = await line.takes_a_call()
        await hasty.presses("1")
        await hasty.hears("callback-number")
        await hasty.hangs_up()
        wrong = await line.takes_a_call()
        await wrong.presses("1")
        await wrong.hears("callback-number")
        await wrong.presses("2")  # another number, which no caller may name by default
        await wrong.hears("personne-disponible")
        outcomes = [(await line.record_of(each)).call.outcome for each in (silent, hasty, wrong)]
        assert not line.line._desk.callbacks.waiting
    assert outcomes == ["goodbye", "abandoned", "goodbye"]


async def test_who_hangs_up_as_soon_as_they_have_confirmed_is_called_all_the_same(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.presses("11")
        await line.facts.until(CallEvent, where=lambda event: event.event == "callback.asked")
        await caller.hangs_up()
        assert (await line.record_of(caller)).call.outcome == "callback"
        agent = await alice.is_rung()
        await agent.refuses(486)
        line.placed += 1
        await until_it_is("waiting", line.settings, caller.number, result="unanswered")


async def test_callers_who_wait_may_choose_to_be_called_back(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.presses("8")
        ringing = await alice.is_rung()
        await caller.hears_music()
        await caller.presses("1")
        await caller.hears("callback-number")
        await ringing.is_hung_up()
        await caller.presses("1")
        await caller.hears("callback-noted")
        await caller.is_hung_up()
        theirs = line.telephone(caller.number)
        agent = await alice.is_rung()
        await agent.takes_the_call()
        again = await theirs.is_rung()
        await takes_it(again)
        await line.facts.until(CallBridged)
        await they_talk(again, agent)
        await agent.hangs_up()
        await again.hears("avis")
        await again.hangs_up()
        line.placed += 1
        wish = await until_it_is("talked", line.settings, caller.number)
        asked = (await line.record_of(caller)).call
    assert asked.outcome == "callback"
    assert asked.wait_seconds is not None
    assert wish.tries == 1


async def test_two_wishes_of_a_number_are_one_as_was_asked_last(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        busy = await line.takes_a_call()
        await busy.presses("9")
        talking = await alice.is_rung()
        await talking.takes_the_call()
        await line.told(CallBridged, busy)
        caller = await asks(line, "1")  # alice talks
        theirs = line.telephone(caller.number)
        first = await wish_of(line.settings, caller.number)
        await asks(line, "2", number=caller.number)
        agent = await bruno.is_rung()
        await agent.takes_the_call()
        await takes_it(again := await theirs.is_rung())
        await they_talk(again, agent)
        await again.hangs_up()
        line.placed += 1
        wish = await until_it_is("talked", line.settings, caller.number)
        await busy.hangs_up()
        await talking.is_hung_up()
        assert (alice.rung, bruno.rung, theirs.rung) == (1, 1, 1)
    assert (first.id, first.reason, wish.id, wish.reason) == (wish.id, "panne", first.id, "carte-volee")
    assert wish.until > first.until


async def test_one_more_than_may_wait_hears_that_it_cannot_be(open_a_line: OpenALine) -> None:
    few = CallbackSettings(waiting=1)
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER), callbacks=few) as line:
        alice = line.telephone("alice")
        first = await asks(line)
        agent = await alice.is_rung()
        await cannot_be(line, "+33199055503")
        await agent.refuses(486)
        line.placed += 1
        await until_it_is("waiting", line.settings, first.number, result="unanswered")
        await asks(line, number=first.number)  # who waits already may ask again
        agent = await alice.is_rung()
        await agent.refuses(486)
        line.placed += 1
        await until_it_is("waiting", line.settings, first.number, result="unanswered")
