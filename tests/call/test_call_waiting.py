"""While telephones ring: what a caller hears, from the first instant, and the keys that end it."""

from __future__ import annotations

import asyncio
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ari_app.network.hearing import ALIKE, RATE, Samples, alaw_samples, likeness, loudness, read_wav
from ari_app.records.facts import CallBridged, CallEvent, LegAccepted, LegAnswered

from .answering import Words, answering, hears_the_beep, message_of, sound_of
from .exchange import OpenLine, tried
from .files import mobile
from .people import Person
from .sounds import PART

if TYPE_CHECKING:
    from .conftest import OpenALine

MUSIC = Path(__file__).parents[2] / "asterisk_conf/moh/attente.alaw"
ALICE = {"panne": ["{ring: [alice], for: 120s}"]}
UNNOTICED = 1.0
"""Seconds of silence that nobody takes for the end of the call."""
SILENCE = -50.0
"""dB relative to full scale."""


def rings_at_once(waiting: str) -> str:
    """Return a flow that rings at once, with something to hear or press meanwhile."""
    return f"""
flow: menu
languages: [fr, en]
language_of: {{caller: {{"+44": en}}}}
start: appel
fallback_reason: panne
reasons: {{panne: {{fr: motif, en: reason}}}}
nodes:
  appel: {{route: {{nobody: personne, while_waiting: {{{waiting}}}}}}}
  choix: {{goodbye: {{prompt: hors-astreinte}}}}
  personne: {{goodbye: {{prompt: personne-disponible}}}}
prompts:
  bienvenue: {{fr: Patience., en: Wait.}}
  personne-disponible: {{fr: Personne., en: Nobody.}}
  hors-astreinte: {{fr: Choisi., en: Chosen.}}
"""


def greets_and_rings(waiting: str) -> str:
    """Return the same with some words before."""
    before = "nodes:\n  debut: {say: {prompt: hors-astreinte, goto: appel}}"
    return rings_at_once(waiting).replace("start: appel", "start: debut").replace("nodes:", before)


async def silence_after(caller: Person, prompt: str) -> float:
    """Return how many seconds of silence somebody heard after a prompt that is over, until the next sound."""
    last = read_wav(caller._recordings.folder / f"fr/{prompt}.wav")[-PART:]
    heard = await caller.party.heard()
    end = int(np.argmax(np.correlate(heard, last, "valid"))) + PART
    assert likeness(heard[end - PART : end], last, seconds=PART / RATE) > ALIKE
    frame = RATE // 50
    frames = range(end + frame, len(heard) - frame, frame)  # beyond the last of the words
    silent = takewhile(lambda at: loudness(heard[at : at + frame]) < SILENCE, frames)
    return len(list(silent)) * frame / RATE


async def has_heard_since(caller: Person, samples: int) -> None:
    """Wait until somebody has listened for so many samples more."""
    before = len(await caller.party.heard())

    async def heard() -> bool:
        return len(await caller.party.heard()) >= before + samples

    await caller._until(heard, "anything", 10)


def music() -> Samples:
    """Return the beginning of the hold music that is shipped."""
    codes = np.frombuffer(MUSIC.read_bytes(), dtype=np.uint8)[: 2 * RATE]
    return alaw_samples(codes)


async def hears_music(caller: Person) -> None:
    """Wait until somebody has heard the hold music."""

    async def heard() -> bool:
        return likeness(await caller.party.heard(), music()) > 0.8

    await caller._until(heard, "music", 10)


async def test_hold_music_is_heard_until_the_agent_is_there(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ALICE, menu=rings_at_once("hear: music")) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await hears_music(caller)
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        await agent.hears_voice_of(caller)
        last = (await caller.party.heard())[-RATE:]
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert likeness(last, alaw_samples(np.frombuffer(MUSIC.read_bytes(), dtype=np.uint8))) < 0.5
    assert record.call.outcome == "bridged"


