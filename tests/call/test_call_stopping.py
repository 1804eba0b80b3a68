"""A line that is told to stop stops, also while Asterisk is away and can be told nothing of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.wire import Wire

from .duty import BEGINS, clock_at, line_at, settings_of
from .exchange import Place, tried
from .test_call_survey import ALICE, surveyed, they_talked
from .troubles import PATIENCE, by_wire, is_cut, line_that_stops, record_of


async def test_a_line_stops_whose_asterisk_is_away_while_telephones_ring(
    place: Place, ari_wire: Wire
) -> None:
    settings = by_wire(place.settings(teams=ALICE), ari_wire)
    async with asyncio.timeout(PATIENCE), line_that_stops(place, settings) as line:
        phone = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        await phone.is_rung()
        await is_cut(ari_wire, line)
    record = await record_of(settings, caller)
    assert (record.call.outcome, tried(record)) == ("interrupted", [("alice", "cancelled")])


async def test_a_line_stops_whose_asterisk_is_away_while_a_caller_is_asked_how_it_was(
    place: Place, ari_wire: Wire
) -> None:
    settings = by_wire(place.settings(teams=ALICE, menu=surveyed("30s")), ari_wire)
    async with asyncio.timeout(2 * PATIENCE), line_that_stops(place, settings) as line:
        caller = await they_talked(line)
        await caller.hears("avis")
        await is_cut(ari_wire, line)
    record = await record_of(settings, caller)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])


async def test_a_line_stops_whose_asterisk_is_away_while_an_agent_is_rung_for_their_duty(
    place: Place, ari_wire: Wire
) -> None:
    settings = by_wire(settings_of(place, "{within: 10m, tries: 1, for: 60s}"), ari_wire)
    phone = place.telephone("alice")
    now = clock_at(BEGINS - timedelta(seconds=1))
    async with asyncio.timeout(PATIENCE), line_at(place, settings, now) as line:
        await phone.is_rung()
        await is_cut(ari_wire, line)
