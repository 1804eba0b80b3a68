"""Something dies while somebody is to be called back: they are called all the same, never twice at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.core.ids import new_call_id
from ari_app.core.settings import CallbackSettings, Settings
from ari_app.network.network import answers
from ari_app.records.facts import CallbackAsked, CallbackPostponed, CallbackTried
from ari_app.records.recorder import Recorder
from tests.wire import Wire

from .calling_back import (
    LATER,
    PATIENT,
    QUICKLY,
    asks,
    calls_back,
    calls_of,
    over_calls_of,
    takes_it,
    they_talk,
    until_it_is,
    wish_of,
)
from .exchange import Place, opened
from .people import Person, Telephone
from .troubles import (
    all_is_on_record,
    by_wire,
    calls,
    has_taken_up,
    is_cut,
    is_mended,
    line_process,
    line_that_stops,
    until_told,
)

LONG_SURVEY = "prompt: avis, thanks: merci, timeout: 30s"


async def asks_a_process(place: Place, settings: Settings) -> Person:
    """Let somebody ask to be called back of a line in a process of its own."""
    caller = await calls(place)
    await caller.is_answered()
    await caller.presses("11")
    await caller.hears("callback-noted")
    await caller.is_hung_up()
    return caller


async def is_called_back(alice: Telephone, theirs: Telephone) -> tuple[Person, Person]:
    """Let an agent take a call back, and the caller take it, too; return both in the talk."""
    agent = await alice.is_rung(within=20)
    await agent.takes_the_call()
    called = await theirs.is_rung()
    await takes_it(called)
    await they_talk(called, agent)
    return called, agent


@pytest.mark.parametrize("how", ["killed", "stopped"])
@pytest.mark.parametrize("stage", ["nobody rung", "agent rung", "agent took it", "caller picked up"])
async def test_who_was_to_be_called_back_when_the_line_went_is_called_when_it_is_back(
    place: Place, stage: str, how: str
) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(QUICKLY))
    alice = place.telephone("alice")
    held: list[Person] = []

    async def gets_as_far_as_that(caller: Person) -> None:
        theirs = place.telephone(caller.number)
        if stage == "nobody rung":
            return
        held.append(agent := await alice.is_rung())
        if stage == "agent rung":
            return
        await agent.takes_the_call()
        held.append(called := await theirs.is_rung())
        if stage == "caller picked up":
            await called.picks_up()
            await called.hears("callback-keys")

    if how == "killed":
        async with line_process(settings) as process:
            caller = await asks_a_process(place, settings)
            await gets_as_far_as_that(caller)
            await process.is_killed()
    else:
        async with line_that_stops(place, settings) as line:
            caller = await asks(line)
            await gets_as_far_as_that(caller)
    tries = (await wish_of(settings, caller.number)).tries
    if stage == "nobody rung" and tries:
        held.append(await alice.is_rung())  # it was quicker than we
    theirs = place.telephone(caller.number)
    async with line_that_stops(place, settings) as line:
        for each in held:
            await each.is_hung_up()
        called, agent = await is_called_back(alice, theirs)
        await called.hangs_up()
        await agent.is_hung_up()
        wish = await until_it_is("talked", settings, caller.number)
        await all_is_on_record(line)
    stories = await calls_of(settings, caller.number)
    assert (wish.counted, theirs.rung) == (0, 1)
    assert wish.tries == tries + 1
    assert stories[-1].call.outcome == "bridged"
    assert all(story.call.ended_at for story in stories)


async def test_people_who_talk_by_a_call_back_when_the_line_is_killed_talk_on_and_are_not_called_again(
    place: Place,
) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(QUICKLY))
    alice = place.telephone("alice")
    async with line_process(settings) as process:
        caller = await asks_a_process(place, settings)
        theirs = place.telephone(caller.number)
        called, agent = await is_called_back(alice, theirs)
        await process.is_killed()
    await they_talk(called, agent)
    async with line_that_stops(place, settings) as line:
        await has_taken_up(line)
        await they_talk(called, agent)
        await agent.hangs_up()
        await called.is_hung_up()
        wish = await until_it_is("talked", settings, caller.number)
        await all_is_on_record(line)
    assert (wish.tries, theirs.rung, alice.rung) == (1, 1, 1)
    assert (await calls_of(settings, caller.number))[-1].call.outcome == "bridged"


async def test_who_is_asked_how_it_was_when_the_line_is_killed_has_talked(place: Place) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(QUICKLY, survey=LONG_SURVEY))
    alice = place.telephone("alice")
    async with line_process(settings) as process:
        caller = await asks_a_process(place, settings)
        theirs = place.telephone(caller.number)
        called, agent = await is_called_back(alice, theirs)
        await agent.hangs_up()
        await called.hears("avis")
        await process.has_stored("call.unbridged", called)
        await process.is_killed()
    async with line_that_stops(place, settings) as line:
        await called.is_hung_up()
        wish = await until_it_is("talked", settings, caller.number)
        await all_is_on_record(line)
    story = (await calls_of(settings, caller.number))[-1]
    assert (story.call.outcome, story.call.survey, wish.tries) == ("bridged", None, 1)
    assert story.call.talk_seconds is not None
    assert theirs.rung == 1


async def test_a_call_back_that_a_lost_connection_cuts_short_does_not_count(
    place: Place, ari_wire: Wire
) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(QUICKLY))
    async with opened(place, by_wire(settings, ari_wire)) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        theirs = line.telephone(caller.number)
        agent = await alice.is_rung()
        await agent.takes_the_call()
        ringing = await theirs.is_rung()
        await is_cut(ari_wire, line)
        await ringing.hangs_up()
        await is_mended(ari_wire, line)
        await agent.is_hung_up(within=30)
        called, agent = await is_called_back(alice, theirs)
        await called.hangs_up()
        line.placed += 2
        wish = await until_it_is("talked", settings, caller.number)
        _, cut, _ = await over_calls_of(line, caller.number, 3)
    assert cut.call.outcome in {"interrupted", "not-reached"}
    assert (wish.tries, theirs.rung) == (2, 2)


# What was on record before


async def on_record(settings: Settings, folder: Path, *, asked: datetime, next_at: datetime) -> str:
    """Have it on record that somebody asked to be called back, and was tried once; return their number."""
    number, call = "+33199055601", new_call_id(asked)
    recorder = Recorder(settings.database_url, spill=folder / "unsaved")
    await recorder.start()
    recorder.put_entry(
        CallbackAsked(
            id=f"{call}.c",
            at=asked,
            call=call,
            line="+33199000100",
            number=number,
            language="fr",
            reason="panne",
            priority=0,
            until=asked + timedelta(hours=8),
            attempts=3,
            delays=(300.0,),
            ring_seconds=5.0,
            flow="menu",
        )
    )
    recorder.put_entry(CallbackTried(id=f"{call}.c", at=asked, tries=1, call=call))
    recorder.put_entry(
        CallbackPostponed(id=f"{call}.c", at=asked, tries=1, counted=1, result="not-reached", next_at=next_at)
    )
    await recorder.stop()
    return number


async def test_a_wish_that_is_out_of_date_after_a_long_stop_is_given_up(place: Place, tmp_path: Path) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(LATER))
    yesterday = datetime.now(UTC) - timedelta(hours=9)
    number = await on_record(settings, tmp_path, asked=yesterday, next_at=yesterday)
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        wish = await until_it_is("given-up", settings, number, result="not-reached")
        assert not line.line.reception.calls
    assert (alice.rung, wish.tries) == (0, 1)


async def test_a_number_that_the_settings_forbid_meanwhile_is_not_called(
    place: Place, tmp_path: Path
) -> None:
    settings = place.settings(
        teams=PATIENT, menu=calls_back(LATER), callbacks=CallbackSettings(prefixes=("+32",))
    )
    now = datetime.now(UTC)
    number = await on_record(settings, tmp_path, asked=now - timedelta(minutes=6), next_at=now)
    alice = place.telephone("alice")
    async with opened(place, settings):
        wish = await until_it_is("given-up", settings, number, result="number")
    assert (alice.rung, wish.tries) == (0, 1)


async def test_a_clock_that_is_set_back_by_a_day_makes_nobody_wait_for_a_day(
    place: Place, tmp_path: Path
) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(LATER))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    number = await on_record(settings, tmp_path, asked=tomorrow, next_at=tomorrow + timedelta(minutes=5))
    async with opened(place, settings) as line:
        place.telephone("alice").does(answers(press="2"))
        line.placed += 1
        wish = await until_it_is("waiting", settings, number, result="unanswered")
    assert wish.tries == 2


async def test_an_attempt_of_which_nothing_but_its_beginning_is_on_record_is_made_again(
    place: Place, tmp_path: Path
) -> None:
    settings = place.settings(teams=PATIENT, menu=calls_back(LATER))
    now = datetime.now(UTC)
    number = await on_record(settings, tmp_path, asked=now - timedelta(minutes=6), next_at=now)
    wish = await wish_of(settings, number)
    recorder = Recorder(settings.database_url, spill=tmp_path / "unsaved")
    await recorder.start()
    recorder.put_entry(CallbackTried(id=wish.id, at=now, tries=2, call=new_call_id()))
    await recorder.stop()
    assert (await wish_of(settings, number)).state == "calling"
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        agent = await alice.is_rung(within=20)
        await agent.refuses(486)
        line.placed += 1
        wish = await until_it_is("waiting", settings, number, result="unanswered")
        await until_told("it is over", lambda: not line.line.reception.calls)
    assert (wish.tries, wish.counted) == (3, 2)
