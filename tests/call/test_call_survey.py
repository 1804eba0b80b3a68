"""The survey: asked once, of whom an agent hung up on, and on record with the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ari_app.cli.calls import print_story
from ari_app.records.facts import CallBridged, CallSurveyed, CallUnbridged

from .exchange import OpenLine, Place
from .people import Person
from .troubles import all_is_on_record, line_process, line_that_stops, record_of, they_hear_each_other

if TYPE_CHECKING:
    from .conftest import OpenALine

ALICE = {"panne": ["{ring: [alice], for: 60s}"]}


def surveyed(timeout: str = "3s") -> str:
    """Return a flow that puts callers through, and asks how it was; twice, if it could."""
    return f"""
flow: menu
languages: [fr, en]
language_of: {{caller: {{"+44": en}}}}
start: appel
fallback_reason: panne
reasons: {{panne: {{fr: motif, en: reason}}}}
nodes:
  appel: {{route: {{nobody: personne, then: avis}}}}
  avis: {{survey: {{prompt: avis, thanks: merci, timeout: {timeout}, goto: encore}}}}
  encore: {{survey: {{prompt: choix-motif, timeout: {timeout}}}}}
  personne: {{goodbye: {{prompt: personne-disponible}}}}
prompts:
  avis: {{fr: De 1 à 5., en: From 1 to 5.}}
  choix-motif: {{fr: Encore., en: Again.}}
  merci: {{fr: Merci., en: Thanks.}}
  personne-disponible: {{fr: Personne., en: Nobody.}}
"""


async def they_talked(line: OpenLine, *, number: str = "") -> Person:
    """Let somebody call, talk with Alice, and Alice hang up; return the caller."""
    alice = line.telephone("alice")
    caller = await line.takes_a_call(number=number)
    agent = await alice.is_rung()
    await agent.takes_the_call()
    await line.told(CallBridged, caller)
    for _ in range(2):
        await they_hear_each_other(caller, agent)
    await agent.hangs_up()
    return caller


@pytest.mark.parametrize("score", "12345")
async def test_a_score_is_on_record_and_in_the_terminal(
    open_a_line: OpenALine, score: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number, language = ("+442079460000", "en") if score == "5" else ("", "fr")
    async with open_a_line(teams=ALICE, menu=surveyed()) as line:
        caller = await they_talked(line, number=number)
        await caller.hears("avis", language)
        await caller.presses(score)
        await caller.hears("merci", language)
        await caller.is_hung_up()
        record = await line.record_of(caller)
        assert not await caller.has_heard("choix-motif", language)
        assert len(line.facts.of(CallSurveyed)) == 1
    print_story(record)
    said = capsys.readouterr().out
    assert (record.call.outcome, record.call.survey) == ("bridged", int(score))
    assert f"{score} of 5" in said
    assert f"they say how it was: {score} of 5" in said
    assert record.call.talk_seconds is not None
    assert record.call.total_seconds is not None
    assert record.call.talk_seconds < record.call.total_seconds - 0.5  # the survey is no talk


@pytest.mark.parametrize(
    ("keys", "survey"),
    [("74", 4), ("0*9", None), ("", None), ("35", 3), ("#2", 2)],
    ids=["a wrong key first", "wrong keys", "nothing", "two scores", "to hear it again"],
)
async def test_keys_that_are_no_score_are_no_answer(
    open_a_line: OpenALine, keys: str, survey: int | None
) -> None:
    async with open_a_line(teams=ALICE, menu=surveyed()) as line:
        caller = await they_talked(line)
        await caller.hears("avis")
        if keys:
            await caller.presses(keys)
        await caller.is_hung_up(within=20)
        record = await line.record_of(caller)
    assert (record.call.outcome, record.call.survey) == ("bridged", survey)
    assert await caller.has_heard("merci") == (survey is not None)
    assert ("survey.silence" in {event.name for event in record.events}) == (survey is None)


async def test_who_hangs_up_while_they_are_asked_has_talked(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ALICE, menu=surveyed()) as line:
        caller = await they_talked(line)
        await caller.hears("avis")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, record.call.survey) == ("bridged", None)


async def test_who_hangs_up_first_is_asked_nothing(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ALICE, menu=surveyed()) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert not await caller.has_heard("avis")
    assert not await agent.has_heard("avis")
    assert "flow.node avis" not in {f"{event.name} {event.data.get('node')}" for event in record.events}


async def test_keys_of_the_talk_are_no_score_and_a_key_during_the_question_is(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=ALICE, menu=surveyed()) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await they_hear_each_other(caller, agent)
        await caller.presses("3")
        await agent.hears_keys("3")
        await they_hear_each_other(caller, agent)
        await agent.hangs_up()
        await line.told(CallUnbridged, caller)
        await caller.presses("5")
        await caller.hears("merci")
        assert not await caller.has_heard_the_end_of("avis")
        record = await line.record_of(caller)
    assert record.call.survey == 5


async def test_who_is_handed_over_is_asked_when_the_last_agent_has_hung_up(open_a_line: OpenALine) -> None:
    teams = {"panne": ["{ring: [alice], for: 60s}", "{ring: [bruno], for: 60s}"]}
    async with open_a_line(teams=teams, menu=surveyed()) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        for _ in range(2):
            await they_hear_each_other(caller, agent)
        await agent.presses("*5")  # to the next step
        colleague = await bruno.is_rung()
        await agent.is_hung_up()
        await colleague.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        assert not await caller.has_heard("avis")
        for _ in range(2):
            await they_hear_each_other(caller, colleague)
        await colleague.hangs_up()
        await caller.hears("avis")
        await caller.presses("2")
        await caller.hears("merci")
        record = await line.record_of(caller)
    assert (record.call.survey, record.call.agent) == (2, "bruno")
    assert len(line.facts.of(CallSurveyed)) == 1


async def test_who_is_asked_when_the_line_dies_is_hung_up_at_its_next_start(place: Place) -> None:
    settings = place.settings(teams=ALICE, menu=surveyed("30s"))
    alice = place.telephone("alice")
    async with line_process(settings) as killed:
        caller = await place.caller("+33199000100")
        await caller.is_answered()
        agent = await alice.is_rung()
        await agent.takes_the_call()
        for _ in range(2):
            await they_hear_each_other(caller, agent)
        await agent.hangs_up()
        await caller.hears("avis")
        await killed.has_stored("call.unbridged", caller)
        await killed.is_killed()
    async with line_that_stops(place, settings) as line:
        await caller.is_hung_up()
        await all_is_on_record(line)
    record = await record_of(settings, caller)
    assert (record.call.outcome, record.call.survey) == ("bridged", None)
    assert record.call.talk_seconds is not None
    assert alice.rung == 1
