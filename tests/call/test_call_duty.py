"""Duty calls: whoever is about to be on call is rung, and says with a key that they can be reached."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ari_app.records.facts import CallBridged, LegStarted

from .duty import (
    BEGINS,
    clock_at,
    duty_of,
    line_at,
    notices,
    settings_of,
    tried_phones,
    until_confirmed,
    until_unconfirmed,
)
from .exchange import tried
from .troubles import until_told

if TYPE_CHECKING:
    from .exchange import Place

SECOND = timedelta(seconds=1)
ONE_TRY = "{within: 3s, tries: 1, for: 2s, alert: chef}"
NO_HURRY = "{within: 10m, tries: 3, for: 60s, alert: chef}"


async def test_an_agent_says_with_a_key_that_they_can_be_reached(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, NO_HURRY)
    async with line_at(place, settings, clock_at(BEGINS - SECOND)) as line:
        asked = await alice.is_rung()
        await asked.picks_up()
        await asked.hears("duty-call")
        await asked.hears("duty-keys")
        await asked.presses("1")
        await asked.hears("duty-confirmed")
        await asked.is_hung_up()
        await until_confirmed(line, "duty-call")
        duty, (phone,) = await duty_of(line), await tried_phones(line)
        assert await notices(line) == []
    assert duty is not None
    assert (duty.agent, duty.starts_at, duty.ends_at - duty.starts_at) == (
        "alice",
        BEGINS,
        timedelta(hours=12),
    )
    assert (duty.tries, duty.unconfirmed_at) == (1, None)
    assert (phone.purpose, phone.agent, phone.endpoint, phone.result) == (
        "duty-call",
        "alice",
        "PJSIP/alice",
        "accepted",
    )
    assert phone.answered_seconds is not None
    assert line.facts.all == []  # it is no call


async def test_it_is_asked_as_long_before_as_the_roster_says(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, "{before: 10m, within: 5m, for: 60s}")
    async with line_at(place, settings, clock_at(BEGINS - timedelta(minutes=10) - SECOND)) as line:
        asked = await alice.is_rung()
        await asked.takes_the_call()
        await until_confirmed(line, "duty-call")


async def test_who_does_not_confirm_is_rung_behind_the_backup_and_people_are_told(place: Place) -> None:
    alice, bruno = place.telephone("alice"), place.telephone("bruno")
    settings = settings_of(place, ONE_TRY)
    async with line_at(place, settings, clock_at(BEGINS)) as line:
        box = await alice.is_rung()
        await box.picks_up()  # a voicemail box
        await until_unconfirmed(line)
        (notice,) = await notices(line)
        caller = await line.takes_a_call("panne")
        await (await bruno.is_rung()).takes_the_call()
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
        (phone,) = await tried_phones(line)
    assert tried(record) == [("bruno", "accepted")]
    assert phone.result == "not-accepted"
    assert notice.recipient == "chef"
    assert "alice" in notice.title
    assert "20:00" in notice.body


async def test_who_takes_a_call_can_be_reached(place: Place) -> None:
    alice, bruno = place.telephone("alice"), place.telephone("bruno")
    settings = settings_of(place, ONE_TRY)
    async with line_at(place, settings, clock_at(BEGINS)) as line:
        await (await alice.is_rung()).refuses(486)
        await until_unconfirmed(line)
        caller = await line.takes_a_call("panne")
        await (await bruno.is_rung()).refuses(486)
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await until_confirmed(line, "call")
        await agent.hangs_up()
        await line.record_of(caller)
        another = await line.takes_a_call("panne")
        await alice.is_rung()  # she comes first again
        await another.hangs_up()
        await line.record_of(another)
        told = [each.title for each in await notices(line)]
    assert len(told) == 2


async def test_an_agent_in_a_talk_is_left_in_peace_until_it_is_over(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, NO_HURRY, teams={"panne": ["{ring: [alice], for: 60s}"]})
    clock = clock_at(BEGINS - timedelta(hours=1))
    ahead = timedelta(0)
    async with line_at(place, settings, lambda: clock() + ahead) as line:
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        ahead = timedelta(hours=1)
        line.line.duties.calls.wake()
        await until_told("her duty is known", lambda: duty_of(line))
        await agent.hears_voice_of(caller)
        assert alice.rung == 1
        await caller.hangs_up()
        await line.record_of(caller)
        again = await alice.is_rung()
        await again.takes_the_call()
        await until_confirmed(line, "duty-call")


async def test_a_caller_comes_before_a_duty_call(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, NO_HURRY)
    async with line_at(place, settings, clock_at(BEGINS)) as line:
        asked = await alice.is_rung()
        await asked.picks_up()
        caller = await line.takes_a_call("panne")
        await asked.is_hung_up()
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await until_confirmed(line, "call")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]


async def test_a_restart_rings_nobody_again_who_confirmed(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, NO_HURRY)
    clock = clock_at(BEGINS)
    async with line_at(place, settings, clock) as line:
        await (await alice.is_rung()).takes_the_call()
        await until_confirmed(line, "duty-call")
    alice = place.telephone("alice")
    async with line_at(place, settings, clock) as line:
        await line.line.duties.calls.look(clock())
        caller = await line.takes_a_call("panne")
        await (await alice.is_rung()).takes_the_call()  # the first that rings is for the caller
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        await line.record_of(caller)
        assert len(await tried_phones(line)) == 1


async def test_a_restart_makes_no_try_twice_and_knows_who_is_unconfirmed(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, ONE_TRY)
    clock = clock_at(BEGINS)
    async with line_at(place, settings, clock) as line:
        await alice.is_rung()
        await until_unconfirmed(line)
    alice, bruno = place.telephone("alice"), place.telephone("bruno")
    async with line_at(place, settings, clock) as line:
        await until_told("she is unconfirmed", lambda: line.line._desk.activity.unconfirmed)
        caller = await line.takes_a_call("panne")
        await bruno.is_rung()
        await caller.hangs_up()
        await line.record_of(caller)
        assert alice.rung == 0
        assert len(await notices(line)) == 1


async def test_a_duty_that_began_while_the_line_was_down_is_asked_for_if_there_is_time(place: Place) -> None:
    alice = place.telephone("alice")
    settings = settings_of(place, NO_HURRY)
    async with line_at(place, settings, clock_at(BEGINS + timedelta(minutes=9))) as line:
        await (await alice.is_rung()).takes_the_call()
        await until_confirmed(line, "duty-call")


async def test_a_duty_whose_time_is_over_is_not_asked_for(place: Place) -> None:
    place.telephone("alice")
    settings = settings_of(place, NO_HURRY)
    now = BEGINS + timedelta(minutes=11)
    async with line_at(place, settings, clock_at(now)) as line:
        await line.line.duties.calls.look(now)
        caller = await line.takes_a_call("panne")
        await line.telephone_rung_for(caller)
        await caller.hangs_up()
        await line.record_of(caller)
        assert await duty_of(line) is None
        assert await tried_phones(line) == []
    assert [leg.agent for leg in line.facts.of(LegStarted)] == ["alice"]
