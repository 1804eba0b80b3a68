"""What a hostile, broken or slow FastAGI peer cannot do to us.

The peer is a real TCP client that each test scripts in bytes: no Asterisk would say most of this.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from ari_app.agi import FastAgiServer, OnCallAnswer
from ari_app.agi.errors import AgiAddressUnusable, CommandFailed, NotAsterisk
from ari_app.agi.session import Session, quote

ALICE = OnCallAnswer(
    status="found", agent="alice", dial=("PJSIP/alice",), until=datetime(2026, 11, 24, 7, tzinfo=UTC)
)
TOLD_ALICE = {
    "ONCALL_AGENT": "alice",
    "ONCALL_DIAL": "PJSIP/alice",
    "ONCALL_UNTIL": "2026-11-24T07:00:00Z",
    "ONCALL_UNTIL_EPOCH": "1795503600",
    "ONCALL_STATUS": "found",
}
GONE = (ConnectionError, asyncio.IncompleteReadError)
TOLD_ERROR = dict.fromkeys(TOLD_ALICE, "") | {"ONCALL_STATUS": "error"}


def alice(team: str | None, reason: str | None) -> OnCallAnswer:
    return ALICE


@asynccontextmanager
async def serving(handler: Callable[..., Any] = alice, **options: Any) -> AsyncIterator[FastAgiServer]:
    server = FastAgiServer(handler, port=0, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


class Peer:
    """One FastAGI connection, played by the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    async def line(self) -> str:
        return (await self.reader.readline()).decode()

    async def told(self, *replies: str) -> dict[str, str]:
        """Answer each command, the first ones with `replies`; return the variables that were set."""
        variables = {}
        pending = list(replies)
        while command := await self.line():
            match = re.fullmatch(r'SET VARIABLE (\w+) "(.*)"\n', command)
            assert match, command
            variables[match[1]] = re.sub(r"\\(.)", r"\1", match[2])
            await self.say(pending.pop(0) if pending else "200 result=1\n")
        return variables


@asynccontextmanager
async def peer_of(server: FastAgiServer) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(10):  # for a test that fails; none waits that long
            yield Peer(reader, writer)
    finally:
        writer.close()


def head(script: str, more: str = "") -> str:
    return f"agi_network: yes\nagi_network_script: {script}\nagi_request: agi://x/{script}\n{more}\n"


async def ask(server: FastAgiServer, script: str = "oncall?team=support&reason=panne") -> dict[str, str]:
    async with peer_of(server) as peer:
        await peer.say(head(script))
        return await peer.told()


async def test_a_port_probe_harms_nobody() -> None:
    async with serving() as server:
        for _ in range(5):
            async with peer_of(server):
                pass
        assert await ask(server) == TOLD_ALICE


@pytest.mark.parametrize(
    "some", ["agi_network: yes\n", "agi_net", "agi_network: yes\nagi_network_script: oncall\n"]
)
async def test_a_peer_that_leaves_in_the_middle_of_its_head_harms_nobody(some: str) -> None:
    async with serving() as server:
        async with peer_of(server) as peer:
            await peer.say(some)
            peer.writer.write_eof()
            assert await peer.line() == ""
        assert await ask(server) == TOLD_ALICE


async def test_functions_and_coroutine_functions_both_answer() -> None:
    async def later(team: str | None, reason: str | None) -> OnCallAnswer:
        await asyncio.sleep(0)
        return ALICE

    for handler in (alice, later):
        async with serving(handler) as server:
            assert await ask(server) == TOLD_ALICE


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("oncall", (None, None)),
        ("oncall?team=support&reason=panne", ("support", "panne")),
        ("oncall?reason=panne", (None, "panne")),
        ("oncall?team=&reason=panne", (None, "panne")),
        ("oncall?reason=carte%20vol%C3%A9e&team=a%26b", ("a&b", "carte volée")),
        ("oncall?reason=volée", (None, "volée")),
    ],
)
async def test_the_handler_is_asked_what_the_dialplan_asked(
    script: str, asked: tuple[str | None, str | None]
) -> None:
    seen = []

    def note(team: str | None, reason: str | None) -> OnCallAnswer:
        seen.append((team, reason))
        return OnCallAnswer(status="nobody")

    async with serving(note) as server:
        told = await ask(server, script)
    assert seen == [asked]
    assert told == dict.fromkeys(TOLD_ALICE, "") | {"ONCALL_STATUS": "nobody"}


