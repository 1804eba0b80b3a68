"""What caller and agent say is recorded where the flow says so: judged by what can be heard in the file."""

from __future__ import annotations

import asyncio
import stat
from datetime import timedelta
from typing import TYPE_CHECKING

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.core.ids import begun_at
from ari_app.network.hearing import loudness
from ari_app.records.facts import CallBridged

from .recorded import (
    ON_DEMAND,
    RECORD,
    asterisk_has_none,
    between,
    recording,
    recording_of,
    recordings_of,
    recordings_of_call,
    sound_of,
    taken,
    voice_seconds,
)
from .test_call_conversation import CONFERENCE, CONSULT, DIGITS, TRANSFER, event, they_talk

if TYPE_CHECKING:
    from .conftest import OpenALine

HEARD_FOR = 0.3
NOTHING = 0.1
"""Seconds of a voice."""
OFF_BY = 0.9
"""Seconds that a recording is shorter than the talk at most: Asterisk mixes nothing while both hear words."""
PANNE = {"panne": ["{ring: [alice], for: 120s}"]}


async def test_both_are_in_the_recording_and_nothing_from_before(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording()) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.hears_all_of("enregistrement")
        assert alice.rung == 0
        agent = await alice.is_rung()
        await caller.speaks()
        await agent.picks_up()
        await agent.hears("agent-recorded")
        await agent.presses("1")
        caller.hertz += 40
        await they_talk(caller, agent)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
        made = await recording_of(line, record)
        sound = sound_of(line.settings, made)
    assert voice_seconds(sound, caller.hertz) > HEARD_FOR
    assert voice_seconds(sound, agent.hertz) > HEARD_FOR
    assert voice_seconds(sound, caller.hertz - 40) < NOTHING
    assert record.call.talk_seconds is not None
    assert abs(made.seconds - record.call.talk_seconds) < 0.5
    assert (made.call_id, made.team, made.agent, made.pauses) == (record.call.id, "panne", "alice", [])
    assert made.delete_at == begun_at(record.call.id) + timedelta(days=30)
    folder = line.settings.data / "recordings"
    path = folder / made.file
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    assert (path.stat().st_size, len(sound) / 8000) == (made.size, made.seconds)
    assert loudness(sound) > -60


