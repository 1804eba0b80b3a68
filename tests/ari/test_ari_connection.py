"""The connection lives through everything that can happen to it, and says what it cannot know."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ari_app.ari.client
from ari_app.ari import State
from ari_app.ari.errors import (
    AriUnavailable,
    AsteriskTooOld,
    AuthenticationFailed,
    ChannelGone,
    ClientClosed,
    OutcomeUnknown,
    RequestNotSent,
)
from ari_app.ari.events import (
    ApplicationReplaced,
    BridgeDestroyed,
    ChannelDestroyed,
    EventsMissed,
    StasisEnd,
    StasisStart,
)
from ari_app.ari.lanes import BEHIND
from ari_app.ari.versions import require_supported
from ari_app.core.ids import new_id
from ari_app.pbx import AsteriskServer

if TYPE_CHECKING:
    from ari_app.ari import AriClient
    from tests.ari.conftest import FarEnd, LogEvents, MakeClient
    from tests.wire import Wire

PATIENCE = 20.0


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the client has no event for each of its states
            await asyncio.sleep(0.01)


async def test_only_wanted_events_are_sent_and_replies_always(client: AriClient) -> None:
    application = await client.applications.get(client.app)
    allowed = {event.type for event in application.events_allowed}
    assert {"RESTResponse", "ApplicationReplaced", "StasisStart", "ChannelDestroyed"} <= allowed
    assert "ChannelVarset" not in allowed


async def test_lost_connection_comes_back_with_its_filter_and_each_change_is_told_once(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient, log_events: LogEvents
) -> None:
    client = make_client(ari_asterisk, url=wire.url)
    ready = 0

    async def on_ready() -> None:
        nonlocal ready
        ready += 1

    client.on_ready.append(on_ready)
    await client.start()
    await wire.close()
    await until(lambda: not client.ready)
    attempts = wire.connections
    await wire.open()
    await client.until_ready()
    await until(lambda: ready == 2)
    application = await client.applications.get(client.app)
    assert "RESTResponse" in {event.type for event in application.events_allowed}
    assert wire.connections > attempts
    await client.close()
    assert log_events() == ["ari.connected", "ari.lost", "ari.connected", "ari.closed"]


async def test_channel_that_died_while_we_were_away_ends_for_its_watcher(
    wire: Wire, ari_asterisk: AsteriskServer, client: AriClient, make_client: MakeClient, far_end: FarEnd
) -> None:
    away = make_client(ari_asterisk, url=wire.url)
    await away.start()
    bridge_id = new_id()
    async with away.watch(bridges=[bridge_id]) as watched, away.watch() as other:
        channel_id = await far_end.call(away, watched)
        survivor = await far_end.call(away, other)
        await away.bridges.create(type="mixing", bridge_id=bridge_id)
        await wire.close()
        await until(lambda: away.state is State.LOST)
        await client.channels.hangup(channel_id)
        await client.bridges.destroy(bridge_id)
        await wire.open()
        await far_end.until(watched, EventsMissed)
        ends = {type(event): event for event in [await watched.get(), await watched.get()]}
        destroyed = ends[ChannelDestroyed]
        assert isinstance(destroyed, ChannelDestroyed)
        assert (destroyed.channel.id, destroyed.synthetic) == (channel_id, True)
        assert ends[BridgeDestroyed].synthetic
        assert isinstance(await other.get(), EventsMissed)
        end = await far_end.hang_up(away, other, survivor)
        assert not end.synthetic


async def test_channel_that_left_the_application_while_we_were_away_ends_for_its_watcher(
    wire: Wire, ari_asterisk: AsteriskServer, client: AriClient, make_client: MakeClient, far_end: FarEnd
) -> None:
    away = make_client(ari_asterisk, url=wire.url)
    await away.start()
    callers: asyncio.Queue[StasisStart] = asyncio.Queue()
    away.on_stasis_start = callers.put_nowait
    async with client.watch() as far_side:
        asyncio.get_running_loop().create_task(
            far_end.call(client, far_side, "stasis", variables={"APP": away.app})
        )
        caller = (await callers.get()).channel.id
        async with away.watch(caller) as watched:
            await away.channels.answer(caller)
            await wire.close()
            await until(lambda: away.state is State.LOST)
            await client.channels.continue_in_dialplan(
                caller, context="far-end", extension="ring", priority=1
            )
            await wire.open()
            end = await far_end.until(watched, StasisEnd)
            assert (end.channel.id, end.synthetic) == (caller, True)
        await client.channels.hangup(caller)
        await far_end.until(far_side, ChannelDestroyed)


async def test_request_in_flight_when_the_line_is_cut_has_an_unknown_outcome(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url)
    await client.start()
    with pytest.raises(ChannelGone):
        await client.channels.answer(new_id())
    wire.stall()
    over_websocket = asyncio.create_task(client.asterisk.ping())
    beside = asyncio.create_task(client.channels.answer(new_id()))
    over_http = asyncio.create_task(client.bridges.start_moh(new_id()))  # a question would be asked again
    await asyncio.sleep(0.1)
    wire.cut()
    with pytest.raises(OutcomeUnknown) as failure:
        await over_websocket
    assert (failure.value.method, failure.value.path) == ("GET", "asterisk/ping")
    for other in (beside, over_http):
        with pytest.raises(OutcomeUnknown):
            await other
    await until(lambda: client.state is State.LOST)
    with pytest.raises(RequestNotSent):
        await client.asterisk.ping()
    wire.flow()


async def test_request_without_a_reply_fails_at_its_deadline(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url)
    await client.start()
    wire.stall()
    for late in (client.asterisk.ping(deadline=0.05), client.asterisk.info(deadline=0.05)):
        with pytest.raises(OutcomeUnknown, match=r"none within 0\.05 s"):
            await late
    wire.flow()
    await client.asterisk.ping()


async def test_request_that_finds_no_free_connection_was_not_sent(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url, http_connections=1)
    await client.start()
    wire.stall()
    first = asyncio.create_task(client.asterisk.info())
    await asyncio.sleep(0)
    with pytest.raises(RequestNotSent):
        await client.asterisk.info(deadline=0.05)
    wire.flow()
    await first


async def test_request_that_finds_no_free_side_socket_was_not_sent(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url, side_sockets=1)
    await client.start()
    with pytest.raises(ChannelGone):
        await client.channels.answer(new_id())
    wire.stall()
    first = asyncio.create_task(client.channels.answer(new_id()))
    await asyncio.sleep(0)
    with pytest.raises(RequestNotSent):
        await client.channels.answer(new_id(), deadline=0.05)
    wire.flow()
    with pytest.raises(ChannelGone):
        await first


async def test_request_that_needs_a_new_side_socket_was_not_sent_when_none_can_be_had(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url)
    await client.start()
    wire.stall()
    with pytest.raises(RequestNotSent):
        await client.channels.answer(new_id(), deadline=0.05)
    cut = asyncio.create_task(client.channels.answer(new_id()))
    await asyncio.sleep(0.05)
    wire.cut()
    with pytest.raises(RequestNotSent):
        await cut
    wire.flow()


async def test_side_socket_whose_reply_is_late_is_not_waited_for_again(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url, side_sockets=1)
    await client.start()
    with pytest.raises(ChannelGone):
        await client.channels.answer(new_id())
    wire.stall()
    with pytest.raises(OutcomeUnknown):
        await client.channels.answer(new_id(), deadline=0.05)
    connections = wire.connections
    wire.flow()
    with pytest.raises(ChannelGone):
        await client.channels.answer(new_id())
    assert wire.connections == connections + 1


async def test_request_that_finds_the_connection_of_events_behind_takes_another(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url)
    await client.start()
    wire.stall_those()
    waiting = [asyncio.create_task(client.asterisk.ping()) for _ in range(BEHIND)]
    await asyncio.sleep(0)
    await client.asterisk.ping()
    assert not any(each.done() for each in waiting)
    wire.flow()
    await asyncio.gather(*waiting)


async def test_silent_connection_is_noticed_by_ping(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, url=wire.url, ping_interval=0.2)
    await client.start()
    wire.stall()
    await until(lambda: client.state is State.LOST)
    wire.flow()
    await client.until_ready()


async def test_client_that_is_replaced_says_so_and_stands_by_until_the_other_is_gone(
    ari_asterisk: AsteriskServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ari_app.ari.client, "STAND_BY_LOOKS_EVERY", 0.05)
    first = make_client(ari_asterisk)
    second = make_client(ari_asterisk, app=first.app)
    await first.start()
    async with first.watch(new_id()) as watched:
        await second.start()
        async with asyncio.timeout(PATIENCE):
            assert isinstance(await watched.get(), ApplicationReplaced)
    await until(lambda: first.state is State.REPLACED)
    await asyncio.sleep(0.3)
    assert second.ready
    assert first.state is State.REPLACED
    await second.close()
    await first.until_ready()


async def test_client_may_take_its_application_back(
    ari_asterisk: AsteriskServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ari_app.ari.client, "TAKE_BACK_AFTER", 0.05)
    first = make_client(ari_asterisk, when_replaced="take_back")
    second = make_client(ari_asterisk, app=first.app)
    await first.start()
    await second.start()
    await until(lambda: first.connects == 2)
    assert second.state is State.REPLACED


async def test_wrong_password_is_told_at_once_with_what_to_do(
    ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk, password="wrong")
    with pytest.raises(AuthenticationFailed, match="astreinte") as failure:
        await client.start(wait=None)
    assert "ari.conf" in failure.value.remedy
    assert failure.value.status == 401
    assert client.state is State.CLOSED


async def test_password_that_changes_while_running_is_retried(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ari_app.ari.client, "LONGEST", 0.05)
    client = make_client(ari_asterisk, url=wire.url)
    await client.start()
    conf = ari_asterisk.config.run_dir / "etc/ari.conf"
    good = conf.read_text("utf-8")
    try:
        conf.write_text(good.replace("[astreinte]", "[somebody]"), "utf-8")
        await ari_asterisk.cli("module reload res_ari.so")
        wire.cut()
        await until(lambda: client.state is State.REFUSED)
    finally:
        conf.write_text(good, "utf-8")
        await ari_asterisk.cli("module reload res_ari.so")
    await client.until_ready()


async def test_asterisk_that_is_not_up_is_named(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    url = wire.url
    await wire.close()
    client = make_client(ari_asterisk, url=url)
    with pytest.raises(AriUnavailable) as failure:
        await client.start()
    assert url in failure.value.message
    assert "http.conf" in failure.value.remedy
    with pytest.raises(AriUnavailable):
        await client.start(wait=0.2)
    with pytest.raises(RequestNotSent):
        await client.asterisk.info()


async def test_url_that_is_not_aris_is_named(ari_asterisk: AsteriskServer, make_client: MakeClient) -> None:
    url = ari_asterisk.config.ari_url.removesuffix("/ari")
    client = make_client(ari_asterisk, url=url)
    with pytest.raises(AriUnavailable, match="404") as failure:
        await client.start()
    assert url in failure.value.message
    with pytest.raises(ValueError, match="http://"):
        make_client(ari_asterisk, url="localhost:8088/ari")


async def test_client_waits_for_an_asterisk_that_comes_up_later(
    wire: Wire, ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    url = wire.url
    await wire.close()
    client = make_client(ari_asterisk, url=url)
    starting = asyncio.create_task(client.start(wait=None))
    await until(lambda: client.state is State.LOST)
    await wire.open()
    await starting
    assert client.ready


async def test_killed_asterisk_is_found_again_and_its_channels_end(
    own_asterisk: AsteriskServer, make_client: MakeClient, far_end: FarEnd
) -> None:
    client = make_client(own_asterisk)
    await client.start()
    async with client.watch() as watched:
        channel_id = await far_end.call(client, watched)
        await own_asterisk.kill()
        await until(lambda: client.state is State.LOST)
        await own_asterisk.start()
        await own_asterisk.wait_ready()
        end = await far_end.until(watched, ChannelDestroyed)
        assert (end.channel.id, end.synthetic) == (channel_id, True)
    assert client.ready


async def test_many_quick_connections_leave_ari_alive(
    ari_asterisk: AsteriskServer, make_client: MakeClient, client: AriClient, far_end: FarEnd
) -> None:
    async with client.watch() as watched:
        for _ in range(20):
            passing = make_client(ari_asterisk, app="passing")
            await passing.start()
            calling = asyncio.create_task(far_end.call(client, watched))
            await passing.close()
            await far_end.hang_up(client, watched, await calling)
    await client.asterisk.ping()


async def test_closing_ends_every_wait_and_leaves_no_task(
    ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    tasks = asyncio.all_tasks()
    client = make_client(ari_asterisk)

    async def for_ever() -> None:
        await asyncio.Event().wait()

    client.on_ready.append(for_ever)
    await client.start()
    async with client.watch(new_id()) as watched:
        waiting = asyncio.create_task(watched.get())
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(ClientClosed):
            await waiting
        with pytest.raises(ClientClosed):
            await watched.get()
    with pytest.raises(RequestNotSent):
        await client.asterisk.ping()
    assert asyncio.all_tasks() <= tasks
    await client.close()


async def test_client_can_be_started_again_after_it_was_closed(
    ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk)
    async with client:
        with pytest.raises(RuntimeError):
            await client.start()
    async with client:
        assert client.ready


async def test_failing_ready_callback_harms_nobody(
    ari_asterisk: AsteriskServer, make_client: MakeClient
) -> None:
    client = make_client(ari_asterisk)
    second = asyncio.Event()

    async def broken() -> None:
        raise LookupError("not our fault")

    async def sound() -> None:
        second.set()

    client.on_ready += [broken, sound]
    await client.start()
    await second.wait()
    assert client.ready


async def test_tls_url_encrypts_every_lane(
    ari_asterisk: AsteriskServer, make_client: MakeClient, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    openssl = await asyncio.create_subprocess_exec(
        *command.split(), *names, stderr=asyncio.subprocess.DEVNULL
    )
    assert await openssl.wait() == 0
    encrypted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encrypted.load_cert_chain(certificate, key)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        config = ari_asterisk.config
        far_reader, far_writer = await asyncio.open_connection(config.ari_host, config.http_port)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=encrypted) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/ari"
        distrusting = make_client(ari_asterisk, url=url)
        with pytest.raises(AriUnavailable, match="certificate"):
            await distrusting.start()
        trusting = make_client(ari_asterisk, url=url, tls=ssl.create_default_context(cafile=certificate))
        async with trusting:
            await trusting.asterisk.ping()
            await trusting.asterisk.info()
            with pytest.raises(ChannelGone):
                await trusting.channels.answer(new_id())


@pytest.mark.parametrize(
    "version", ["22.10.1+dfsg+~cs6.17-1", "22.10.1", "22.11.0", "23.0.0", "GIT-master-1a2b"]
)
def test_recent_asterisk_is_accepted(version: str) -> None:
    require_supported(version)


@pytest.mark.parametrize("version", ["22.10.0", "22.9.2~dfsg", "21.12.3", "20.20.1", "certified/20.7-cert9"])
def test_asterisk_with_known_holes_is_refused_with_the_reason(version: str) -> None:
    with pytest.raises(AsteriskTooOld, match="GHSA") as failure:
        require_supported(version)
    assert version in failure.value.message
