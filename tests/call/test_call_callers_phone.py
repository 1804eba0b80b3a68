"""What callers' telephones may do other than speak and be hung up, and what becomes of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ari_app.network.hearing import alaw_codes, read_wav, tone_seconds, write_tone
from ari_app.pbx import AsteriskServer, LineConfig
from ari_app.records.facts import CallBridged, LegStarted

from .exchange import OpenLine, stored, tried
from .files import MENU_NUMBER, REASONS, direct_number
from .people import HEARD_FOR, Person
from .troubles import put_through, until_told
from .wire import WireCaller

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import OpenALine

SOMEBODY = b'"Zoe" <sip:+33612345678@carrier.invalid>'
WITHOUT_SOUND = {"panne": ["{ring: [alice], for: 120s}"]}
HERTZ = 1234.0


def wire_caller(line_asterisk: AsteriskServer, called: str) -> WireCaller:
    """Return a caller who writes their own packets."""
    assert isinstance(line_asterisk.config, LineConfig)
    return WireCaller(line_asterisk.config, called.encode(), SOMEBODY)


async def the_call(line: OpenLine) -> str:
    """Return the id of the call that such a caller has just placed."""
    line.placed += 1
    return (await line.facts.until(LegStarted)).call


async def hears_tone(agent: Person) -> None:
    """Wait until an agent has heard the tone that a caller sends."""

    async def heard() -> bool:
        return tone_seconds(await agent.party.heard(), HERTZ) >= HEARD_FOR

    await until_told("the agent hears the caller", heard)


# Hold, and sound that moves


async def test_a_caller_who_puts_the_menu_on_hold_goes_on_where_they_were(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await caller.party.hold()
        await caller.presses("2")
        await caller.party.unhold()
        await caller.hears("choix-motif", "en")
        await caller.presses("2")
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.language, record.call.reason) == ("en", "carte-volee")


async def test_a_caller_on_hold_is_put_through_and_talks_when_they_are_back(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=WITHOUT_SOUND) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await caller.party.hold()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await caller.party.unhold()
        await agent.hears_voice_of(caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]


async def test_a_caller_whose_sound_moves_in_the_talk_is_still_heard(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, tmp_path: Path
) -> None:
    tone = alaw_codes(read_wav(write_tone(tmp_path / "tone.wav", HERTZ, 1.0))).tobytes()
    async with open_a_line() as line:
        alice = line.telephone("alice")
        async with wire_caller(line_asterisk, direct_number(REASONS, "panne")) as caller:
            await caller.is_answered()
            call = await the_call(line)
            agent = await alice.is_rung()
            await agent.takes_the_call()
            await line.facts.until(CallBridged, call)
            for direction in (b"sendonly", b"inactive", b"sendrecv"):
                await caller.offers_again(direction)
            await caller.offers_again(elsewhere=True)
            await caller.speaks(tone)
            await hears_tone(agent)
        await agent.is_hung_up()


# Sound that stops


async def test_a_caller_whose_network_dies_in_the_talk_leaves_the_agent_free(
    open_a_line: OpenALine, impatient_phones: None
) -> None:
    async with open_a_line() as line:
        caller, agent = await put_through(line)
        await agent.hears_voice_of(caller)
        await caller.party.release()  # no packet from them any more
        await agent.speaks()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, record.call.hangup_cause) == ("bridged", None)
    assert tried(record) == [("alice", "accepted")]


async def test_a_caller_whose_network_dies_while_they_wait_keeps_no_telephone_ringing(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, impatient_phones: None
) -> None:
    async with open_a_line(teams=WITHOUT_SOUND) as line:
        alice = line.telephone("alice")
        async with wire_caller(line_asterisk, direct_number(REASONS, "panne")) as caller:
            await caller.is_answered()
            call = await the_call(line)
            agent = await alice.is_rung()
            await caller.is_hung_up()
            await agent.is_hung_up()
            await line.is_over(call)
        (record,) = await stored(line.settings)
    assert (record.call.outcome, tried(record)) == ("abandoned", [("alice", "cancelled")])


# Keys


async def test_keys_count_whether_they_come_as_sound_or_in_the_signalling(
    open_a_line: OpenALine, line_asterisk: AsteriskServer
) -> None:
    async with open_a_line() as line:
        chloe = line.telephone("chloe")
        async with wire_caller(line_asterisk, MENU_NUMBER) as caller:
            await caller.is_answered()
            caller.presses_by_info(b"2")
            await line.facts.until_event("menu.key", times=1)
            caller.presses_by_info(b"3")
            agent = await chloe.is_rung()
            await the_call(line)
        await agent.is_hung_up()


async def test_a_key_counts_however_short_it_was_and_if_its_end_was_lost(
    open_a_line: OpenALine, line_asterisk: AsteriskServer
) -> None:
    async with open_a_line() as line:
        chloe = line.telephone("chloe")
        async with wire_caller(line_asterisk, MENU_NUMBER) as caller:
            await caller.is_answered()
            await caller.presses(2, packets=1)
            await line.facts.until_event("menu.key", times=1)
            await caller.presses(3, packets=4, ends=0)
            await caller.speaks(b"\xd5" * 8000)
            agent = await chloe.is_rung()
            await the_call(line)
        await agent.is_hung_up()