@pytest.mark.parametrize("hear", ["ringing", "music"])
async def test_there_is_no_silence_between_the_flows_words_and_ringing_or_music(
    open_a_line: OpenALine, hear: str
) -> None:
    waiting = greets_and_rings(f"hear: {hear}, say: personne-disponible, every: 2s")
    async with open_a_line(teams=ALICE, menu=waiting) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await alice.is_rung()
        await caller.hears_all_of("personne-disponible")
        await has_heard_since(caller, RATE)
        await caller.hangs_up()
        await line.record_of(caller)
    gaps = [await silence_after(caller, each) for each in ("hors-astreinte", "personne-disponible")]
    assert max(gaps) < UNNOTICED


async def test_callers_who_wait_may_choose_to_leave_a_message(open_a_line: OpenALine, tmp_path: Path) -> None:
    words = Words(tmp_path, "instead")
    waiting = answering(route='{nobody: personne, while_waiting: {hear: music, choices: {"2": message}}}')
    async with open_a_line(teams=ALICE, menu=waiting) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await hears_music(caller)
        await caller.presses("2")
        await agent.is_hung_up()
        await hears_the_beep(caller)
        await words.said_by(caller)
        await caller.presses("#")
        await caller.hears("message-recu")
        record = await line.record_of(caller)
        message = await message_of(line, record)
    assert record.call.outcome == "voicemail"
    assert words.share_in(sound_of(line.settings, message)) > 0.9


async def test_callers_hear_words_now_and_then_and_how_long_they_have_waited(open_a_line: OpenALine) -> None:
    waiting = rings_at_once("hear: ringing, say: bienvenue, every: 5s, tell_time: true")
    async with open_a_line(teams=ALICE, menu=waiting) as line:
        line.telephone("alice")
        caller = await line.takes_a_call(number="+442079460000")
        await caller.hears_ringing()
        assert not await caller.has_heard("bienvenue", "en")
        await caller.hears("bienvenue", "en")
        before = len(await caller.party.heard())
        await caller.hears("caller-waited", "en", within=20)
        await caller.hears("waited-10s", "en")
        heard = (await caller.party.heard())[before:]
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert likeness(heard, caller._recordings.parts("bienvenue", "en")[-1], seconds=0.2) > 0.6
    assert record.call.outcome == "abandoned"
    assert tried(record) == [("alice", "cancelled")]


async def test_ringing_or_music_goes_on_after_the_words(open_a_line: OpenALine) -> None:
    async with open_a_line(
        teams=ALICE, menu=rings_at_once("hear: music, say: personne-disponible, every: 2s")
    ) as line:
        line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.hears("personne-disponible")
        before = len(await caller.party.heard())

        async def music_again() -> bool:
            heard = (await caller.party.heard())[before + RATE :]
            whole = alaw_samples(np.frombuffer(MUSIC.read_bytes(), dtype=np.uint8))
            return len(heard) > RATE and likeness(whole, heard[:RATE]) > 0.8

        await caller._until(music_again, "music after the words", 10)
        await caller.hangs_up()
        await line.record_of(caller)


async def test_an_agent_who_takes_the_call_interrupts_the_words(open_a_line: OpenALine) -> None:
    menu = rings_at_once("hear: music, say: bienvenue, every: 3s")
    async with open_a_line(teams=ALICE, menu=menu, accept_seconds=10) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await agent.picks_up()
        await line.told(LegAnswered, caller)
        await caller.hears("bienvenue")
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        assert not await caller.has_heard_the_end_of("bienvenue")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"


async def test_a_key_ends_the_search_and_leads_on(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ALICE, menu=rings_at_once('choices: {"1": choix}')) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await caller.presses("95")  # no choice
        await caller.hears_ringing()
        assert not agent.party.gone
        await caller.presses("1")
        await agent.is_hung_up()
        assert not agent.party.up
        await caller.hears("hors-astreinte")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "cancelled")]
    assert record.call.outcome == "goodbye"
    assert record.call.talk_seconds is None


