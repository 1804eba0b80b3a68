"""Who waits to be called back is served when an agent is free, again on a plan, until there is no need."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ari_app.core.settings import LimitSettings, NotifySettings
from ari_app.network.network import answers, refuses
from ari_app.records.callbacks import cancel
from ari_app.records.facts import CallBridged, CallEnded, LegStarted
from tests.notify.services import mail_server, until

from .calling_back import (
    LATER,
    PATIENT,
    QUICKLY,
    asks,
    calls_back,
    is_rung_back,
    over_calls_of,
    takes_it,
    they_talk,
    until_it_is,
    wish_of,
)
from .exchange import OpenLine, Place, opened, tried
from .files import TEAMS
from .people import Person, Telephone
from .troubles import line_that_stops, until_told

if TYPE_CHECKING:
    from .conftest import OpenALine

NOBODY = "\nlayers: [{id: old, effective: {until: 2020-01-01}, rotation: {members: [alice]}}]\n"


async def is_put_through(line: OpenLine, phone: Telephone, *, key: str = "9") -> tuple[Person, Person]:
    """Let somebody call, press a key, and an agent take the call."""
    caller = await line.takes_a_call()
    await caller.presses(key)
    agent = await phone.is_rung()
    await agent.takes_the_call()
    await line.told(CallBridged, caller)
    return caller, agent


async def is_looked_at(line: OpenLine, noticed: Person) -> None:
    """Wait until the line has looked at who waits: it knows then that one of them was cancelled."""
    await cancel(line.settings.database_url, (await wish_of(line.settings, noticed.number)).id)
    waiting = line.line._desk.callbacks
    await until_told("it is looked at who waits", lambda: noticed.number not in waiting.waiting)


async def test_who_is_most_urgent_is_called_first_when_the_agent_is_free(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice = line.telephone("alice")
        talking, agent = await is_put_through(line, alice)
        first, urgent = await asks(line, "1"), await asks(line, "5")
        phones = {each: line.telephone(each.number) for each in (first, urgent)}
        assert [(await wish_of(line.settings, each.number)).state for each in phones] == ["waiting"] * 2
        assert alice.rung == 1
        await talking.hangs_up()
        await agent.is_hung_up()
        for each in (urgent, first):
            agent = await alice.is_rung()
            await agent.takes_the_call()
            called = await phones[each].is_rung()
            await takes_it(called)
            await they_talk(called, agent)
            assert alice.rung == (2 if each is urgent else 3)
            await called.hangs_up()
            await agent.is_hung_up()
            await until_it_is("talked", line.settings, each.number)
        line.placed += 2


async def test_while_nobody_is_on_call_no_telephone_rings_and_then_one_does(open_a_line: OpenALine) -> None:
    teams = PATIENT | {"panne": ["{ring: on-call, for: 60s}", "voicemail"]}
    async with open_a_line(teams=teams, more={"panne": NOBODY}, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        colleague = await asks(line, "2")  # what is due is looked at
        line.telephone("bruno").does(refuses(486))
        line.placed += 1
        await until_it_is("waiting", line.settings, colleague.number, result="unanswered")
        wish = await wish_of(line.settings, caller.number)
        assert (wish.state, wish.tries, alice.rung) == ("waiting", 0, 0)
        on_call = NOBODY.replace("effective: {until: 2020-01-01}, ", "")
        roster = line.settings.rosters / "panne.yaml"
        roster.write_text(roster.read_text("utf-8").replace(NOBODY, on_call), "utf-8")
        assert await line.line.reload(), line.line.version.rejection
        agent = await alice.is_rung()
        await agent.refuses(486)
        line.placed += 1
        wish = await until_it_is("waiting", line.settings, caller.number, result="unanswered")
    assert (wish.tries, wish.counted) == (1, 1)


async def test_who_hangs_up_before_they_hear_that_they_will_be_called_back_has_asked_all_the_same(
    open_a_line: OpenALine,
) -> None:
    teams = PATIENT | {"panne": ["{ring: on-call, for: 60s}", "voicemail"]}
    async with open_a_line(teams=teams, more={"panne": NOBODY}, menu=calls_back(LATER)) as line:
        caller = await line.takes_a_call()
        await caller.presses("1")
        await caller.hears("callback-number")
        await line.line.recorder.flush()
        with closing(sqlite3.connect(line.settings.database_file, isolation_level=None)) as somebody_else:
            somebody_else.execute("BEGIN IMMEDIATE")  # nothing can be put on record meanwhile
            await caller.presses("1")
            waiting = line.line._desk.callbacks
            await until_told("the wish is known", lambda: caller.number in waiting.waiting)
            await caller.hangs_up()
            await line.told(CallEnded, caller)
        record = await line.record_of(caller)
        wish = await wish_of(line.settings, caller.number)
    assert (record.call.outcome, wish.state) == ("callback", "waiting")


async def test_a_colleague_takes_a_call_back_that_an_agent_passes_on(open_a_line: OpenALine) -> None:
    teams = {"panne": ["{ring: [alice], for: 60s}", "{ring: [bruno], for: 60s}"]}
    async with open_a_line(teams=teams, menu=calls_back()) as line:
        line.telephone("alice").does(answers(press="2"))
        bruno = line.telephone("bruno")
        caller, agent, called = await is_rung_back(line, bruno)
        await takes_it(called)
        await they_talk(called, agent)
        await agent.hangs_up()
        await called.hears("avis")
        await called.hangs_up()
        line.placed += 1
        await until_it_is("talked", line.settings, caller.number)
        _, call = await over_calls_of(line, caller.number, 2)
    assert tried(call) == [("alice", "passed"), ("bruno", "accepted")]


async def test_who_was_tried_as_often_as_was_said_is_given_up_and_people_are_told(place: Place) -> None:
    async with mail_server() as server:
        settings = place.settings(
            teams=TEAMS | {"panne": ["{ring: [alice], for: 5s}"]},
            more={"panne": "notify: [chef]\n"},
            menu=calls_back(QUICKLY.replace("attempts: 3", "attempts: 2")),
        )
        recipients = {"chef": (SecretStr(server.address()),)}
        settings = settings.model_copy(update={"notify": NotifySettings(recipients=recipients)})
        async with opened(place, settings) as line:
            alice = line.telephone("alice")
            alice.does(answers(press=""))  # a voicemail box
            caller = await asks(line)
            line.placed += 2
            wish = await until_it_is("given-up", line.settings, caller.number)
            await until("the mail is there", lambda: server.mails)
            _, *attempts = await over_calls_of(line, caller.number, 3)
    (mail,) = server.mails
    assert mail["subject"] == f"Rappel non abouti pour panne : {caller.number}"
    text = mail.get_body(("plain",))
    assert text is not None
    said = dict(line.split(" : ", 1) for line in text.get_content().splitlines() if " : " in line)
    assert said["À rappeler"] == caller.number
    assert (said["Tentatives"], said["Motif"]) == ("2", "motif")
    assert said["Dernier résultat"] == "aucun agent n'a pris l'appel"
    assert (wish.tries, wish.counted, wish.result) == (2, 2, "unanswered")
    assert [tried(each) for each in attempts] == [[("alice", "not-accepted")]] * 2


async def test_who_calls_again_and_talks_is_not_called_back(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        theirs = line.telephone(caller.number)
        rung = await alice.is_rung()
        await rung.picks_up()
        await rung.hears("agent-callback")
        again = await line.takes_a_call(number=caller.number)
        await rung.hears("agent-unneeded")
        await rung.is_hung_up()
        line.placed += 1
        await again.presses("9")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        assert not await agent.has_heard("agent-callback")
        await they_talk(again, agent)
        await again.hangs_up()
        await agent.is_hung_up()
        wish = await until_it_is("talked", line.settings, caller.number, result="called-again")
        _, off, _ = await over_calls_of(line, caller.number, 3)
        assert (alice.rung, theirs.rung) == (2, 0)
    assert off.call.outcome == "called-off"
    assert wish.counted == 0


async def test_who_calls_again_and_talks_with_nobody_is_called_back_after_that(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        caller, agent, called = await is_rung_back(line, alice)
        again = await line.takes_a_call(number=caller.number)
        await called.is_hung_up()
        await agent.hears("agent-unneeded")
        await agent.is_hung_up()
        wish = await until_it_is("waiting", line.settings, caller.number, result="called-off")
        await again.hangs_up()
        agent = await alice.is_rung()
        await agent.refuses(486)
        line.placed += 2
        again_wish = await until_it_is("waiting", line.settings, caller.number, result="unanswered")
    assert (wish.counted, again_wish.counted, again_wish.tries) == (0, 1, 2)


async def test_who_is_cancelled_is_not_called(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice = line.telephone("alice")
        talking, agent = await is_put_through(line, alice)
        caller = await asks(line)
        await cancel(line.settings.database_url, (await wish_of(line.settings, caller.number)).id)
        await talking.hangs_up()
        await agent.is_hung_up()
        other = await asks(line)  # is served after them
        agent = await alice.is_rung()
        await agent.refuses(486)
        line.placed += 1
        await until_it_is("waiting", line.settings, other.number, result="unanswered")
        wish = await wish_of(line.settings, caller.number)
    assert (wish.state, wish.tries) == ("cancelled", 0)


async def test_who_is_cancelled_while_telephones_ring_stops_them(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        early, late = await asks(line, "1"), await asks(line, "2")
        ringing = await alice.is_rung()
        agent = await bruno.is_rung()
        await agent.takes_the_call()
        called = await line.telephone(late.number).is_rung()
        for each in (early, late):
            await cancel(line.settings.database_url, (await wish_of(line.settings, each.number)).id)
        await ringing.is_hung_up()
        await called.is_hung_up()
        await agent.hears("agent-unneeded")
        await agent.is_hung_up()
        line.placed += 2
        calls = [(await over_calls_of(line, each.number, 2))[1].call for each in (early, late)]
        states = [(await wish_of(line.settings, each.number)).state for each in (early, late)]
    assert [call.outcome for call in calls] == ["called-off"] * 2
    assert states == ["cancelled"] * 2


async def test_who_is_cancelled_while_they_talk_talks_on(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller, agent, called = await is_rung_back(line, alice)
        await takes_it(called)
        await they_talk(called, agent)
        await cancel(line.settings.database_url, (await wish_of(line.settings, caller.number)).id)
        line.telephone("bruno")
        colleague = await asks(line, "2")  # the line looks at all of them
        await line.facts.until(LegStarted, where=lambda leg: leg.agent == "bruno")
        await they_talk(called, agent)
        await called.hangs_up()
        line.placed += 1
        await over_calls_of(line, caller.number, 2)
        await cancel(line.settings.database_url, (await wish_of(line.settings, colleague.number)).id)
        line.placed += 1
        await over_calls_of(line, colleague.number, 2)


async def test_nobody_is_called_back_while_the_line_has_as_many_calls_as_it_may(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PATIENT, menu=calls_back(LATER)) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        talking, agent = await is_put_through(line, alice)
        other, _ = await is_put_through(line, bruno, key="7")
        caller, noticed = await asks(line), await asks(line)
        limits = line.settings.limits.model_copy(update={"calls": 1})
        assert await line.line.reload(line.settings.model_copy(update={"limits": limits}))
        await talking.hangs_up()
        await agent.is_hung_up()
        await line.record_of(talking)
        await is_looked_at(line, noticed)
        assert alice.rung == 1
        await other.hangs_up()
        agent = await alice.is_rung()
        await agent.refuses(486)
        line.placed += 1
        await until_it_is("waiting", line.settings, caller.number, result="unanswered")


async def test_a_line_that_drains_begins_to_call_nobody_back(place: Place) -> None:
    limits = LimitSettings(drain_seconds=60)
    settings = place.settings(teams=PATIENT, menu=calls_back(LATER), limits=limits)
    async with line_that_stops(place, settings) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        talking, agent = await is_put_through(line, alice)
        other, colleague = await is_put_through(line, bruno, key="7")
        caller = await asks(line)

        async def ends_the_calls() -> None:
            await until_told("the line drains", lambda: line.line.reception._closing)
            await talking.hangs_up()
            await agent.is_hung_up()
            await line.record_of(talking)
            await they_talk(other, colleague)
            await other.hangs_up()

        ending = asyncio.create_task(ends_the_calls())
    await ending
    assert alice.rung == 1
    assert (await wish_of(settings, caller.number)).tries == 0
    async with line_that_stops(place, settings) as line:
        agent = await alice.is_rung()
        await agent.refuses(486)
        await until_it_is("waiting", settings, caller.number, result="unanswered")