@pytest.mark.parametrize(
    "script",
    [
        "",
        "elsewhere",
        "oncall/",
        "../oncall",
        "oncall?reason",
        "oncall?reason=a&reason=b",
        "oncall?reason=a&colour=red",
        "oncall?reason=%C3%28",
        "oncall?reason=%0d%0aagi_x",
        "oncall?reason=" + "a" * 200,
    ],
)
async def test_a_request_that_is_not_understood_gets_status_error(script: str) -> None:
    async with serving() as server:
        assert await ask(server, script) == TOLD_ERROR


async def test_bytes_that_are_no_text_get_status_error() -> None:
    async with serving() as server, peer_of(server) as peer:
        await peer.say(b"agi_network: yes\nagi_network_script: oncall?reason=vol\xe9e\n\n")
        assert await peer.told() == TOLD_ERROR


async def test_what_a_caller_is_named_cannot_change_the_question() -> None:
    async with serving() as server, peer_of(server) as peer:
        forged = "agi_calleridname: x\nagi_network_script: elsewhere\n"
        await peer.say(head("oncall?reason=panne", forged))
        assert await peer.told() == TOLD_ALICE


@pytest.mark.parametrize(
    "handler",
    [
        lambda team, reason: 1 / 0,
        lambda team, reason: None,
        lambda team, reason: OnCallAnswer(status="found"),
        lambda team, reason: OnCallAnswer(status="found", dial=("PJSIP/alice,30,g",)),
        lambda team, reason: asyncio.sleep(60),
    ],
)
async def test_a_handler_that_fails_leaves_the_dialplan_with_status_error(
    handler: Callable[..., Any],
) -> None:
    async with serving(handler, deadline=0.3) as server:
        assert await ask(server) == TOLD_ERROR


async def test_the_status_is_set_last() -> None:
    async with serving() as server, peer_of(server) as peer:
        await peer.say(head("oncall"))
        assert list(await peer.told())[-1] == "ONCALL_STATUS"


async def test_quotes_and_backslashes_reach_the_variable() -> None:
    answer = OnCallAnswer(status="nobody", agent='Zoé "la \\ nuit" ${EXTEN}')
    async with serving(lambda team, reason: answer) as server:
        assert (await ask(server))["ONCALL_AGENT"] == answer.agent


@pytest.mark.parametrize("reply", ["", "200", "garbage\n", "-1 \n", "200result=1\n", "\n", "x" * 70000])
async def test_a_reply_that_is_none_ends_that_session_only(reply: str) -> None:
    async with serving() as server:
        async with peer_of(server) as peer:
            await peer.say(head("oncall"))
            await peer.line()
            await peer.say(reply)
            peer.writer.write_eof()
            with pytest.raises(GONE):
                await peer.reader.readexactly(1)
        assert await ask(server) == TOLD_ALICE


async def test_a_hangup_in_between_is_not_taken_for_a_reply() -> None:
    async with serving() as server, peer_of(server) as peer:
        await peer.say(head("oncall"))
        assert await peer.told("HANGUP\n200 result=1\n", "100 Trying\n200 result=1\n") == TOLD_ALICE


@pytest.mark.parametrize(
    "refusal",
    [
        "520-Invalid command syntax.  Usage follows:\nUsage:\n 200 result=9\n520 End of proper usage.\n",
        "520 Invalid command syntax.  Proper usage not available.\n",
        "510 Invalid or unknown command\n",
        "511 Command Not Permitted on a dead channel or intercept routine\n",
    ],
)
async def test_the_reply_after_a_refusal_belongs_to_its_own_command(refusal: str) -> None:
    left, right = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=left)
    _, asterisk = await asyncio.open_connection(sock=right)
    session = Session(None, {}, reader, writer)
    asterisk.write(refusal.encode() + b"200 result=7\n")
    with pytest.raises(CommandFailed):
        await session.send_command("X")
    assert (await session.send_command("GET DATA x"))["result"] == ("7", "")
    asterisk.close()
    writer.close()


