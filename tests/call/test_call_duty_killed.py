"""The line is killed while it rings agents by itself: telephones stop, and who is to be asked is asked."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from ari_app.core.settings import Settings
from ari_app.records.duties import DutyReader
from ari_app.service.requests import Refused

from .duty import STEPS, tried_phones
from .exchange import OpenLine, Place, opened, tried
from .test_call_drill import drill
from .troubles import line_process, put_through, until_told

if TYPE_CHECKING:
    from .people import Person

PARIS = ZoneInfo("Europe/Paris")


def settings_of(place: Place, tries: int = 1) -> Settings:
    """Return the settings of a line that asks alice, whose duty begins in some minutes, at once."""
    begins = datetime.now(PARIS) + timedelta(minutes=5)
    more = (
        "layers:\n  - {id: renfort, rotation: {members: [bruno]}}\n"
        f"  - {{id: nuit, window: {{from: '{begins:%H:%M}', to: '{begins + timedelta(hours=8):%H:%M}'}},"
        " rotation: {members: [alice]}}\n"
        f"duty_call: {{before: 10m, within: 9m, tries: {tries}, for: 60s}}\n"
    )
    return place.settings(teams=STEPS, more={"panne": more}, accept_seconds=30)


async def confirmed(line: OpenLine) -> bool:
    """Tell whether alice has said that she can be reached, by the records."""
    await line.line.recorder.flush()
    async with DutyReader(line.settings.database_url) as reader:
        (duty,) = await reader.duties(datetime.now(PARIS))
    return duty.confirmed_by == "duty-call"


async def killed_while_it_rings(place: Place, settings: Settings, *, picked_up: bool = False) -> Person:
    """Kill a line in the middle of its duty call; return who was rung."""
    alice = place.telephone("alice")
    async with line_process(settings) as line:
        asked = await alice.is_rung()
        if picked_up:
            await asked.picks_up()
            await asked.hears("duty-keys")
        await line.is_killed()
    return asked


async def is_rung_for_a_caller_only(line: OpenLine, *, already: int) -> None:
    """Let the line do what is due, and a caller call: alice is rung for nothing else any more."""
    await line.line.duties.calls.look(datetime.now(PARIS))
    caller, _ = await put_through(line)
    await caller.hangs_up()
    record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]
    assert len(await tried_phones(line)) == already


@pytest.mark.parametrize("picked_up", [False, True], ids=["ringing", "asked"])
async def test_who_was_being_asked_when_the_line_was_killed_is_asked_again_when_it_is_back(
    place: Place, picked_up: bool
) -> None:
    settings = settings_of(place)
    asked = await killed_while_it_rings(place, settings, picked_up=picked_up)
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        await asked.is_hung_up()
        again = await alice.is_rung()
        await again.picks_up()
        await again.hears("duty-keys")
        await again.presses("1")
        await again.hears("duty-confirmed")
        await until_told("she is confirmed", lambda: confirmed(line))
        (phone,) = await tried_phones(line)
    assert (phone.agent, phone.result, alice.rung) == ("alice", "accepted", 1)


async def test_a_line_that_is_killed_each_time_does_not_ring_again_and_again(place: Place) -> None:
    settings = settings_of(place)
    for _ in range(2):
        asked = await killed_while_it_rings(place, settings)
    async with opened(place, settings) as line:
        await asked.is_hung_up()
        await is_rung_for_a_caller_only(line, already=0)


async def test_who_had_said_that_they_are_there_when_the_line_was_killed_is_not_asked_again(
    place: Place,
) -> None:
    settings = settings_of(place, tries=3)
    alice = place.telephone("alice")
    async with line_process(settings) as killed:
        asked = await alice.is_rung()
        await asked.takes_the_call()
        await killed.logs("duty.confirmed")
        await killed.is_killed()
    await asked.is_hung_up()
    async with opened(place, settings) as line:
        assert await confirmed(line)
        await is_rung_for_a_caller_only(line, already=1)


async def test_a_drill_that_is_under_way_when_the_line_is_killed_ends_and_rings_nobody_any_more(
    place: Place,
) -> None:
    settings = place.settings(teams={"panne": ["{ring: [alice], for: 60s}", "{ring: [bruno], for: 60s}"]})
    alice, bruno = place.telephone("alice"), place.telephone("bruno")
    async with line_process(settings) as killed:
        drilling = asyncio.create_task(drill(settings))
        await (await alice.is_rung()).refuses(603)
        ringing = await bruno.is_rung()
        await killed.is_killed()
    with pytest.raises(Refused, match="ended before"):
        await drilling
    async with opened(place, settings) as line:
        await ringing.is_hung_up()
        (phone,) = await tried_phones(line)
    assert (phone.agent, phone.result, phone.purpose) == ("alice", "declined", "drill")
    assert (alice.rung, bruno.rung) == (1, 1)
