"""What a hostile, broken or silent AMI peer cannot do to us.

The peer is a real TCP server that each test scripts in bytes: no Asterisk would say most of this.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ari_app.ami import AmiClient, PhoneState
from ari_app.ami.errors import (
    ActionNotSent,
    AmiUnavailable,
    AsteriskNotBooted,
    InvalidValue,
    NotAnAmi,
    OutcomeUnknown,
)

Fields = dict[str, str]
BOOTED = "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"


class Peer:
    """One accepted connection, played by the test."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: list[Fields]
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.seen = seen

    async def action(self) -> Fields:
        """Read the next action; also kept in `seen`."""
        block = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
        self.seen.append(fields)
        return fields

    async def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    async def answer(self, action: Fields, *items: str) -> None:
        """Answer an action with success, or with a list of `items`."""
        mark = f"ActionID: {action['ActionID']}\r\n"
        if not items:
            await self.say(f"Response: Success\r\n{mark}Message: done\r\n\r\n")
            return
        listed = "".join(f"{item}\r\n{mark}\r\n" for item in items)
        start = f"Response: Success\r\n{mark}EventList: start\r\nMessage: follows\r\n\r\n"
        await self.say(
            f"{start}{listed}Event: {action['Action']}Complete\r\n{mark}EventList: Complete\r\n\r\n"
        )

    async def welcome(self, *states: tuple[str, str], boot: str = BOOTED) -> None:
        """Play Asterisk up to the moment that the client is ready."""
        await self.say("Asterisk Call Manager/11.0.0\r\n")
        await self.answer(await self.action())
        await self.say(boot)
        await self.list_states(await self.action(), *states)

    async def list_states(self, action: Fields, *states: tuple[str, str]) -> None:
        assert action["Action"] == "DeviceStateList"
        await self.answer(action, *(changed(*state) for state in (*states, ("Custom:any", "NOT_INUSE"))))

    async def stay(self) -> None:
        """Answer pings until the client leaves."""
        while True:
            await self.answer(await self.action())


def changed(device: str, state: str) -> str:
    return f"Event: DeviceStateChange\r\nDevice: {device}\r\nState: {state}"


Script = Callable[[Peer], Awaitable[None]]