async def test_a_reply_without_its_end_is_none() -> None:
    left, right = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=left)
    session = Session(None, {}, reader, writer)
    with right:
        right.send(b"200 result=1")
        right.shutdown(socket.SHUT_WR)
        with pytest.raises(NotAsterisk):
            await session.send_command("X")
    writer.close()


def test_a_value_is_quoted_as_asterisk_unquotes_it() -> None:
    assert quote('a "b" \\ c') == '"a \\"b\\" \\\\ c"'


async def test_a_command_cannot_carry_a_second_one() -> None:
    left, right = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=left)
    session = Session(None, {}, reader, writer)
    with pytest.raises(ValueError, match="one line"):
        await session.send_command("VERBOSE x\nEXEC System id")
    with pytest.raises(ValueError, match="one line"):
        await session.set_variables({"A": "x\nEXEC System id"})
    writer.close()
    await writer.wait_closed()
    with right:
        assert right.recv(100) == b""


async def test_a_head_that_comes_one_letter_at_a_time_is_not_waited_for() -> None:
    async with serving(deadline=0.3) as server, peer_of(server) as peer:
        with pytest.raises(ConnectionError):
            while True:
                await peer.say("a")
                await asyncio.sleep(0.02)


async def test_a_peer_that_never_replies_is_not_waited_for() -> None:
    async with serving(deadline=0.3) as server, peer_of(server) as peer:
        await peer.say(head("oncall"))
        assert (await peer.line()).startswith("SET VARIABLE")
        with pytest.raises(GONE):
            await peer.reader.readexactly(1)


@pytest.mark.parametrize("flood", [b"agi_x: y\n" * 100_000, b"a" * 1_000_000, b"\0" * 1_000_000])
async def test_an_endless_head_is_cut_off(flood: bytes) -> None:
    async with serving() as server:
        async with peer_of(server) as peer:
            with pytest.raises(GONE):
                await peer.say(flood)
                await peer.reader.readexactly(1)
        assert await ask(server) == TOLD_ALICE


async def test_another_protocol_gets_no_command() -> None:
    async with serving() as server, peer_of(server) as peer:
        await peer.say("GET / HTTP/1.1\nHost: x\n\n")
        with pytest.raises(GONE):
            await peer.reader.readexactly(1)


async def test_connections_over_the_limit_are_refused_and_the_server_recovers() -> None:
    async with serving(limit=50) as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(50)]
        for _ in range(100):
            async with peer_of(server) as peer:
                with pytest.raises(GONE):
                    await peer.reader.readexactly(1)
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        assert await ask(server) == TOLD_ALICE


async def test_two_hundred_dialplans_are_answered_at_once() -> None:
    async with serving(limit=256) as server:
        assert await asyncio.gather(*(ask(server) for _ in range(200))) == [TOLD_ALICE] * 200


async def test_close_ends_sessions_in_progress() -> None:
    before = asyncio.all_tasks()
    asked = asyncio.Event()

    async def thinks(team: str | None, reason: str | None) -> OnCallAnswer:
        asked.set()
        await asyncio.sleep(3600)
        return ALICE

    async with serving(thinks, deadline=3600) as server, peer_of(server) as peer:
        await peer.say(head("oncall"))
        await asked.wait()
        await server.close(grace=0.05)
        with pytest.raises(GONE):
            await peer.reader.readexactly(1)
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", server.port)
    assert asyncio.all_tasks() == before


async def test_a_taken_port_is_said_with_what_to_do() -> None:
    async with serving() as server:
        with pytest.raises(AgiAddressUnusable, match="in use") as caught:
            await FastAgiServer(alice, port=server.port).start()
        assert "ss -ltnp" in caught.value.remedy


async def test_only_this_machine_is_served_unless_told_otherwise() -> None:
    assert FastAgiServer(alice).host == "127.0.0.1"
