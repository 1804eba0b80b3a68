"""Calls that end while nobody watches: the records have the end that Asterisk noted, or none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ari_app.records.reader import CallStory

from .cdr import SECONDS, AsterisksRecords
from .exchange import Place, opened, tried
from .files import REASONS, direct_number
from .people import Person
from .troubles import (
    all_is_on_record,
    by_wire,
    calls,
    is_cut,
    is_mended,
    line_process,
    put_through,
    put_through_by,
    record_of,
    until_fallback_is,
)

if TYPE_CHECKING:
    from tests.wire import Wire

A_WHILE = 1.0
"""Seconds between an end and the moment at which the line learns of it: much more than may be wrong."""
MOBILES = {reason: f"+331990015{n:02}" for n, reason in enumerate(REASONS)}
AGENTS = {f"mobile-{reason}": f'["tel:{number}"]' for reason, number in MOBILES.items()}
TEAMS = {reason: [f"{{ring: [mobile-{reason}], for: 30s}}"] for reason in REASONS}


async def part(first: Person, second: Person | None = None) -> None:
    """Let somebody hang up, and later, if told, the other one."""
    await first.hangs_up()
    await first.is_hung_up()
    await asyncio.sleep(A_WHILE)
    if second:
        await second.hangs_up()
        await second.is_hung_up()


async def assert_as_asterisk_measured(record: CallStory, records: AsterisksRecords) -> None:
    """Check the durations of a call that is over with what Asterisk wrote of its channels."""
    call, (leg,) = record.call, record.legs
    (arrived,) = await records.times(call.channel_id, "CHAN_START")
    (ended,) = await records.times(call.channel_id, "CHAN_END")
    assert call.ended_at is not None
    assert call.ended_at.timestamp() == pytest.approx(ended, abs=SECONDS)
    assert call.total_seconds == pytest.approx(ended - arrived, abs=SECONDS)
    cdr = await records.duration(call.channel_id)
    if call.outcome == "bridged":
        assert call.bridged_at is not None
        assert call.talk_seconds is not None
        until_bridged = (call.bridged_at - call.arrived_at).total_seconds()
        assert until_bridged + call.talk_seconds == pytest.approx(cdr, abs=SECONDS)  # it ends with the talk
        (joined, *_) = await records.times(call.channel_id, "BRIDGE_ENTER")
        exits = [at for each in (call.channel_id, leg.id) for at in await records.times(each, "BRIDGE_EXIT")]
        assert call.talk_seconds == pytest.approx(min(exits) - joined, abs=SECONDS)
        assert leg.ended_at is not None
        assert leg.ended_at.timestamp() == pytest.approx(min(exits), abs=SECONDS)
    else:
        assert call.total_seconds == pytest.approx(cdr, abs=SECONDS)
        (rung,) = await records.times(leg.id, "CHAN_START")
        assert call.wait_seconds == pytest.approx(ended - rung, abs=SECONDS)
        assert leg.ring_seconds == pytest.approx(ended - rung, abs=SECONDS)


async def test_what_ended_while_the_line_was_dead_ended_when_asterisk_says(
    place: Place, asterisks_records: AsterisksRecords
) -> None:
    settings = place.settings(agents=AGENTS, teams=TEAMS)
    async with line_process(settings) as killed:
        talks = [
            await put_through_by(killed, place, reason, MOBILES[reason])
            for reason in ("panne", "carte-volee", "retour")
        ]
        phone = place.telephone(MOBILES["commande"])
        waiting = await calls(place, "commande")
        await phone.is_rung()
        await killed.has_stored("leg.started", waiting)
        await killed.is_killed()
    (first, left_agent), (left_caller, second), (third, agent) = talks
    await asyncio.gather(part(first), part(second), part(agent, third), part(waiting))
    async with opened(place, settings) as line:
        line.placed = 4
        await left_agent.is_hung_up()
        await left_caller.is_hung_up()
        await all_is_on_record(line)
        records = [await record_of(settings, caller) for caller in (first, left_caller, third, waiting)]
        for record in records:
            await assert_as_asterisk_measured(record, asterisks_records)
    outcomes = [record.call.outcome for record in records]
    assert outcomes == ["bridged", "bridged", "bridged", "interrupted"]
    assert [record.call.hangup_cause for record in records] == [16, None, 16, 16]


async def test_what_ended_while_the_connection_was_cut_ended_when_asterisk_says(
    place: Place, ari_wire: Wire, asterisks_records: AsterisksRecords
) -> None:
    async with opened(place, by_wire(place.settings(agents=AGENTS, teams=TEAMS), ari_wire)) as line:
        talks = [
            await put_through(line, reason, MOBILES[reason]) for reason in ("panne", "carte-volee", "retour")
        ]
        phone = line.telephone(MOBILES["commande"])
        waiting = await line.takes_a_call("commande")
        await phone.is_rung()
        await asyncio.sleep(A_WHILE)
        await is_cut(ari_wire, line)
        (first, left_agent), (left_caller, second), (third, agent) = talks
        await asyncio.gather(part(first), part(second), part(agent, third), part(waiting))
        await is_mended(ari_wire, line)
        await left_agent.is_hung_up()
        await left_caller.is_hung_up()
        records = [await line.record_of(caller) for caller in (first, left_caller, third, waiting)]
        for record in records:
            await assert_as_asterisk_measured(record, asterisks_records)
    outcomes = [record.call.outcome for record in records]
    assert outcomes == ["bridged", "bridged", "bridged", "interrupted"]


async def test_an_end_that_nobody_noted_has_no_durations(place: Place) -> None:
    settings = place.settings(agents=AGENTS, teams=TEAMS)
    async with line_process(settings) as killed:
        gone, _ = await put_through_by(killed, place, "panne", MOBILES["panne"])
        left, agent = await put_through_by(killed, place, "retour", MOBILES["retour"])
        phone = place.telephone(MOBILES["commande"])
        waiting = await calls(place, "commande")
        await phone.is_rung()
        await killed.has_stored("leg.started", waiting)
        await killed.is_killed()
    await asyncio.gather(part(gone), part(agent), part(waiting))
    await place.asterisk.cli("database deltree astreinte ended")
    async with opened(place, settings) as line:
        line.placed = 3
        await all_is_on_record(line)
    talked, parted, waited = [await record_of(settings, caller) for caller in (gone, left, waiting)]
    assert [each.call.outcome for each in (talked, parted, waited)] == ["bridged", "bridged", "interrupted"]
    for record in (talked, waited):
        assert record.call.total_seconds is None
        assert record.events[-1].data["unseen"] is True
    assert talked.call.talk_seconds is parted.call.talk_seconds is waited.call.wait_seconds is None
    assert parted.call.total_seconds is not None  # the line itself hung up the caller
    assert talked.call.wait_seconds is not None


async def test_callers_do_not_wait_for_records_that_cannot_be_read(place: Place) -> None:
    settings = place.settings(agents=AGENTS, teams=TEAMS)
    async with line_process(settings) as killed:
        await until_fallback_is(place, direct_number(REASONS, "retour"), f"PJSIP/{MOBILES['retour']}@trunk")
        left, agent = await put_through_by(killed, place, "panne", MOBILES["panne"])
        phone = place.telephone(MOBILES["retour"])
        waiting = await calls(place, "retour")
        ringing = await phone.is_rung()
        await killed.has_stored("leg.started", waiting)
        await killed.is_killed()
    await part(agent)
    database = settings.data / "astreinte.db"
    database.rename(settings.data / "elsewhere.db")
    database.mkdir()
    async with opened(place, settings) as line:
        line.placed = 2
        await ringing.is_hung_up()
        again = await phone.is_rung()
        await left.is_hung_up()
        database.rmdir()
        (settings.data / "elsewhere.db").rename(database)
        await all_is_on_record(line)
        await waiting.hangs_up()
        await again.is_hung_up()
    records = [await record_of(settings, caller) for caller in (left, waiting)]
    assert [each.call.outcome for each in records] == ["bridged", "fallback"]
    assert [tried(each) for each in records] == [
        [("mobile-panne", "accepted")],
        [("mobile-retour", "interrupted")],
    ]
