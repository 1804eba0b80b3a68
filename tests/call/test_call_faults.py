"""The line, Asterisk or the connection between them dies: each caller reaches an outcome all the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.network.hearing import ALIKE, likeness, read_wav
from ari_app.records.facts import CallBridged, LegEnded
from tests.wire import Wire

from .exchange import Place, opened, tried
from .files import REASONS, direct_number, mobile
from .people import Person
from .troubles import (
    all_is_on_record,
    by_wire,
    calls,
    has_taken_up,
    is_cut,
    is_mended,
    line_process,
    put_through,
    put_through_by,
    record_at_the_end,
    record_of,
    takes_it_from_the_dialplan,
    they_hear_each_other,
    until_fallback_is,
    until_told,
)

PATIENT_TEAMS = {
    reason: [f"{{ring: [{who}], for: 30s}}"]
    for reason, who in zip(REASONS, ("alice", "bruno", "chloe"), strict=False)
}
"""Nobody stops ringing before a test is done."""
NEXT_YEAR = datetime.now(UTC).year + 1
NOBODY_YET = (
    f"layers: [{{id: later, rotation: {{members: [alice]}}, effective: {{from: {NEXT_YEAR}-01-01}}}}]\n"
)


# The line is away


async def test_while_the_line_is_away_asterisk_puts_callers_through_to_who_is_on_call(place: Place) -> None:
    async with line_process(place.settings()) as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        await until_fallback_is(place, direct_number(REASONS, "commande"), "PJSIP/+33199001201@trunk")
        await line.is_killed()
    for reason, who in ((None, "alice"), ("commande", "+33199001201")):
        phone = place.telephone(who)
        caller = await calls(place, reason)
        agent = await phone.is_rung()
        await takes_it_from_the_dialplan(agent)
        await caller.is_answered()
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        await agent.is_hung_up()


async def test_while_the_line_is_away_and_nobody_is_on_call_callers_hear_an_apology(place: Place) -> None:
    teams = {"panne": ["{ring: on-call, for: 5s}", "voicemail"]}
    async with line_process(place.settings(teams=teams, more={"panne": NOBODY_YET})) as line:
        await until_fallback_is(place, "default", "")
        await line.is_killed()
    caller = await calls(place)
    await caller.is_answered()
    apology = read_wav(next(place.asterisk.installation.sounds.glob("fr*/vm-nobodyavail.wav")))

    async def apologised() -> bool:
        return likeness(await caller.party.heard(), apology) > ALIKE

    await until_told("the apology is heard", apologised)


# Asterisk is slow


async def test_caller_who_hangs_up_while_asterisk_has_yet_to_dial_leaves_no_telephone_ringing(
    place: Place, ari_wire: Wire
) -> None:
    settings = by_wire(place.settings(teams=PATIENT_TEAMS), ari_wire)
    async with opened(place, settings) as line:
        caller = await line.takes_a_call()
        await caller.presses("1")
        await caller.hears("choix-motif")
        ari_wire.stall_requests()
        await caller.presses("1")
        await line.telephone_rung_for(caller)
        await caller.hangs_up()
        ended = await line.told(LegEnded, caller)
        ari_wire.flow()
        record = await line.record_of(caller)
    assert (ended.result, record.call.outcome) == ("cancelled", "abandoned")


# The line is killed with people on the phone


async def test_people_who_talk_when_the_line_is_killed_talk_on_and_their_record_ends_complete(
    place: Place, ari_wire: Wire
) -> None:
    settings = place.settings()
    async with line_process(settings) as killed:
        caller, agent = await put_through_by(killed, place, "panne", "alice")
        await killed.is_killed()
    await they_hear_each_other(caller, agent)
    async with opened(place, by_wire(settings, ari_wire)) as line:
        await has_taken_up(line)
        await is_cut(ari_wire, line)  # once more
        await they_hear_each_other(caller, agent)
        await is_mended(ari_wire, line)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await record_at_the_end(line)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])
    assert record.call.hangup_cause == 16  # Q.850: normal clearing


async def test_each_caller_reaches_an_agent_whatever_went_on_when_the_line_was_killed(place: Place) -> None:
    settings = place.settings(teams=PATIENT_TEAMS, accept_seconds=30)
    alice, bruno, chloe = (place.telephone(name) for name in ("alice", "bruno", "chloe"))
    async with line_process(settings) as killed:
        await until_fallback_is(place, direct_number(REASONS, "retour"), "PJSIP/chloe")
        in_menu, waiting, whispered = await asyncio.gather(
            calls(place), calls(place, "carte-volee"), calls(place, "retour")
        )
        await in_menu.is_answered()
        await in_menu.hears("bienvenue")
        ringing = await bruno.is_rung()
        whispered_to = await chloe.is_rung()
        await whispered_to.picks_up()
        await whispered_to.hears("agent-accept-retour")
        await killed.has_stored("leg.started", waiting)
        await killed.has_stored("leg.answered", whispered)
        await killed.has_stored("call.answered", in_menu)
        await killed.is_killed()
    async with opened(place, settings) as line:
        line.placed = 3
        await ringing.is_hung_up()
        await whispered_to.is_hung_up()

        async def put_through_now(caller: Person, agent: Person) -> None:
            await takes_it_from_the_dialplan(agent)
            await caller.party.listen()
            await they_hear_each_other(caller, agent)
            await agent.hangs_up()
            await caller.is_hung_up()

        await asyncio.gather(
            put_through_now(in_menu, await alice.is_rung()),
            put_through_now(waiting, await bruno.is_rung()),
            put_through_now(whispered, await chloe.is_rung()),
        )
        await all_is_on_record(line)
    for caller, legs in (
        (in_menu, []),
        (waiting, [("bruno", "interrupted")]),
        (whispered, [("chloe", "interrupted")]),
    ):
        record = await record_of(settings, caller)
        assert (record.call.outcome, tried(record)) == ("fallback", legs)


async def test_who_is_alone_after_a_talk_that_ended_while_the_line_was_dead_is_hung_up(place: Place) -> None:
    settings = place.settings()
    async with line_process(settings) as killed:
        gone_caller, left_agent = await put_through_by(killed, place, "panne", "alice")
        left_caller, gone_agent = await put_through_by(killed, place, "carte-volee", "bruno")
        await killed.is_killed()
    await gone_caller.hangs_up()
    await gone_caller.is_hung_up()
    await gone_agent.hangs_up()
    await gone_agent.is_hung_up()
    assert not left_agent.party.gone
    assert not left_caller.party.gone
    async with opened(place, settings) as line:
        line.placed = 2
        await left_agent.is_hung_up()
        await left_caller.is_hung_up()
        await all_is_on_record(line)
    records = [await record_of(settings, caller) for caller in (gone_caller, left_caller)]
    assert [record.call.outcome for record in records] == ["bridged", "bridged"]
    assert [tried(record) for record in records] == [[("alice", "accepted")], [("bruno", "accepted")]]


async def test_a_talk_of_which_nothing_was_written_goes_on_and_is_recorded(
    place: Place, tmp_path: Path
) -> None:
    settings = place.settings()
    lost = settings.model_copy(update={"database": f"sqlite+aiosqlite:///{tmp_path}/no-such-folder/lost.db"})
    async with line_process(lost) as killed:
        phone = place.telephone("alice")
        caller = await calls(place, "panne")
        await caller.is_answered()
        agent = await phone.is_rung()
        await agent.picks_up()
        await agent.presses("1")
        await killed.logs("call.bridged")
        await killed.is_killed()
    async with opened(place, settings) as line:
        await has_taken_up(line)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await record_at_the_end(line)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])
    assert (record.call.number, record.call.line) == (caller.number, direct_number(REASONS, "panne"))


# The connection to Asterisk is cut


async def test_a_cut_of_the_connection_is_not_noticed_by_people_who_talk(
    place: Place, ari_wire: Wire
) -> None:
    async with opened(place, by_wire(place.settings(), ari_wire)) as line:
        caller, agent = await put_through(line)
        await is_cut(ari_wire, line)
        await they_hear_each_other(caller, agent)
        await is_mended(ari_wire, line)
        await they_hear_each_other(caller, agent)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])


async def test_a_talk_that_ends_while_the_connection_is_cut_ends_on_record_when_it_is_back(
    place: Place, ari_wire: Wire
) -> None:
    async with opened(place, by_wire(place.settings(), ari_wire)) as line:
        caller, agent = await put_through(line)
        await is_cut(ari_wire, line)
        await caller.hangs_up()
        await caller.is_hung_up()
        await is_mended(ari_wire, line)
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])


async def test_the_menu_goes_on_when_the_end_of_a_prompt_was_missed(place: Place, ari_wire: Wire) -> None:
    async with opened(place, by_wire(place.settings(), ari_wire)) as line:
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await is_cut(ari_wire, line)
        await caller.hears("choix-langue")
        await until_told("the prompt is over", lambda: caller.has_heard_the_end_of("choix-langue"))
        await is_mended(ari_wire, line)
        await caller.hears("choix-motif")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "abandoned"


async def test_a_caller_who_hangs_up_while_the_connection_is_cut_is_not_said_to_have_given_up(
    place: Place, ari_wire: Wire
) -> None:
    async with opened(place, by_wire(place.settings(teams=PATIENT_TEAMS), ari_wire)) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await is_cut(ari_wire, line)
        await caller.hangs_up()
        await caller.is_hung_up()
        await is_mended(ari_wire, line)
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, tried(record)) == ("interrupted", [("alice", "cancelled")])


async def test_who_calls_while_the_connection_is_cut_is_put_through_by_the_dialplan(
    place: Place, ari_wire: Wire
) -> None:
    async with opened(place, by_wire(place.settings(), ari_wire)) as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        alice = line.telephone("alice")
        await is_cut(ari_wire, line)
        caller = await calls(place)
        agent = await alice.is_rung()
        await takes_it_from_the_dialplan(agent)
        await caller.is_answered()
        await is_mended(ari_wire, line)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        await agent.is_hung_up()


async def test_an_agent_who_answers_while_the_connection_is_cut_is_rung_again(
    place: Place, ari_wire: Wire
) -> None:
    async with opened(place, by_wire(place.settings(teams=PATIENT_TEAMS), ari_wire)) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await is_cut(ari_wire, line)
        await agent.party.ari.channels.answer(agent.party.channel_id)
        await agent.is_hung_up()  # Asterisk has nobody to give the answered telephone to
        await is_mended(ari_wire, line)
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "interrupted"), ("alice", "accepted")]


async def test_an_agent_whose_key_was_missed_is_asked_again(place: Place, ari_wire: Wire) -> None:
    settings = by_wire(place.settings(teams=PATIENT_TEAMS, accept_seconds=5), ari_wire)
    async with opened(place, settings) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await is_cut(ari_wire, line)
        await agent.presses("1")
        await until_told("the key is lost", lambda: agent.has_heard_the_end_of("agent-accept-panne"))
        await is_mended(ari_wire, line)
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]


async def test_who_waits_when_the_connection_is_cut_for_long_is_put_through_when_it_is_back(
    place: Place, ari_wire: Wire
) -> None:
    teams = {"panne": ["{ring: [alice], for: 1s}", "{ring: [bruno], for: 30s}"]}
    async with opened(place, by_wire(place.settings(teams=teams), ari_wire)) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        never_answering = await alice.is_rung()
        await is_cut(ari_wire, line)
        await line.told(LegEnded, caller, times=2)  # alice's time is over, and bruno cannot be rung
        await is_mended(ari_wire, line)
        await never_answering.is_hung_up()
        agent = await bruno.is_rung()
        await agent.picks_up()
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "no-answer"), ("bruno", "interrupted"), ("bruno", "accepted")]


async def test_without_the_manager_interface_calls_are_served_and_the_fallback_is_written_when_it_is_back(
    place: Place,
) -> None:
    settings = place.settings()
    wire = Wire(place.asterisk.config.ami_host, settings.ami.port)
    await wire.open()
    ami = settings.ami.model_copy(update={"port": wire.port})
    async with opened(place, settings.model_copy(update={"ami": ami})) as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        await wire.close()
        await until_told("the line lost AMI", lambda: not line.line.ami.ready)
        await place.asterisk.cli("database deltree astreinte fallback")
        caller, agent = await put_through(line)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        assert (await line.record_of(caller)).call.outcome == "bridged"
        await wire.open()
        await until_fallback_is(place, "default", "PJSIP/alice")
    await wire.close()


# Asterisk dies


async def test_calls_end_on_record_when_asterisk_dies_and_the_next_one_is_served(mortal_place: Place) -> None:
    place = mortal_place
    teams = {"panne": ["{ring: [farid], for: 30s}"], "commande": ["{ring: [emma], for: 30s}"]}
    settings = place.settings(teams=teams, agents={"farid": f'["tel:{mobile(0)}"]'})
    async with opened(place, settings) as line:
        emma = "+33199001201"
        talker, _ = await put_through(line, "commande", emma)
        phone = line.telephone(mobile(0))
        waiting = await line.takes_a_call("panne")
        await phone.is_rung()
        in_menu = await line.takes_a_call()
        await in_menu.hears("bienvenue")
        await place.asterisk.kill()
        await until_told("the line lost Asterisk", lambda: not line.line.ari.ready)
        await place.network.quiet()
        await place.asterisk.start()
        await place.asterisk.wait_ready()
        records = [await line.record_of(caller) for caller in (talker, waiting, in_menu)]
        caller, agent = await put_through(line, "commande", emma)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        await agent.is_hung_up()
        assert (await line.record_of(caller)).call.outcome == "bridged"
    assert [record.call.outcome for record in records] == ["bridged", "interrupted", "interrupted"]
    assert [tried(record) for record in records] == [[("emma", "accepted")], [("farid", "cancelled")], []]
    for record in records:  # nobody is left who could tell when it ended
        assert record.call.total_seconds is None
        assert record.events[-1].data["unseen"] is True
