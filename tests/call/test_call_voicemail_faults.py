"""Something dies, or has no space, while callers leave messages: what they have said is kept all the same."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.call.leftovers import Leftovers
from ari_app.core.ids import new_call_id
from ari_app.core.settings import MessageSettings, Settings
from ari_app.records.facts import MessageLeft
from ari_app.records.messages import MessageRecord
from ari_app.records.recorder import Recorder
from tests.wire import Wire

from .answering import (
    Words,
    answering,
    hears_the_beep,
    is_asked_for_a_message,
    message_of,
    messages_of,
    sound_of,
)
from .exchange import OpenLine, Place, opened
from .files import MENU_NUMBER
from .troubles import (
    by_wire,
    is_cut,
    is_mended,
    line_process,
    line_that_stops,
    record_of,
    takes_it_from_the_dialplan,
    until_told,
)

WELL_INTO_IT = 3.0
"""Seconds after which a caller has said something."""


async def the_message(line: OpenLine, call: str | None = None) -> MessageRecord:
    """Wait until there is a message on record, of a call if it is given; return it.

    Another test may have left one in Asterisk, which the line takes too.
    """
    found: list[MessageRecord] = []

    async def kept() -> bool:
        found[:] = [each for each in await messages_of(line.settings) if call in (None, each.call_id)]
        return bool(found)

    await until_told("the message is kept", kept)
    (message,) = found
    return message


async def test_what_is_said_while_the_line_is_dead_is_kept_at_its_next_start(
    place: Place, tmp_path: Path
) -> None:
    words = Words(tmp_path, "killed", 6)
    settings = place.settings(menu=answering())
    alice = place.telephone("alice")
    async with line_process(settings) as killed:
        caller = await place.caller(MENU_NUMBER)
        await caller.is_answered()
        await hears_the_beep(caller)
        await words.begun_by(caller)
        await killed.has_stored("flow.node", caller)
        await killed.is_killed()
    async with line_that_stops(place, settings) as line:
        await caller.party.until_said()
        await caller.presses("#")  # the line has given the caller to the dialplan, which waits for that
        await takes_it_from_the_dialplan(await alice.is_rung())
        message = await the_message(line)
        await caller.hangs_up()
    record = await record_of(settings, caller)
    assert words.share_in(sound_of(settings, message)) > 0.9
    assert (message.call_id, message.team, message.number) == (record.call.id, "panne", caller.number)
    assert record.call.outcome == "fallback"


async def test_what_was_said_until_asterisk_died_is_kept(mortal_place: Place, tmp_path: Path) -> None:
    place, words = mortal_place, Words(tmp_path, "asterisk", 9)
    async with opened(place, place.settings(menu=answering())) as line:
        caller = await is_asked_for_a_message(line)
        await words.begun_by(caller)
        await asyncio.sleep(2 * WELL_INTO_IT)
        await place.asterisk.kill()
        await until_told("the line lost Asterisk", lambda: not line.line.ari.ready)
        await place.network.quiet()
        await place.asterisk.start()
        await place.asterisk.wait_ready()
        record = await line.record_of(caller)
        message = await the_message(line)
    assert record.call.outcome == "voicemail"
    assert message.call_id == record.call.id
    assert 0.3 < words.share_in(sound_of(line.settings, message)) < 0.9


async def test_a_cut_connection_costs_no_message(place: Place, ari_wire: Wire, tmp_path: Path) -> None:
    async with opened(place, by_wire(place.settings(menu=answering()), ari_wire)) as line:
        words, others = Words(tmp_path, "cut", 4), Words(tmp_path, "gone", 4)
        caller, hanging_up = await asyncio.gather(is_asked_for_a_message(line), is_asked_for_a_message(line))
        await asyncio.gather(words.begun_by(caller), others.begun_by(hanging_up))
        await is_cut(ari_wire, line)
        await caller.party.until_said()
        await caller.presses("#")
        await hanging_up.hangs_up()
        await hanging_up.is_hung_up()
        await is_mended(ari_wire, line)
        await caller.hears("message-recu")
        record, lost = await line.record_of(caller), await line.record_of(hanging_up)

        async def kept() -> bool:
            return len(await messages_of(line.settings)) == 2

        await until_told("both messages are kept", kept)
        sounds = {each.call_id: sound_of(line.settings, each) for each in await messages_of(line.settings)}
    assert (record.call.outcome, lost.call.outcome) == ("voicemail", "voicemail")
    assert words.share_in(sounds[record.call.id]) > 0.9
    assert others.share_in(sounds[lost.call.id]) > 0.5


async def test_a_line_that_stops_keeps_what_was_said_and_gives_the_caller_to_the_dialplan(
    place: Place, tmp_path: Path
) -> None:
    words = Words(tmp_path, "stopped", 6)
    settings = place.settings(menu=answering())
    alice = place.telephone("alice")
    async with line_that_stops(place, settings) as line:
        caller = await is_asked_for_a_message(line)
        await words.begun_by(caller)
        await asyncio.sleep(WELL_INTO_IT)
    await takes_it_from_the_dialplan(await alice.is_rung())
    await caller.hangs_up()
    (message,) = await messages_of(settings)
    assert 0.2 < words.share_in(sound_of(settings, message)) < 0.8
    assert (await record_of(settings, caller)).call.outcome == "fallback"


async def test_without_space_callers_are_told_so_and_what_asterisk_has_is_kept_when_there_is_some(
    place: Place, tmp_path: Path
) -> None:
    settings = place.settings(menu=answering())
    folder = settings.data / "messages"
    folder.touch()  # a file where the folder would be: nothing can be written there
    words = Words(tmp_path, "full")
    async with opened(place, settings) as line:
        caller = await is_asked_for_a_message(line)
        await words.said_by(caller)
        await caller.presses("#")
        await caller.hears("voicemail-failed")
        await caller.hears("personne-disponible")
        await caller.is_hung_up()
        record = await line.record_of(caller)
        assert record.call.outcome == "goodbye"
        assert "voicemail.failed" in [event.name for event in record.events]
    folder.unlink()
    async with line_that_stops(place, settings) as line:
        message = await the_message(line, record.call.id)
    assert words.share_in(sound_of(settings, message)) > 0.9


async def test_a_message_that_is_not_on_record_yet_is_not_taken_for_one_that_was_left_behind(
    place: Place, tmp_path: Path
) -> None:
    words = Words(tmp_path, "locked")
    async with opened(place, place.settings(menu=answering())) as line:
        caller = await is_asked_for_a_message(line)
        await line.line.recorder.flush()
        with closing(sqlite3.connect(line.settings.database_file, isolation_level=None)) as somebody_else:
            somebody_else.execute("BEGIN IMMEDIATE")  # the records can be read, and take nothing
            await words.said_by(caller)
            await caller.presses("#")
            await caller.hears("message-recu")
            await caller.is_hung_up()
            await until_told("the call is over", lambda: not line.line.reception.calls)
            left_behind = Leftovers(
                line.line.ari, lambda: line.line._desk, is_known=line.line.reception.knows
            )
            file = line.settings.data / "messages" / f"{await line.call_of(caller)}.r001.wav"
            stored = file.stat().st_ino
            assert await left_behind.keep(line.settings.database_url)
            assert file.stat().st_ino == stored
        record = await line.record_of(caller)
        assert words.share_in(sound_of(line.settings, await message_of(line, record))) > 0.9


async def test_when_asterisk_cannot_record_callers_are_told_so(place: Place) -> None:
    recordings = place.asterisk.run_dir / "spool/recording"
    recordings.rename(recordings.with_name("kept"))
    recordings.touch()  # no folder: nothing can be written there
    try:
        async with opened(place, place.settings(menu=answering())) as line:
            caller = await line.takes_a_call()
            await caller.hears("voicemail-failed")
            await caller.hears("personne-disponible")
            record = await line.record_of(caller)
    finally:
        recordings.unlink()
        recordings.with_name("kept").rename(recordings)
    assert record.call.outcome == "goodbye"
    assert await messages_of(line.settings) == []


@pytest.mark.parametrize("days", [1, 30])
async def test_the_sound_of_messages_is_deleted_when_its_time_is_over(place: Place, days: int) -> None:
    settings = place.settings(menu=answering())
    settings = settings.model_copy(update={"messages": MessageSettings(keep_days=days)})
    now = datetime.now(UTC)
    ages = (timedelta(days=days, minutes=-5), timedelta(days=days, minutes=5), timedelta(days=365))
    young, *old = [await a_message(settings, now - age) for age in ages]
    stranger = settings.data / "messages" / "holiday.wav"
    stranger.touch()
    async with line_that_stops(place, settings) as line:
        files = {path.name for path in stranger.parent.iterdir()}
        await until_told(
            "old messages are deleted",
            lambda: {path.name for path in stranger.parent.iterdir()} == {f"{young}.wav", stranger.name},
        )
        await line.line.recorder.flush()
        deleted = {each.id: each.deleted_at for each in await messages_of(settings)}
    assert files
    assert {message for message, at in deleted.items() if at is not None} == set(old)


async def a_message(settings: Settings, at: datetime) -> str:
    """Have a message on record that was left at an instant; return its id."""
    message = f"{new_call_id(at)}.r001"
    path = settings.data / "messages" / f"{message}.wav"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    recorder = Recorder(settings.database_url, spill=settings.data / "unsaved.jsonl")
    await recorder.start()
    call, _, _ = message.partition(".")
    left = MessageLeft(id=message, at=at, call=call, team="panne", language="fr", file=path.name, seconds=2)
    recorder.put_entry(left)
    await recorder.stop()
    return message