async def test_an_agent_who_picked_up_hears_that_the_caller_waits_no_longer(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ALICE, menu=rings_at_once('hear: music, choices: {"1": choix}')) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await caller.presses("1")
        await asyncio.gather(agent.hears("agent-unneeded"), caller.hears("hors-astreinte"))
        await asyncio.gather(agent.is_hung_up(), caller.is_hung_up())
        await line.record_of(caller)


async def test_hash_says_the_words_at_once(open_a_line: OpenALine) -> None:
    waiting = rings_at_once("say: personne-disponible, every: 300s")
    async with open_a_line(teams=ALICE, menu=waiting) as line:
        line.telephone("alice")
        caller = await line.takes_a_call()
        await line.telephone_rung_for(caller)
        await caller.presses("#")
        await caller.hears("personne-disponible")
        await caller.hangs_up()
        await line.record_of(caller)


async def test_a_key_of_before_chooses_nothing(open_a_line: OpenALine) -> None:
    menu = (
        rings_at_once('choices: {"1": choix}')
        .replace("start: appel", "start: debut")
        .replace(
            "nodes:",
            'nodes:\n  debut: {menu: {prompt: bienvenue, keys: {"1": {goto: appel}}, otherwise: appel}}',
        )
    )
    async with open_a_line(teams=ALICE, menu=menu) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await caller.presses("1")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"


async def test_callers_may_hang_up_whatever_they_hear(open_a_line: OpenALine) -> None:
    waiting = rings_at_once('hear: music, say: bienvenue, every: 2s, choices: {"1": choix}')
    teams = {
        "panne": [f"{{ring: [{', '.join(f'a{n}' for n in range(6))}], strategy: simultaneous, for: 60s}}"]
    }
    agents = {f"a{n}": f'["tel:{mobile(n)}"]' for n in range(6)}

    async def one(line: OpenLine, when: int) -> None:
        caller = await line.takes_a_call()
        await line.telephone_rung_for(caller)
        if when == 1:
            await hears_music(caller)
        elif when == 2:
            await caller.hears("bienvenue")
        elif when == 3:
            await asyncio.gather(caller.presses("1"), caller.hangs_up(), return_exceptions=True)
            await line.record_of(caller)
            return
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert record.call.outcome == "abandoned"

    async with open_a_line(teams=teams, agents=agents, menu=waiting) as line:
        for n in range(6):
            line.telephone(mobile(n))
        await asyncio.gather(*(one(line, when) for when in (0, 1, 2, 3, 3, 3)))


async def test_a_key_as_the_agent_takes_the_call_gives_one_of_the_two(open_a_line: OpenALine) -> None:
    waiting = rings_at_once('hear: music, choices: {"1": choix}')
    async with open_a_line(teams=ALICE, menu=waiting) as line:
        alice = line.telephone("alice")
        for pause in (0.0, 0.02, 0.04, -0.02, -0.04):
            caller = await line.takes_a_call()
            agent = await alice.is_rung()
            await agent.picks_up()
            await agent.hears("agent-accept-panne")

            async def after(seconds: float, person: Person) -> None:
                await asyncio.sleep(seconds)
                await person.presses("1")

            await asyncio.gather(after(max(0, pause), caller), after(max(0, -pause), agent))
            call = await line.call_of(caller)
            async with asyncio.timeout(10):
                while not line.facts.of(CallBridged, call):
                    if "menu.key" in [each.event for each in line.facts.of(CallEvent, call)]:
                        break
                    await asyncio.sleep(0.02)
            if line.facts.of(CallBridged, call):
                await caller.hears_voice_of(agent)
                await caller.hangs_up()
            else:
                await caller.hears("hors-astreinte")
            await caller.is_hung_up()
            await agent.is_hung_up()
            record = await line.record_of(caller)
            taken = line.facts.of(LegAccepted, call) != [] and record.call.outcome == "bridged"
            assert taken or record.call.outcome == "goodbye"
