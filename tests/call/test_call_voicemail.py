"""Callers leave messages: what they hear, and what is kept of what they say."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ari_app.network.hearing import Samples
from ari_app.pbx import AsteriskServer

from .answering import (
    Words,
    answering,
    hears_the_beep,
    is_asked_for_a_message,
    message_of,
    messages_of,
    sound_of,
)
from .exchange import OpenLine, tried
from .troubles import until_told

if TYPE_CHECKING:
    from .cdr import AsterisksRecords
    from .conftest import OpenALine

ASKING = "confirm: true"


async def nothing_is_left_in(asterisk: AsteriskServer) -> None:
    """Wait until Asterisk keeps no recording any more."""
    folder = asterisk.run_dir / "spool/recording"
    await until_told("Asterisk's recordings are gone", lambda: not [*folder.rglob("*.wav")])


async def test_a_message_is_heard_back_sent_and_kept_as_it_was_said(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, tmp_path: Path
) -> None:
    words = Words(tmp_path, "listened")
    async with open_a_line(menu=answering(ASKING)) as line:
        caller = await line.takes_a_call(name="Zoé <@everyone>")
        await caller.hears("laissez-message")
        await hears_the_beep(caller)
        await words.said_by(caller)
        await caller.presses("#")
        await caller.hears("voicemail-keys")
        await caller.presses("3")

        async def heard_back() -> bool:
            return words.share_in(await caller.party.heard()) > 0.7

        await until_told("the caller hears what they said", heard_back)
        await caller.presses("1")
        await caller.hears("message-recu")
        await caller.is_hung_up()
        record = await line.record_of(caller)
        message = await message_of(line, record)
        await nothing_is_left_in(line_asterisk)
    assert words.share_in(sound_of(line.settings, message)) > 0.9
    assert record.call.outcome == "voicemail"
    assert (message.team, message.language, message.number) == ("panne", "fr", caller.number)
    assert message.seconds == pytest.approx(2.6, abs=1)
    assert abs((datetime.now(UTC) - message.left_at).total_seconds()) < 60
    path = line.settings.data / "messages" / message.file
    assert path.name == f"{record.call.id}.r001.wav"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    told = [event.data["message"] for event in record.events if event.name == "message.left"]
    assert told == [message.id]


async def test_silence_or_the_longest_time_ends_a_message(open_a_line: OpenALine, tmp_path: Path) -> None:
    async def falls_silent(line: OpenLine) -> None:
        words = Words(tmp_path, "silent", silence=6)
        caller = await is_asked_for_a_message(line)
        await words.begun_by(caller)
        await caller.hears("message-recu")
        record = await line.record_of(caller)
        message = await message_of(line, record)
        assert words.share_in(sound_of(line.settings, message)) > 0.9
        assert message.seconds < 4.5  # the silence that ended it is cut off

    async def sends_nothing_more(line: OpenLine) -> None:
        # no packet after it: a telephone that suppresses silence, a lost way
        words = Words(tmp_path, "lost", silence=0)
        caller = await is_asked_for_a_message(line)
        await words.said_by(caller)
        await caller.hears("message-recu")
        message = await message_of(line, await line.record_of(caller))
        assert words.share_in(sound_of(line.settings, message)) > 0.9

    async def goes_on_and_on(line: OpenLine) -> None:
        words = Words(tmp_path, "long", 14)
        caller = await is_asked_for_a_message(line)
        await words.begun_by(caller)
        await caller.hears("message-recu", within=20)
        message = await message_of(line, await line.record_of(caller))
        assert message.seconds == pytest.approx(10.5, abs=1)
        assert 0.5 < words.share_in(sound_of(line.settings, message)) < 0.85

    async with open_a_line(menu=answering()) as line:
        await asyncio.gather(falls_silent(line), sends_nothing_more(line), goes_on_and_on(line))


async def test_who_says_nothing_or_next_to_nothing_leaves_no_message(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, tmp_path: Path
) -> None:
    async def ends_it_at_once(line: OpenLine) -> None:
        caller = await is_asked_for_a_message(line)
        await caller.presses("#")  # perhaps during the beep: then silence ends it
        await caller.hears("voicemail-nothing")
        await caller.hears("personne-disponible")
        assert (await line.record_of(caller)).call.outcome == "goodbye"

    async def says_a_syllable(line: OpenLine) -> None:
        caller = await is_asked_for_a_message(line)
        await Words(tmp_path, "syllable", 0.4).said_by(caller)
        await caller.presses("#")
        await caller.hears("voicemail-nothing")
        assert (await line.record_of(caller)).call.outcome == "goodbye"

    async def breathes_and_hangs_up(line: OpenLine) -> None:
        caller = await is_asked_for_a_message(line)
        await Words(tmp_path, "breath", 0.2, silence=1).said_by(caller)
        await caller.hangs_up()
        assert (await line.record_of(caller)).call.outcome == "abandoned"

    async def hangs_up_during_the_prompt(line: OpenLine) -> None:
        caller = await line.takes_a_call()
        await caller.hears("laissez-message")
        await caller.hangs_up()
        assert (await line.record_of(caller)).call.outcome == "abandoned"

    async def hangs_up_during_the_beep(line: OpenLine) -> None:
        caller = await line.takes_a_call()
        await caller.presses("5")  # the prompt is cut short
        await hears_the_beep(caller, seconds=0.05)
        await caller.hangs_up()
        assert (await line.record_of(caller)).call.outcome == "abandoned"

    async with open_a_line(menu=answering()) as line:
        await asyncio.gather(
            ends_it_at_once(line),
            says_a_syllable(line),
            breathes_and_hangs_up(line),
            hangs_up_during_the_prompt(line),
            hangs_up_during_the_beep(line),
        )
        assert await messages_of(line.settings) == []
        await nothing_is_left_in(line_asterisk)
    assert not (line.settings.data / "messages").exists()


async def test_a_message_that_is_recorded_again_replaces_the_first_unless_nothing_is_said(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, tmp_path: Path
) -> None:
    async def twice(line: OpenLine, then: str) -> tuple[Words, Words, Samples]:
        first, second = Words(tmp_path, f"{then}-first"), Words(tmp_path, f"{then}-second")
        caller = await is_asked_for_a_message(line)
        await first.said_by(caller)
        await caller.presses("#2")
        await hears_the_beep(caller, times=2)
        if then == "speaks":
            await second.said_by(caller)
            await caller.presses("#1")
        if then != "hangs up":
            await caller.hears("message-recu")
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert record.call.outcome == "voicemail"
        return first, second, sound_of(line.settings, await message_of(line, record))

    async with open_a_line(menu=answering(ASKING)) as line:
        again, *not_again = await asyncio.gather(
            twice(line, "speaks"), twice(line, "hangs up"), twice(line, "is silent")
        )
        await nothing_is_left_in(line_asterisk)
    first, second, sound = again
    assert first.share_in(sound) == 0
    assert second.share_in(sound) > 0.9
    for first, _, sound in not_again:
        assert first.share_in(sound) > 0.9


async def test_who_hangs_up_leaves_what_they_have_said(
    open_a_line: OpenALine,
    line_asterisk: AsteriskServer,
    asterisks_records: AsterisksRecords,
    tmp_path: Path,
) -> None:
    async def in_the_middle_of_a_word(line: OpenLine) -> None:
        words = Words(tmp_path, "cut", 8)
        caller = await is_asked_for_a_message(line)
        await words.begun_by(caller)
        await asyncio.sleep(3)  # they speak
        await caller.hangs_up()
        record = await line.record_of(caller)
        message = await message_of(line, record)
        assert record.call.outcome == "voicemail"
        assert 0.15 < words.share_in(sound_of(line.settings, message)) < 0.6
        measured = await asterisks_records.duration(record.call.channel_id)
        assert record.call.total_seconds == pytest.approx(measured, abs=0.1)

    async def when_asked_what_to_do_with_it(line: OpenLine) -> None:
        words = Words(tmp_path, "asked")
        caller = await is_asked_for_a_message(line)
        await words.said_by(caller)
        await caller.presses("#")
        await caller.hears("voicemail-keys")
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert record.call.outcome == "voicemail"
        assert words.share_in(sound_of(line.settings, await message_of(line, record))) > 0.9

    async with open_a_line(menu=answering(ASKING)) as line:
        await asyncio.gather(in_the_middle_of_a_word(line), when_asked_what_to_do_with_it(line))
        await nothing_is_left_in(line_asterisk)


async def test_who_calls_at_the_same_time_leaves_a_message_of_their_own(
    open_a_line: OpenALine, tmp_path: Path
) -> None:
    said = [Words(tmp_path, f"caller-{number}", 3) for number in range(4)]

    async def leaves(line: OpenLine, words: Words) -> Samples:
        caller = await is_asked_for_a_message(line)
        await words.said_by(caller)
        await caller.presses("#")
        await caller.hears("message-recu")
        return sound_of(line.settings, await message_of(line, await line.record_of(caller)))

    async with open_a_line(menu=answering()) as line:
        sounds = await asyncio.gather(*(leaves(line, words) for words in said))
    shares = [[round(words.share_in(sound)) for words in said] for sound in sounds]
    assert shares == [[int(mine == other) for other in range(4)] for mine in range(4)]


async def test_a_team_whose_roster_ends_with_voicemail_takes_messages_of_callers_whom_nobody_answers(
    open_a_line: OpenALine, tmp_path: Path
) -> None:
    words = Words(tmp_path, "unanswered")
    menu = answering(route="{nobody: personne, voicemail: message}")
    teams = {"panne": ["{ring: [alice], for: 5s}", "voicemail"]}
    async with open_a_line(menu=menu, teams=teams) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await (await alice.is_rung()).refuses(486)
        await hears_the_beep(caller)
        await words.said_by(caller)
        await caller.presses("#")
        await caller.hears("message-recu")
        record = await line.record_of(caller)
        message = await message_of(line, record)
        silent = await line.takes_a_call()
        await (await alice.is_rung()).refuses(486)
        await hears_the_beep(silent)
        await silent.hangs_up()
        nothing = await line.record_of(silent)
    assert tried(record) == [("alice", "busy")]
    assert (record.call.outcome, record.call.wait_seconds is not None) == ("voicemail", True)
    assert message.team == "panne"
    assert nothing.call.outcome == "unanswered"
