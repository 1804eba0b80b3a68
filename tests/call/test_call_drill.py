"""Drills: everybody whom a team would ring now is rung, phone by phone, and no caller is disturbed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from ari_app.core.settings import Settings
from ari_app.records.facts import CallBridged
from ari_app.service.requests import SOCKET, NoLineRunning, Refused, asked

from .duty import tried_phones
from .files import mobile
from .people import Person
from .troubles import command, line_that_stops

if TYPE_CHECKING:
    from .conftest import OpenALine
    from .exchange import Place

TWO_PHONES = {"alice": f'["sip:alice", {{tel: "{mobile(0)}", after: 15s}}]'}
THEN_BRUNO = {"panne": ["{ring: [alice], for: 3s}", "{ring: [bruno], for: 3s}"]}
NO_HURRY = {"panne": ["{ring: [alice], for: 120s}"]}
AND_DORA = {"panne": ["{ring: [alice], for: 3s}", "{ring: [bruno, dora], for: 3s}"]}


async def drill(settings: Settings, team: str = "panne", **more: str) -> list[dict[str, Any]]:
    """Hold a drill; return what it told, but for what was about to happen."""
    request = {"ask": "drill", "team": team, **more}
    async with aclosing(asked(settings.data, request)) as answers:
        return [answer async for answer in answers if "ringing" not in answer]


async def says_that_they_are_there(ringing: asyncio.Future[Person] | Any) -> None:
    agent = await ringing
    await agent.picks_up()
    await agent.hears("duty-drill")
    await agent.hears("duty-keys")
    await agent.presses("1")


async def test_every_phone_of_everybody_is_rung_one_after_the_other(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=AND_DORA, agents={**TWO_PHONES, "dora": "[sip:dora]"}) as line:
        desk, pocket = line.telephone("alice"), line.telephone(mobile(0))
        bruno = line.telephone("bruno")
        drilling = asyncio.create_task(command(line.settings, "drill", "panne"))
        await says_that_they_are_there(desk.is_rung())
        await (await pocket.is_rung()).picks_up()  # a voicemail box
        await (await bruno.is_rung()).refuses(486)
        code, out, _ = await drilling
        phones = await tried_phones(line)
    rows = out.splitlines()
    assert [row.split(" (")[0].split(" after ")[0] for row in rows] == [
        "alice, sip:alice: ringing ... confirmed, picked up",
        f"alice, tel:{mobile(0)}: ringing ... answered, and nobody pressed 1",
        "bruno, sip:bruno: ringing ... busy,",
        "dora, sip:dora: ringing ... cannot be reached: the phone is not there",
        "panne can be reached: 1 of 3 confirmed.",
    ]
    assert code == 0
    assert [(each.agent, each.result) for each in phones] == [
        ("alice", "accepted"),
        ("alice", "not-accepted"),
        ("bruno", "busy"),
        ("dora", "skipped"),
    ]
    assert {each.purpose for each in phones} == {"drill"}
    assert len({each.run for each in phones}) == 1


async def test_a_team_that_cannot_be_reached_ends_the_command_with_1(open_a_line: OpenALine) -> None:
    async with open_a_line(teams={"panne": ["{ring: [alice], for: 1s}"]}) as line:
        line.telephone("alice")
        code, out, _ = await command(line.settings, "drill", "panne", "--reason", "panne")
    assert code == 1
    assert "panne could not be reached: 0 of 1 confirmed." in out
    assert "nobody answered" in out


async def test_who_is_in_a_call_is_left_in_peace(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=THEN_BRUNO, agents=TWO_PHONES) as line:
        desk, pocket, bruno = line.telephone("alice"), line.telephone(mobile(0)), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        agent = await desk.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        drilling = asyncio.create_task(drill(line.settings))
        await says_that_they_are_there(bruno.is_rung())
        told = await drilling
        await agent.hears_voice_of(caller)
        await caller.hangs_up()
    assert [each.get("result") for each in told[:3]] == ["in-call", "in-call", "accepted"]
    assert (desk.rung, pocket.rung) == (1, 0)


async def test_a_caller_comes_before_a_drill(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=THEN_BRUNO, agents=TWO_PHONES) as line:
        desk, pocket, bruno = line.telephone("alice"), line.telephone(mobile(0)), line.telephone("bruno")
        drilling = asyncio.create_task(drill(line.settings))
        asked_in_drill = await desk.is_rung()
        await asked_in_drill.picks_up()
        caller = await line.takes_a_call("panne")
        await asked_in_drill.is_hung_up()
        agent = await desk.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await (await bruno.is_rung()).refuses(603)
        told = await drilling
        await agent.hears_voice_of(caller)
        await caller.hangs_up()
    assert [each.get("result") for each in told[:3]] == ["cancelled", "in-call", "declined"]
    assert pocket.rung == 0


async def test_who_gives_a_drill_up_stops_the_ringing(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=NO_HURRY) as line:
        alice = line.telephone("alice")
        drilling = asyncio.create_task(drill(line.settings))
        ringing = await alice.is_rung()
        await line.line.recorder.flush()
        drilling.cancel()
        await asyncio.wait([drilling])
        await ringing.is_hung_up()


async def test_a_line_that_stops_stops_the_ringing(place: Place) -> None:
    alice = place.telephone("alice")
    async with line_that_stops(place, place.settings(teams=NO_HURRY)) as line:
        drilling = asyncio.create_task(drill(line.settings))
        ringing = await alice.is_rung()
    await ringing.is_hung_up()
    with pytest.raises(Refused, match="ended before"):
        await drilling


async def test_a_drill_needs_a_line_and_a_team_and_the_teams_reason(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        settings = line.settings
        assert (settings.data / SOCKET).stat().st_mode & 0o777 == 0o600
        with pytest.raises(Refused, match="there is no team `pannes`"):
            await drill(settings, "pannes")
        with pytest.raises(Refused, match="does not answer for the reason `retour`"):
            await drill(settings, "panne", reason="retour")
        await line.line.recorder.flush()
    with pytest.raises(NoLineRunning):
        await drill(settings)
