"""Every event reaches whoever watches what it is about, whatever others do."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest

from ari_app.ari.errors import RecordingGone
from ari_app.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    Dial,
    Event,
    PlaybackFinished,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from ari_app.core.ids import new_id
from ari_app.pbx import AsteriskServer

if TYPE_CHECKING:
    from ari_app.ari import AriClient
    from tests.ari.conftest import FarEnd, LogEvents, MakeClient

PROMPT = "sound:tt-monkeys"
"""16 seconds."""


async def test_two_hundred_calls_never_miss_their_stasis_start(client: AriClient, far_end: FarEnd) -> None:
    async def one_call() -> None:
        channel_id = new_id()
        async with client.watch(channel_id) as watched:
            await client.channels.originate(
                endpoint="Local/answer@far-end", app=client.app, channel_id=channel_id
            )
            await far_end.until(watched, StasisStart)
            await far_end.hang_up(client, watched, channel_id)

    for _ in range(25):
        await asyncio.gather(*(one_call() for _ in range(8)))


async def test_events_come_in_order_and_only_to_their_watcher(client: AriClient, far_end: FarEnd) -> None:
    async with client.watch() as mine, client.watch(new_id()) as other:
        channel_id = await far_end.call(client, mine)
        await client.channels.hangup(channel_id, reason="busy")
        kinds: list[type[Event]] = []
        while ChannelDestroyed not in kinds:
            event = await mine.get()
            assert channel_id in event.about()
            kinds.append(type(event))
        assert kinds == [ChannelHangupRequest, StasisEnd, ChannelDestroyed]
        assert event.at.tzinfo is not None
        assert other.get_nowait() is None


async def test_arguments_of_the_dialplan_come_with_a_new_channel(
    client: AriClient, ari_asterisk: AsteriskServer, make_client: MakeClient, far_end: FarEnd
) -> None:
    outside = make_client(ari_asterisk)
    await outside.start()
    callers: asyncio.Queue[StasisStart] = asyncio.Queue()
    client.on_stasis_start = callers.put_nowait
    channel_id = new_id()
    async with outside.watch(channel_id) as watched:
        await outside.channels.originate(
            endpoint="Local/stasis@far-end",
            app=outside.app,
            channel_id=channel_id,
            caller_id='"Zoé <b>" <+33612345678>',
            variables={"APP": client.app},
        )
        caller = await callers.get()
        assert caller.args == ["inbound", "second"]
        assert (caller.channel.caller.name, caller.channel.caller.number) == ("Zoé <b>", "+33612345678")
        await client.channels.hangup(caller.channel.id, reason_code="17")
        dial = await far_end.until(watched, Dial)
        while not dial.dialstatus:
            dial = await far_end.until(watched, Dial)
        end = await far_end.until(watched, ChannelDestroyed)
        assert (dial.dialstatus, end.cause) == ("BUSY", 17)


async def test_what_happens_to_a_new_channel_before_its_task_runs_is_kept(
    client: AriClient, ari_asterisk: AsteriskServer, make_client: MakeClient, far_end: FarEnd
) -> None:
    outside = make_client(ari_asterisk)
    await outside.start()
    callers: asyncio.Queue[StasisStart] = asyncio.Queue()
    client.on_stasis_start = callers.put_nowait
    seen: asyncio.Queue[Event] = asyncio.Queue()
    client.on_event.append(seen.put_nowait)
    async with outside.watch() as far_side:
        channel_id = new_id()
        far_side.add(channel_id)
        await outside.channels.originate(
            endpoint="Local/stasis@far-end",
            app=outside.app,
            channel_id=channel_id,
            variables={"APP": client.app},
        )
        caller = (await callers.get()).channel.id
        await client.channels.hangup(caller)
        while not isinstance(await seen.get(), StasisEnd):
            pass
        async with client.watch(caller) as late:
            assert isinstance(await late.get(), ChannelHangupRequest)
            assert isinstance(await late.get(), StasisEnd)
        await far_end.until(far_side, ChannelDestroyed)


async def test_end_of_a_playback_reaches_the_watcher_of_its_channel(
    client: AriClient, far_end: FarEnd
) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        playback_id = new_id()
        await client.channels.play(channel_id, media=[PROMPT, PROMPT], playback_id=playback_id)
        await client.playbacks.stop(playback_id)
        assert (await far_end.until(watched, PlaybackFinished)).playback.id == playback_id
        await far_end.hang_up(client, watched, channel_id)


async def test_digit_reaches_the_watcher_of_its_channel(
    client: AriClient, ari_asterisk: AsteriskServer, make_client: MakeClient, far_end: FarEnd
) -> None:
    outside = make_client(ari_asterisk)
    await outside.start()
    callers: asyncio.Queue[StasisStart] = asyncio.Queue()
    client.on_stasis_start = callers.put_nowait
    async with outside.watch() as far_side:
        calling = asyncio.create_task(
            far_end.call(outside, far_side, "stasis", variables={"APP": client.app})
        )
        caller = (await callers.get()).channel.id
        async with client.watch(caller) as watched:
            await client.channels.answer(caller)
            far_channel = await calling
            await outside.channels.send_dtmf(far_channel, dtmf="4#")
            digits = [(await far_end.until(watched, ChannelDtmfReceived)).digit for _ in "4#"]
            assert digits == ["4", "#"]
            await outside.channels.hangup(far_channel)
            await far_end.until(watched, StasisEnd)
        await far_end.until(far_side, ChannelDestroyed)


async def test_end_of_a_recording_reaches_the_watcher_and_its_file_can_be_fetched(
    client: AriClient, far_end: FarEnd
) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        name = f"voicemail/{new_id()}"
        await client.channels.record(channel_id, name=name, format="wav", beep=False)
        await asyncio.sleep(0.2)
        await client.recordings.stop(name)
        assert (await far_end.until(watched, RecordingFinished)).recording.name == name
        whole, pieces = await client.recordings.get_stored_file(name), io.BytesIO()

        async def take(piece: bytes) -> None:
            pieces.write(piece)

        assert whole.startswith(b"RIFF")
        assert await client.recordings.get_stored_file(name, into=take) == b""
        assert pieces.getvalue() == whole
        with pytest.raises(RecordingGone):
            await client.recordings.get_stored_file("no-such-recording", into=take)
        assert pieces.getvalue() == whole
        await client.recordings.delete_stored(name)
        await far_end.hang_up(client, watched, channel_id)


async def test_bridge_can_be_watched_like_a_channel(
    ari_asterisk: AsteriskServer, make_client: MakeClient, far_end: FarEnd
) -> None:
    client = make_client(ari_asterisk, events=[StasisStart, ChannelDestroyed, "ChannelEnteredBridge"])
    await client.start()
    bridge_id = new_id()
    async with client.watch() as legs, client.watch(bridges=[bridge_id]) as bridge:
        first, second = await far_end.call(client, legs), await far_end.call(client, legs)
        await client.bridges.create(type="mixing", bridge_id=bridge_id)
        await client.bridges.add_channel(bridge_id, channel=[first, second])
        entered = [await far_end.until(bridge, ChannelEnteredBridge) for _ in range(2)]
        assert [event.channel.id for event in entered if event.channel] == [first, second]
        await client.bridges.destroy(bridge_id)
        await far_end.hang_up(client, legs, first)
        await far_end.hang_up(client, legs, second)


async def test_event_about_two_watched_channels_comes_once(client: AriClient, far_end: FarEnd) -> None:
    bridge_id = new_id()
    seen: list[Event] = []
    async with client.watch(bridges=[bridge_id], on_event=seen.append) as watched, client.watch() as queue:
        channel_id = await far_end.call(client, queue)
        watched.add(channel_id)
        await client.bridges.create(type="mixing", bridge_id=bridge_id)
        await client.applications.filter(client.app, allowed=["RESTResponse", "ChannelEnteredBridge"])
        await client.bridges.add_channel(bridge_id, channel=[channel_id])
        await client.asterisk.ping()
        assert [type(event) for event in seen] == [ChannelEnteredBridge]
        await client.applications.filter(client.app, allowed=[])
        await client.bridges.destroy(bridge_id)
        await far_end.hang_up(client, queue, channel_id)


async def test_callbacks_that_fail_do_not_end_the_reader(client: AriClient, far_end: FarEnd) -> None:
    def broken(_event: Event) -> None:
        raise LookupError("not our fault")

    client.on_event.append(broken)
    client.on_stasis_start = broken
    channel_id = new_id()
    async with client.watch(channel_id, on_event=broken), client.watch() as watched:
        await far_end.hang_up(client, watched, await far_end.call(client, watched))
    assert client.ready
    assert client.connects == 1


async def test_slow_consumer_is_visible_and_loses_nothing(
    client: AriClient, far_end: FarEnd, log_events: LogEvents
) -> None:
    async with client.watch() as slow, client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        slow.add(channel_id)
        for _ in range(100):
            await client.channels.play(channel_id, media=["sound:nowhere"])
            await far_end.until(watched, PlaybackFinished)
        assert slow.backlog == 100
        for _ in range(100):
            await far_end.until(slow, PlaybackFinished)
        await far_end.hang_up(client, watched, channel_id)
    assert log_events().count("ari.slow_consumer") == 1


async def test_cancelled_wait_loses_no_event(client: AriClient, far_end: FarEnd) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        waiting = asyncio.create_task(watched.get())
        await asyncio.sleep(0)
        waiting.cancel()
        await far_end.hang_up(client, watched, channel_id)


async def test_two_consumers_of_one_watch_are_refused(client: AriClient) -> None:
    async with client.watch(new_id()) as watched:
        first = asyncio.create_task(watched.get())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await watched.get()
        first.cancel()


async def test_nothing_is_kept_for_a_watch_that_ended(client: AriClient, far_end: FarEnd) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        async with client.watch(channel_id) as ended:
            pass
        await far_end.hang_up(client, watched, channel_id)
    assert ended.backlog == 0
    assert ended.ids == frozenset()