async def test_an_agent_pauses_the_recording_and_both_hear_it(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording()) as line:
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        first, second = caller.hertz, agent.hertz
        await agent.presses(RECORD)
        await asyncio.gather(caller.hears("recording-paused"), agent.hears("recording-paused"))
        await agent.hears_all_of("recording-paused")
        caller.hertz, agent.hertz = first + 40, second + 40  # a card's number
        await they_talk(caller, agent)
        await agent.presses(RECORD)
        await asyncio.gather(caller.hears("recording-resumed"), agent.hears("recording-resumed"))
        await event(line, caller, "recording.resumed")
        caller.hertz, agent.hertz = first + 80, second + 80
        await they_talk(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
        made = await recording_of(line, record)
        sound = sound_of(line.settings, made)
    for voice in (first, second, first + 80, second + 80):
        assert voice_seconds(sound, voice) > HEARD_FOR
    for voice in (first + 40, second + 40):
        assert voice_seconds(sound, voice) < NOTHING
    ((start, end),) = made.pauses
    assert loudness(between(sound, start + 0.2, end - OFF_BY)) < -90
    assert abs(made.seconds - (record.call.talk_seconds or 0)) < OFF_BY


async def test_what_agents_say_among_themselves_is_not_recorded(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS, menu=recording()) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        await agent.presses(f"{CONSULT}1")
        await caller.hears_music()
        colleague = await bruno.is_rung()
        await colleague.picks_up()
        await colleague.hears("agent-recorded")
        await colleague.presses("1")
        await event(line, caller, "talk.joined")
        known = caller.hertz, agent.hertz
        caller.hertz, agent.hertz = caller.hertz + 40, agent.hertz + 40
        await caller.speaks()  # to whoever is in the room with them
        await they_talk(agent, colleague)
        await asyncio.gather(*(each.party.until_said() for each in (caller, agent, colleague)))
        private = caller.hertz, agent.hertz, colleague.hertz
        await agent.presses(CONSULT)
        await line.told(CallBridged, caller, times=2)
        caller.hertz, agent.hertz = caller.hertz + 40, agent.hertz + 40
        await they_talk(caller, agent)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()
        record = await line.record_of(caller)
        before, after = [
            sound_of(line.settings, each) for each in await recordings_of_call(line, record, number=2)
        ]
    for sound, voices in ((before, known), (after, (caller.hertz, agent.hertz))):
        assert min(voice_seconds(sound, voice) for voice in voices) > HEARD_FOR
        assert max(voice_seconds(sound, voice) for voice in private) < NOTHING


async def test_it_goes_on_with_the_colleague_who_takes_over(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS, menu=recording()) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        await agent.presses(f"{TRANSFER}1")
        colleague = await bruno.is_rung()
        await caller.hears_music()
        await colleague.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await colleague.presses(RECORD)
        await caller.hears_all_of("recording-paused")
        caller.hertz, colleague.hertz = caller.hertz + 40, colleague.hertz + 40
        await they_talk(caller, colleague)
        await asyncio.sleep(SHORTEST_TALK)
        await colleague.hangs_up()
        record = await line.record_of(caller)
        before, after = [
            sound_of(line.settings, each) for each in await recordings_of_call(line, record, number=2)
        ]
    assert voice_seconds(before, agent.hertz) > HEARD_FOR
    assert min(voice_seconds(after, each.hertz - 40) for each in (caller, colleague)) > HEARD_FOR
    assert max(voice_seconds(after, each.hertz) for each in (caller, colleague)) < NOTHING


async def test_what_was_paused_stays_so_until_whoever_took_over_presses_the_key(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS, menu=recording()) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await agent.presses(RECORD)
        await agent.hears_all_of("recording-paused")
        colleague = await agent.reaches(bruno, f"{TRANSFER}1")
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, colleague)
        await colleague.presses(RECORD)
        await caller.hears_all_of("recording-resumed")
        await event(line, caller, "recording.resumed")
        caller.hertz, colleague.hertz = caller.hertz + 40, colleague.hertz + 40
        await they_talk(caller, colleague)
        await asyncio.sleep(SHORTEST_TALK)
        await colleague.hangs_up()
        record = await line.record_of(caller)
        _, after = [
            sound_of(line.settings, each) for each in await recordings_of_call(line, record, number=2)
        ]
    assert min(voice_seconds(after, each.hertz) for each in (caller, colleague)) > HEARD_FOR
    assert max(voice_seconds(after, each.hertz - 40) for each in (caller, colleague)) < NOTHING


async def test_all_who_talk_with_the_caller_are_recorded_whoever_comes_and_goes(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=PANNE, more=DIGITS, menu=recording()) as line:
        bruno = line.telephone("bruno")
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        colleague = await agent.reaches(bruno, f"{CONFERENCE}1")
        await event(line, caller, "talk.joined")
        caller.hertz, agent.hertz = caller.hertz + 40, agent.hertz + 40
        await they_talk(caller, agent, colleague)
        await agent.hangs_up()
        await line.told(CallBridged, caller, times=2)
        caller.hertz, colleague.hertz = caller.hertz + 40, colleague.hertz + 40
        await they_talk(caller, colleague)
        await asyncio.sleep(SHORTEST_TALK)
        await colleague.hangs_up()
        record = await line.record_of(caller)
        made = await recording_of(line, record)
        sound = sound_of(line.settings, made)
    voices = [caller.hertz - 80, caller.hertz - 40, caller.hertz, agent.hertz - 40, agent.hertz]
    voices += [colleague.hertz - 40, colleague.hertz]
    assert [voice for voice in voices if voice_seconds(sound, voice) < HEARD_FOR] == []
    assert record.call.talk_seconds is not None
    assert abs(made.seconds - record.call.talk_seconds) < 0.5