class Stage:
    """The peer's side of all connections so far."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.seen: list[Fields] = []
        self.failures: list[BaseException] = []

    def sent(self, name: str) -> list[Fields]:
        return [action for action in self.seen if action["Action"] == name]


@asynccontextmanager
async def played(*scripts: Script) -> AsyncIterator[Stage]:
    """Serve each connection with the script of its turn, the last one again and again."""
    stage = Stage()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = scripts[min(stage.connections, len(scripts) - 1)]
        stage.connections += 1
        try:
            await script(Peer(reader, writer, stage.seen))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        except AssertionError as error:
            stage.failures.append(error)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    stage.port = server.sockets[0].getsockname()[1]
    try:
        yield stage
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not stage.failures


@asynccontextmanager
async def connected(stage: Stage, **options: float) -> AsyncIterator[AmiClient]:
    client = AmiClient("127.0.0.1", stage.port, "astreinte", "secret", **options)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the 10 s are for a test that fails, none waits that long."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what a caller of the client sees has no event to wait for
            await asyncio.sleep(0.005)


async def welcomed(peer: Peer) -> None:
    await peer.welcome()
    await peer.stay()


async def test_a_name_whose_letters_are_split_between_reads_arrives_whole() -> None:
    name = "Zoé Łukasz 山田 🎧"

    async def byte_by_byte(peer: Peer) -> None:
        await peer.welcome()
        action = await peer.action()
        mark = f"ActionID: {action['ActionID']}\r\n"
        start = f"Response: Success\r\n{mark}EventList: start\r\nMessage: Result will follow\r\n\r\n"
        await peer.say(f"{start}Event: DBGetResponse\r\nFamily: f\r\nKey: k\r\nVal: ")
        for byte in name.encode():
            await peer.say(bytes([byte]))
            await asyncio.sleep(0.002)
        await peer.say(f"\r\n{mark}\r\nEvent: DBGetComplete\r\n{mark}EventList: Complete\r\n\r\n")
        await peer.stay()

    async with played(byte_by_byte) as stage, connected(stage) as client:
        assert await client.db_get("f", "k") == name


async def test_an_exception_in_a_callback_leaves_the_connection_up() -> None:
    async def ringing(peer: Peer) -> None:
        await peer.welcome()
        await peer.say(changed("PJSIP/alice", "RINGING") + "\r\n\r\n")
        await peer.say(changed("PJSIP/alice", "INUSE") + "\r\n\r\n")
        await peer.stay()

    def careless(device: str, state: PhoneState) -> None:
        raise KeyError(device)

    async def careless_too() -> None:
        raise KeyError("ready")

    told: list[tuple[str, PhoneState]] = []

    async with played(ringing) as stage:
        client = AmiClient("127.0.0.1", stage.port)
        client.on_state += [careless, lambda device, state: told.append((device, state))]
        client.on_ready.append(careless_too)
        await client.start()
        await until(lambda: client.state("alice") is PhoneState.INUSE)
        await client.db_put("f", "k", "v")
        assert client.ready
        assert stage.connections == 1
        assert ("PJSIP/alice", PhoneState.INUSE) in told
        await client.close()


async def test_nothing_reconnects_after_close() -> None:
    async with played(welcomed) as stage:
        client = AmiClient("127.0.0.1", stage.port)
        await client.start()
        before = asyncio.all_tasks()
        await client.close()
        await asyncio.sleep(0.6)  # more than the first retries take
        assert stage.connections == 1
        assert not client.ready
        assert not [task for task in asyncio.all_tasks() & before if task.get_name().startswith("ami")]


async def test_close_ends_the_retries_of_a_client_that_never_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    client = AmiClient("127.0.0.1", port)
    await client.start(wait=None)
    await until(lambda: client.trouble)
    await client.close()
    connections = []
    server = await asyncio.start_server(lambda r, w: connections.append(w), "127.0.0.1", port)
    await asyncio.sleep(0.6)
    server.close()
    assert connections == []


async def test_a_peer_that_falls_silent_is_noticed_and_replaced() -> None:
    async def falls_silent(peer: Peer) -> None:
        await peer.welcome(("PJSIP/alice", "INUSE"))
        while True:
            await peer.action()  # read, never answered

    async def speaks(peer: Peer) -> None:
        await peer.welcome(("PJSIP/alice", "NOT_INUSE"))
        await peer.stay()

    options = {"ping_interval": 0.05, "deadline": 1.0}
    async with played(falls_silent, speaks) as stage, connected(stage, **options) as client:
        assert client.state("alice") is PhoneState.INUSE
        await until(lambda: not client.ready)
        assert client.state("alice") is PhoneState.UNKNOWN
        assert isinstance(client.trouble, AmiUnavailable)
        await until(lambda: client.ready)
        assert client.state("alice") is PhoneState.NOT_INUSE
        assert client.trouble is None


async def test_an_asterisk_that_says_it_shuts_down_is_believed_at_once() -> None:
    hung_up = asyncio.Event()

    async def leaves(peer: Peer) -> None:
        await peer.welcome()
        await peer.say("Event: Shutdown\r\nShutdown: Cleanly\r\n\r\n")
        await peer.reader.read()
        hung_up.set()

    async with played(leaves, welcomed) as stage, connected(stage) as client:
        await until(lambda: stage.connections == 2 and client.ready)
        await asyncio.wait_for(hung_up.wait(), 10)


async def test_an_action_that_was_on_its_way_fails_and_is_never_sent_again() -> None:
    async def dies_on_put(peer: Peer) -> None:
        await peer.welcome()
        while (await peer.action())["Action"] != "DBPut":
            pass
        peer.writer.transport.abort()

    async with played(dies_on_put, welcomed) as stage, connected(stage) as client:
        with pytest.raises(OutcomeUnknown):
            async with asyncio.timeout(10):  # it fails when the connection breaks, not at its deadline
                await client.db_put("astreinte", "fallback/100", "PJSIP/alice", deadline=3600)
        await until(lambda: stage.connections == 2 and client.ready)
        await client.db_put("other", "key", "value")
        assert [put["Family"] for put in stage.sent("DBPut")] == ["astreinte", "other"]


async def test_an_action_without_an_answer_ends_at_its_deadline_and_its_late_answer_goes_nowhere() -> None:
    async def late(peer: Peer) -> None:
        await peer.welcome()
        first = await peer.action()
        second = await peer.action()
        for action in (first, second):
            await peer.answer(action, f"Event: DBGetResponse\r\nVal: {action['Key']}")
        await peer.stay()

    async with played(late) as stage, connected(stage) as client:
        with pytest.raises(OutcomeUnknown):
            await client.db_get("f", "first", deadline=0.05)
        assert await client.db_get("f", "second") == "second"


@pytest.mark.parametrize(
    "bad", ["a\r\nAction: Originate", "a\n\nAction: Command", "a\0b", "\udcff", "é" * 600, " a"]
)
async def test_a_value_that_would_not_arrive_as_it_is_is_never_sent(bad: str) -> None:
    async with played(welcomed) as stage, connected(stage) as client:
        for family, key, value in ((bad, "k", "v"), ("f", bad, "v"), ("f", "k", bad)):
            with pytest.raises(InvalidValue):
                await client.db_put(family, key, value)
        await client.db_put("f", "k", "v")
        assert len(stage.sent("DBPut")) == 1


async def test_a_user_name_cannot_carry_an_action() -> None:
    async with played(welcomed) as stage:
        with pytest.raises(InvalidValue):
            await AmiClient("127.0.0.1", stage.port, "astreinte\r\n\r\nAction: Ping", "secret").start()
        assert stage.seen == []


async def test_an_event_behind_a_list_wins_over_the_list() -> None:
    async def quick(peer: Peer) -> None:
        await peer.say("Asterisk Call Manager/11.0.0\r\n")
        await peer.answer(await peer.action())
        await peer.say(BOOTED)
        action = await peer.action()
        mark = f"ActionID: {action['ActionID']}\r\n"
        await peer.say(
            f"Response: Success\r\n{mark}EventList: start\r\nMessage: follows\r\n\r\n"
            f"{changed('PJSIP/alice', 'NOT_INUSE')}\r\n{mark}\r\n"
            f"Event: DeviceStateListComplete\r\n{mark}EventList: Complete\r\n\r\n"
            f"{changed('PJSIP/alice', 'INUSE')}\r\n\r\n"
        )
        await peer.stay()

    async with played(quick) as stage, connected(stage) as client:
        assert client.state("alice") is PhoneState.INUSE


async def test_states_are_asked_for_again_where_events_do_not_arrive() -> None:
    async def without_events(peer: Peer) -> None:
        await peer.welcome(("PJSIP/alice", "INUSE"))
        await peer.list_states(await peer.action(), ("PJSIP/alice", "NOT_INUSE"))
        await peer.stay()

    options = {"ping_interval": 0.05, "refresh_interval": 0.05}
    async with played(without_events) as stage, connected(stage, **options) as client:
        await until(lambda: client.state("alice") is PhoneState.NOT_INUSE)


async def test_an_unknown_state_is_no_reason_not_to_ring() -> None:
    async def newer(peer: Peer) -> None:
        await peer.welcome(("PJSIP/alice", "LEVITATING"))
        await peer.stay()

    async with played(newer) as stage, connected(stage) as client:
        for name in ("alice", "nobody-has-this-name"):
            state = client.state(name)
            assert state is PhoneState.UNKNOWN
            assert not (state.in_use or state.unreachable or state.ringing)


async def test_without_a_connection_actions_say_that_they_were_not_sent() -> None:
    client = AmiClient("127.0.0.1", 9)
    with pytest.raises(ActionNotSent):
        await client.db_put("f", "k", "v")
    assert client.state("alice") is PhoneState.UNKNOWN


async def test_a_message_that_makes_no_sense_is_passed_over() -> None:
    async def babbles(peer: Peer) -> None:
        await peer.welcome()
        action = await peer.action()
        mark = f"ActionID: {action['ActionID']}\r\n"
        await peer.say(f"Event: A\r\nEvent: B\r\n{mark}{mark}\r\n")
        await peer.say(b"\r\n\r\n: \r\n\r\nEvent\r\n\r\n\xff\xfe\r\n\r\nResponse: \r\nActionID: 0\r\n\r\n")
        await peer.answer(action)
        await peer.stay()

    async with played(babbles) as stage, connected(stage) as client:
        await client.db_put("f", "k", "v")
        assert stage.connections == 1


async def test_a_message_that_never_ends_ends_the_connection() -> None:
    async def endless(peer: Peer) -> None:
        await peer.welcome()
        while True:
            await peer.say(b"Key: value\r\n" * 1000)

    async with played(endless, welcomed) as stage, connected(stage) as client:
        await until(lambda: stage.connections == 2 and client.ready)


async def test_a_port_that_someone_else_holds_is_named() -> None:
    async def ssh(peer: Peer) -> None:
        await peer.say("SSH-2.0-OpenSSH_9.2\r\n")
        await peer.reader.read()

    async with played(ssh) as stage:
        with pytest.raises(NotAnAmi, match="SSH-2") as caught:
            await AmiClient("127.0.0.1", stage.port, "astreinte", "secret").start()
        assert "ss -ltnp" in caught.value.remedy
        assert stage.seen == []  # the secret was not told to a stranger


async def test_a_port_that_says_nothing_is_no_ami() -> None:
    async def mute(peer: Peer) -> None:
        await peer.reader.read()

    async with played(mute) as stage:
        with pytest.raises(NotAnAmi, match="nothing"):
            await AmiClient("127.0.0.1", stage.port, deadline=0.1).start()


async def test_nobody_at_the_port_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(AmiUnavailable, match="Connection refused") as caught:
        await AmiClient("127.0.0.1", port).start(wait=0.3)
    assert "manager.conf" in caught.value.remedy


async def test_a_peer_that_closes_without_a_greeting_is_unavailable() -> None:
    async def closes(peer: Peer) -> None:
        return

    async with played(closes) as stage:
        with pytest.raises(AmiUnavailable, match="greeting"):
            await AmiClient("127.0.0.1", stage.port).start(wait=0.3)


async def test_a_client_waits_for_an_asterisk_that_is_still_booting() -> None:
    boot = asyncio.Event()

    async def slow(peer: Peer) -> None:
        await peer.say("Asterisk Call Manager/11.0.0\r\n")
        await peer.answer(await peer.action())
        await boot.wait()
        await peer.say(BOOTED)
        await peer.list_states(await peer.action())
        await peer.stay()

    async with played(slow) as stage:
        client = AmiClient("127.0.0.1", stage.port, deadline=0.1)
        await client.start(wait=None)
        await until(lambda: isinstance(client.trouble, AsteriskNotBooted))
        assert not client.ready
        boot.set()
        await until(lambda: client.ready)
        await client.close()


async def test_an_asterisk_that_never_says_it_has_booted_is_said_so() -> None:
    async def never(peer: Peer) -> None:
        await peer.welcome(boot="")

    async with played(never) as stage:
        with pytest.raises(AsteriskNotBooted) as caught:
            await AmiClient("127.0.0.1", stage.port, deadline=0.5).start(wait=1.5)
        assert "read = system,call" in caught.value.remedy


async def test_no_connection_asks_for_more_events_than_it_needs() -> None:
    async with played(welcomed) as stage, connected(stage):
        assert [login["Events"] for login in stage.sent("Login")] == ["system,call"]
