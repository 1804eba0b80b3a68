"""Requests: each on its lane, each refusal a type, and no value that can leave its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.ari import operations
from ari_app.ari.encoding import path_segment, query_value
from ari_app.ari.errors import (
    AllocationFailed,
    AriError,
    BadRequest,
    BridgeGone,
    ChannelGone,
    IdInUse,
    NotFound,
    NotInStasis,
    PlaybackGone,
    RecordingGone,
    TooLarge,
    Unprocessable,
)
from ari_app.ari.events import (
    DEFAULT_TYPES,
    ChannelDestroyed,
    PlaybackFinished,
    PlaybackStarted,
    StasisStart,
)
from ari_app.core.ids import new_id
from ari_app.pbx import AsteriskServer

if TYPE_CHECKING:
    from ari_app.ari import AriClient, Watched
    from tests.ari.conftest import FarEnd, MakeClient

PROMPT = "sound:tt-monkeys"
"""16 seconds."""


QUEUED: dict[str, Callable[[AriClient, str], Awaitable[object]]] = {
    "get": lambda client, channel: client.channels.get(channel),
    "ring": lambda client, channel: client.channels.ring(channel),
    "ring_stop": lambda client, channel: client.channels.ring_stop(channel),
    "progress": lambda client, channel: client.channels.progress(channel),
    "start_moh": lambda client, channel: client.channels.start_moh(channel),
    "stop_moh": lambda client, channel: client.channels.stop_moh(channel),
    "start_silence": lambda client, channel: client.channels.start_silence(channel),
    "stop_silence": lambda client, channel: client.channels.stop_silence(channel),
    "mute": lambda client, channel: client.channels.mute(channel),
    "unmute": lambda client, channel: client.channels.unmute(channel),
    "hold": lambda client, channel: client.channels.hold(channel),
    "unhold": lambda client, channel: client.channels.unhold(channel),
    "send_dtmf": lambda client, channel: client.channels.send_dtmf(channel, dtmf="1"),
    "play": lambda client, channel: client.channels.play(channel, media=[PROMPT]),
    "record": lambda client, channel: client.channels.record(channel, name=new_id(), format="wav"),
    "move": lambda client, channel: client.channels.move(channel, app=client.app),
}
WAITING: dict[str, Callable[[AriClient, str, str], Awaitable[object]]] = {
    "answer": lambda client, channel, _: client.channels.answer(channel),
    "set_variable": lambda client, channel, _: client.channels.set_variable(channel, variable="A", value="1"),
    "set_variables": lambda client, channel, _: client.channels.set_variables(channel, variables={"A": "1"}),
    "add_channel": lambda client, channel, bridge: client.bridges.add_channel(bridge, channel=[channel]),
}


@pytest.fixture
async def client_of_playbacks(ari_asterisk: AsteriskServer, make_client: MakeClient) -> AriClient:
    """A client that hears of the beginning of playbacks too."""
    client = make_client(ari_asterisk, events=[*DEFAULT_TYPES, PlaybackStarted])
    await client.start()
    return client


async def occupy(client: AriClient, watched: Watched, channel_id: str, far_end: FarEnd) -> str:
    """Play something long, which holds the channel's thread; return the playback's id."""
    playback_id = new_id()
    await client.channels.play(channel_id, media=[PROMPT], playback_id=playback_id)
    await far_end.until(watched, PlaybackStarted)
    return playback_id


@pytest.mark.parametrize("name", QUEUED)
async def test_nothing_on_the_websocket_waits_for_a_playback(
    name: str, client_of_playbacks: AriClient, far_end: FarEnd
) -> None:
    client = client_of_playbacks
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        playback_id = await occupy(client, watched, channel_id, far_end)
        await QUEUED[name](client, channel_id)
        assert (await client.playbacks.get(playback_id)).state == "playing"
        await client.playbacks.stop(playback_id)
        await far_end.until(watched, PlaybackFinished)
        await far_end.hang_up(client, watched, channel_id)


@pytest.mark.parametrize("name", WAITING)
async def test_what_waits_for_a_playback_holds_up_nothing_else(
    name: str, client_of_playbacks: AriClient, far_end: FarEnd
) -> None:
    client = client_of_playbacks
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        bridge_id = new_id()
        await client.bridges.create(type="mixing", bridge_id=bridge_id)
        playback_id = await occupy(client, watched, channel_id, far_end)
        waiting = asyncio.ensure_future(WAITING[name](client, channel_id, bridge_id))
        await asyncio.sleep(0.05)
        await client.asterisk.ping()
        await client.asterisk.info()
        assert not waiting.done()
        await client.playbacks.stop(playback_id)
        await far_end.until(watched, PlaybackFinished)
        await waiting
        await client.bridges.destroy(bridge_id)
        await far_end.hang_up(client, watched, channel_id)


async def test_created_channel_is_dialled_after_its_stasis_start(client: AriClient, far_end: FarEnd) -> None:
    channel_id = new_id()
    async with client.watch(channel_id) as watched:
        await client.channels.create(endpoint="Local/answer@far-end", app=client.app, channel_id=channel_id)
        await far_end.until(watched, StasisStart)
        await client.channels.dial(channel_id, timeout=5)
        assert (await client.channels.get(channel_id)).id == channel_id
        await far_end.hang_up(client, watched, channel_id)


async def test_id_of_a_live_channel_is_refused(
    own_asterisk: AsteriskServer, make_client: MakeClient, far_end: FarEnd
) -> None:
    client = make_client(own_asterisk)
    await client.start()
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        for taken in (channel_id, channel_id[:-2].upper()):
            with pytest.raises(IdInUse) as failure:
                await client.channels.originate(
                    endpoint="Local/answer@far-end", app=client.app, channel_id=taken
                )
            assert failure.value.status == 409
        await far_end.hang_up(client, watched, channel_id)
    # Asterisk 22.10.1 counts the refused channel as alive: its orderly stop would wait for it for 15 seconds.
    await own_asterisk.kill()


async def test_each_refusal_is_a_type_with_its_facts(client: AriClient, far_end: FarEnd) -> None:
    gone = new_id()
    async with client.watch() as watched, client.watch() as outside:
        channel_id = await far_end.call(client, watched)
        bridge_id = new_id()
        await client.bridges.create(type="mixing", bridge_id=bridge_id)
        stranger = new_id()
        outside.add(stranger)
        await client.channels.originate(
            endpoint="Local/ring@far-end",
            channel_id=stranger,
            context="far-end",
            extension="ring",
            originator=channel_id,
        )
        refusals: list[tuple[type[AriError], int, Awaitable[object]]] = [
            (ChannelGone, 404, client.channels.answer(gone)),
            (ChannelGone, 404, client.channels.hangup(gone)),
            (ChannelGone, 404, client.channels.rtp_statistics(gone)),
            (ChannelGone, 400, client.bridges.add_channel(bridge_id, channel=[gone])),
            (BridgeGone, 404, client.bridges.add_channel(gone, channel=[channel_id])),
            (BridgeGone, 404, client.bridges.destroy(gone)),
            (PlaybackGone, 404, client.playbacks.stop(gone)),
            (RecordingGone, 404, client.recordings.stop(gone)),
            (RecordingGone, 404, client.recordings.get_stored_file(gone)),
            (NotInStasis, 409, client.channels.play(stranger, media=[PROMPT])),
            (NotInStasis, 422, client.bridges.add_channel(bridge_id, channel=[stranger])),
            (NotInStasis, 422, client.bridges.remove_channel(bridge_id, channel=[channel_id])),
            (Unprocessable, 403, client.channels.rtp_statistics(channel_id)),
            (NotFound, 404, client.channels.get_variable(channel_id, variable="NOBODY_SET_THIS")),
            (BadRequest, 400, client.channels.hangup(channel_id, reason="boredom")),
            (AllocationFailed, 500, client.channels.originate(endpoint="PJSIP/nobody", app=client.app)),
            (AllocationFailed, 500, client.channels.create(endpoint="Nothing/1", app=client.app)),
        ]
        for kind, status, request in refusals:
            with pytest.raises(kind) as failure:
                await request
            error = failure.value
            assert error.status == status
            assert error.method in error.message
            assert error.path in error.message
            assert error.detail
            assert error.remedy
        await client.bridges.destroy(bridge_id)
        await client.channels.hangup(stranger)
        await far_end.hang_up(client, watched, channel_id)


async def test_leg_that_has_not_answered_cannot_be_commanded(client: AriClient) -> None:
    channel_id = new_id()
    async with client.watch(channel_id):
        await client.channels.originate(endpoint="Local/ring@far-end", app=client.app, channel_id=channel_id)
        with pytest.raises(NotInStasis):
            await client.channels.play(channel_id, media=[PROMPT])
        await client.channels.hangup(channel_id)


@pytest.mark.parametrize(
    "value",
    [
        "a&b=c",
        "100%",
        "1+1",
        "#?/../..",
        'say "hello", (you)',
        "back\\slash",
        "é ñ 日本 🎈",
        "line\r\nbreak\ttab",
        "%41%00%2F",
        " ",
    ],
)
async def test_any_text_arrives_as_it_was_sent(value: str, client: AriClient, far_end: FarEnd) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        await client.channels.set_variable(channel_id, variable="ONE", value=value)
        await client.channels.set_variables(channel_id, variables={"TWO": value})
        for variable in ("ONE", "TWO"):
            assert (await client.channels.get_variable(channel_id, variable=variable)).value == value
        both = await client.channels.get_variables(channel_id, variables=["ONE", "TWO"])
        assert both.variables == {"ONE": value, "TWO": value}
        await far_end.hang_up(client, watched, channel_id)


@pytest.mark.parametrize("media", ["sound:a,b", 'sound:"', "sound:(", "sound:a\\,b", "sound:a b&c"])
async def test_list_is_not_split_inside_its_elements(media: str, client: AriClient, far_end: FarEnd) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        playback = await client.channels.play(channel_id, media=[PROMPT, media])
        assert (playback.media_uri, playback.next_media_uri) == (PROMPT, media)
        await far_end.hang_up(client, watched, channel_id)


@pytest.mark.parametrize(
    "crafted", ["..", ".", "../bridges", "x/../..", "a?b=c", "a#b", "%2e%2e", "a b", "é"]
)
async def test_crafted_id_stays_one_segment_of_the_path(crafted: str, client: AriClient) -> None:
    with pytest.raises(ChannelGone):
        await client.channels.get(crafted)
    with pytest.raises(ChannelGone):
        await client.channels.answer(crafted)
    with pytest.raises(NotFound):
        await client.recordings.get_stored_file(crafted)


@pytest.mark.parametrize("crafted", ["", "a\0b"])
async def test_id_that_no_path_can_carry_is_refused_before_it_is_sent(
    crafted: str, client: AriClient
) -> None:
    with pytest.raises(ValueError):
        await client.channels.hangup(crafted)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_one_segment_and_one_value(text: str) -> None:
    for encoded in (path_segment(text), query_value(text)):
        assert not set(encoded) & set("/?#&=+ \r\n\\\"'")
        assert encoded.isascii()
        assert unquote(encoded) == text
    assert path_segment(text) not in {".", ".."}


NAMES = operations.command("POST", "/names")
LISTS = operations.command("GET", "/lists")


@pytest.mark.parametrize(
    ("operation", "told", "uri", "body"),
    [
        (NAMES, {"name": "a&b=c %FF", "none": None}, "names", {"name": "a&b=c %FF"}),
        (NAMES, {"many": ["a,b", 'c"'], "yes": True}, "names", {"many": ["a,b", 'c"'], "yes": True}),
        (NAMES, {"none": None}, "names", None),
        (LISTS, {"name": "a&b", "yes": True, "count": 3}, "lists?name=a%26b&yes=true&count=3", None),
        (LISTS, {"many": ["a", "b"]}, "lists?many=a%2Cb", None),
        (LISTS, {"many": ["a,b"], "count": 3}, "lists?count=3", {"many": ["a,b"]}),
    ],
)  # fmt: skip
def test_what_a_request_says_is_neither_split_nor_read_as_more(
    operation: operations.Operation[None], told: dict[str, operations.Value], uri: str, body: object
) -> None:
    asked, payload = operation.prepare((), told, None)
    assert (asked, json.loads(payload) if payload else None) == (uri, body)


@pytest.mark.parametrize("told", [{"name": "a\0b"}, {"many": ["a", "b\0"]}])
@pytest.mark.parametrize("operation", [NAMES, LISTS])
def test_a_text_that_asterisk_would_cut_short_is_not_sent(
    operation: operations.Operation[None], told: dict[str, operations.Value]
) -> None:
    with pytest.raises(ValueError):
        operation.prepare((), told, None)


async def test_request_too_large_for_a_websocket_frame_goes_by_http(
    client: AriClient, far_end: FarEnd
) -> None:
    large = "x" * 35_000
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched, variables={"LARGE": large})
        await client.asterisk.ping()
        assert client.connects == 1
        with pytest.raises(TooLarge):
            await client.channels.set_variables(channel_id, variables={"LARGE": large * 2})
        await far_end.hang_up(client, watched, channel_id)


async def test_error_names_the_path_and_not_what_callers_sent(client: AriClient) -> None:
    with pytest.raises(AllocationFailed) as failure:
        await client.channels.originate(
            endpoint="PJSIP/nobody", app=client.app, caller_id="+33612345678", channel_id=new_id()
        )
    assert "33612345678" not in str(failure.value)
    assert failure.value.path == "channels"


async def test_other_resources_answer(client: AriClient) -> None:
    assert (await client.asterisk.ping()).ping == "pong"
    assert (await client.asterisk.info()).system.version
    assert (await client.asterisk.get_module("res_ari.so")).status == "Running"
    await client.asterisk.set_global_variable(variable="SEASON", value="été")
    assert (await client.asterisk.get_global_variable(variable="SEASON")).value == "été"
    assert client.app in {application.name for application in await client.applications.list()}
    device = f"Stasis:{new_id()}"
    await client.device_states.update(device, device_state="INUSE")
    assert (await client.device_states.get(device)).state == "INUSE"
    assert device in {state.name for state in await client.device_states.list()}
    await client.device_states.delete(device)
    endpoint = (await client.endpoints.list_by_tech("PJSIP"))[0]
    assert await client.endpoints.get("PJSIP", endpoint.resource) == endpoint


async def test_application_can_hear_of_more(client: AriClient, far_end: FarEnd) -> None:
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        await client.applications.subscribe(client.app, event_source=f"channel:{channel_id}")
        await client.channels.continue_in_dialplan(channel_id, context="far-end", extension="ring")
        await client.channels.hangup(channel_id)
        assert (await far_end.until(watched, ChannelDestroyed)).channel.id == channel_id
        with pytest.raises(Unprocessable):
            await client.applications.subscribe(client.app, event_source=[f"channel:{channel_id}"])