async def test_a_caller_who_objects_is_served_and_not_recorded(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording(then="then: encore")) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.hears("enregistrement")
        await caller.presses("9")
        await event(line, caller, "recording.refused")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await they_talk(caller, agent)
        await agent.presses(RECORD)
        await agent.hears_all_of("recording-refused")
        await they_talk(caller, agent)
        await agent.hangs_up()
        await caller.hears("merci")
        await caller.presses("1")  # and again: the answer still holds
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert await asterisk_has_none(line, record.call.id)
    assert not await agent.has_heard("agent-recorded")
    assert record.call.outcome == "bridged"
    assert [event.name for event in record.events if event.name.startswith("recording.")] == [
        "recording.announced",
        "recording.refused",
    ]
    assert await recordings_of(line.settings) == []
    assert not (line.settings.data / "recordings").exists()


async def test_a_recording_on_demand_begins_when_both_have_heard_of_it(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording(ON_DEMAND)) as line:
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        before = caller.hertz, agent.hertz
        assert not await caller.has_heard("enregistrement")
        await agent.presses(RECORD)
        await asyncio.gather(caller.hears("enregistrement"), agent.hears("enregistrement"))
        await event(line, caller, "recording.begun")
        caller.hertz, agent.hertz = caller.hertz + 40, agent.hertz + 40
        await they_talk(caller, agent)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()
        record = await line.record_of(caller)
        sound = sound_of(line.settings, await recording_of(line, record))
    assert await caller.has_heard_the_end_of("enregistrement")
    for voice in (caller.hertz, agent.hertz):
        assert voice_seconds(sound, voice) > HEARD_FOR
    for voice in before:
        assert voice_seconds(sound, voice) < NOTHING


async def test_a_caller_objects_to_a_recording_on_demand(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording(ON_DEMAND, then="then: encore")) as line:
        caller, agent = await taken(line)
        alice = line.telephone("alice")
        await they_talk(caller, agent)
        await agent.presses(RECORD)
        await caller.hears("enregistrement")
        await caller.presses("9")
        await agent.hears_all_of("recording-refused")
        assert not await caller.has_heard("recording-refused")
        await they_talk(caller, agent)
        await agent.presses(RECORD)
        await event(line, caller, "talk.key", times=2)
        await they_talk(caller, agent)
        await agent.hangs_up()
        await caller.hears("merci")
        await caller.presses("1")  # and again: the answer still holds
        again = await alice.is_rung()
        await again.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await again.presses(RECORD)
        await again.hears_all_of("recording-refused")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert "recording.begun" not in [event.name for event in record.events]


async def test_nothing_is_recorded_on_demand_that_nobody_asks_for(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording(ON_DEMAND)) as line:
        caller, agent = await taken(line)
        await they_talk(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert await asterisk_has_none(line, record.call.id)
    assert [event.name for event in record.events if event.name.startswith("recording.")] == []


async def test_each_talk_of_a_call_is_a_recording_of_its_own(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=PANNE, menu=recording(then="then: encore")) as line:
        caller, agent = await taken(line)
        alice = line.telephone("alice")
        await they_talk(caller, agent)
        await asyncio.sleep(SHORTEST_TALK)
        await agent.hangs_up()
        await caller.hears("merci")
        await caller.presses("1")
        again = await alice.is_rung()
        await again.takes_the_call()
        await line.told(CallBridged, caller, times=2)
        await they_talk(caller, again)
        await caller.hangs_up()
        record = await line.record_of(caller)
        first, second = [
            sound_of(line.settings, each) for each in await recordings_of_call(line, record, number=2)
        ]
    assert voice_seconds(first, agent.hertz) > HEARD_FOR
    assert voice_seconds(first, again.hertz) < NOTHING
    assert voice_seconds(second, again.hertz) > HEARD_FOR


async def test_a_talk_with_a_number_is_recorded_and_its_key_works(open_a_line: OpenALine) -> None:
    menu = recording().replace("route:", 'transfer:\n      number: "+33199001201"')
    async with open_a_line(menu=menu) as line:
        emma = line.telephone("+33199001201")
        caller = await line.takes_a_call()
        agent = await emma.is_rung()
        await agent.picks_up()
        await line.told(CallBridged, caller)
        await they_talk(caller, agent)
        await agent.presses(RECORD)
        await caller.hears("recording-paused")
        await caller.hangs_up()
        record = await line.record_of(caller)
        made = await recording_of(line, record)
    assert voice_seconds(sound_of(line.settings, made), agent.hertz) > 0.2
    assert len(made.pauses) == 1
