"""What agents' telephones may do other than ring and be picked up, and what becomes of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ari_app.network.hearing import tone_seconds, write_tone
from ari_app.network.party import Party
from ari_app.records.facts import CallBridged

from .exchange import tried
from .files import mobile
from .troubles import put_through

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import OpenALine

NO_HURRY = "for: 120s"
ALICE_THEN_BRUNO = [f"{{ring: [alice], {NO_HURRY}}}", f"{{ring: [bruno], {NO_HURRY}}}"]
PREMIUM = "+33899000000"
"""A number that the roster does not have, and that costs the line money."""


async def test_a_phone_that_sends_the_call_elsewhere_is_not_obeyed(open_a_line: OpenALine) -> None:
    agents = {"alice": "[sip:alice]", "emma": f'["tel:{mobile(0)}"]'}
    teams = {
        "panne": ALICE_THEN_BRUNO,
        "commande": [f"{{ring: [emma], {NO_HURRY}}}", f"{{ring: [chloe], {NO_HURRY}}}"],
    }

    async def forwards(party: Party) -> None:
        await party.redirect(PREMIUM)

    async with open_a_line(agents=agents, teams=teams) as line:
        premium = line.telephone(PREMIUM)
        for phone, reason, following in (("alice", "panne", "bruno"), (mobile(0), "commande", "chloe")):
            line.telephone(phone).does(forwards)
            other = line.telephone(following)
            caller = await line.takes_a_call(reason)
            agent = await other.is_rung()
            await agent.takes_the_call()
            await line.told(CallBridged, caller)
            await caller.hangs_up()
            record = await line.record_of(caller)
            assert [result for _, result in tried(record)] == ["declined", "accepted"]
            assert record.legs[0].tech_cause == 302
        assert premium.rung == 0
    assert line.placed == 2


async def test_what_a_phone_says_before_it_is_picked_up_is_not_heard(
    open_a_line: OpenALine, tmp_path: Path
) -> None:
    announcement = write_tone(tmp_path / "announcement.wav", 1234.0, 3.0)

    async def announces(party: Party) -> None:
        await party.early_media(announcement)

    async with open_a_line(
        teams={"panne": ["{ring: [alice], for: 2s}", f"{{ring: [bruno], {NO_HURRY}}}"]}
    ) as line:
        line.telephone("alice").does(announces)
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        await caller.hears_ringing()
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert tone_seconds(await caller.party.heard(), 1234.0) == 0
    assert tried(record) == [("alice", "no-answer"), ("bruno", "cancelled")]


async def test_an_agent_who_picks_up_and_hangs_up_at_once_is_followed_by_the_next(
    open_a_line: OpenALine,
) -> None:
    async def picks_up_and_hangs_up(party: Party) -> None:
        await party.ari.channels.answer(party.channel_id)
        await party.hang_up()

    async with open_a_line(teams={"panne": ALICE_THEN_BRUNO}) as line:
        line.telephone("alice").does(picks_up_and_hangs_up)
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        agent = await bruno.is_rung()
        await agent.takes_the_call()
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "not-accepted"), ("bruno", "accepted")]


async def test_a_talk_goes_on_after_the_agent_put_the_caller_on_hold(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        caller, agent = await put_through(line)
        await caller.hears_voice_of(agent)
        await agent.party.hold()
        await agent.party.unhold()
        await caller.hears_voice_of(agent)
        await agent.hears_voice_of(caller)
        await caller.party.hold()
        await caller.party.unhold()
        await agent.hears_voice_of(caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"


async def test_an_agent_whose_network_died_does_not_keep_the_line(
    open_a_line: OpenALine, impatient_phones: None
) -> None:
    async with open_a_line() as line:
        caller, agent = await put_through(line)
        await caller.hears_voice_of(agent)
        await agent.party.release()  # no packet from them any more
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"
    assert tried(record) == [("alice", "accepted")]


async def test_a_call_that_a_phone_transfers_stays_where_it_is(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        premium = line.telephone(PREMIUM)
        caller, agent = await put_through(line)
        await caller.hears_voice_of(agent)
        await agent.party.redirect(PREMIUM)  # SIP REFER, in a call
        await agent.hears_voice_of(caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert premium.rung == 0
    assert tried(record) == [("alice", "accepted")]
