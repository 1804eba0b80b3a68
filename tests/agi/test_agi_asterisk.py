"""FastAGI asked by a real Asterisk's dialplan, and the one that docs/dialplan.md tells admins to paste."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.agi import FastAgiServer, OnCallAnswer
from ari_app.ami import AmiClient
from ari_app.pbx import AsteriskServer

DOCUMENT = Path(__file__).parents[2] / "docs/dialplan.md"
VARIABLES = ("ONCALL_STATUS", "ONCALL_AGENT", "ONCALL_DIAL", "ONCALL_UNTIL", "ONCALL_UNTIL_EPOCH")

# What it was told is kept in AstDB by a hangup handler: it runs whoever hangs up, and whenever.
ASKING = """
[agi-test]
exten => ask,1,Set(CHANNEL(hangup_handler_push)=agi-test,keep,1)
 same => n,AGI(agi://{agi}/${{SCRIPT}})
 same => n,Hangup()
exten => doc,1,Set(CHANNEL(hangup_handler_push)=agi-test,keep,1)
 same => n,Goto(astreinte-panne,s,1)
exten => phone,1,Answer()
 same => n,Set(DB(agi-test/rang)=yes)
 same => n,Wait(60)
"""
KEEPING = "exten => keep,1,NoOp()\n" + "".join(
    f" same => n,Set(DB(agi-test/{name})=${{{name}}})\n" for name in VARIABLES
)
ALICE = OnCallAnswer(
    status="found",
    agent="alice",
    dial=("Local/phone@agi-test/n",),
    until=datetime(2026, 11, 24, 7, tzinfo=UTC),
)


def alice(team: str | None, reason: str | None) -> OnCallAnswer:
    return ALICE


class Dialplan:
    """The dialplan of this file in a running Asterisk, asking a FastAGI server of this file."""

    def __init__(self, asterisk: AsteriskServer, ami: AmiClient, agi_port: int) -> None:
        self.asterisk = asterisk
        self.ami = ami
        self.agi_port = agi_port

    @asynccontextmanager
    async def served_by(
        self, handler: Callable[[str | None, str | None], OnCallAnswer | Awaitable[OnCallAnswer]]
    ) -> AsyncIterator[FastAgiServer]:
        async with FastAgiServer(handler, port=self.agi_port) as server:
            yield server

    async def call(self, extension: str, script: str = "oncall?team=support&reason=panne") -> None:
        for name in (*VARIABLES, "rang"):
            await self.ami.db_del("agi-test", name)
        await self.asterisk.cli(f"dialplan set global SCRIPT {script}")
        await self.asterisk.cli(f"channel originate Local/{extension}@agi-test/n application Wait 60")

    async def told(self) -> dict[str, str]:
        """Wait for the end of the call; return what the dialplan was told."""
        last = VARIABLES[-1]
        await until_async(lambda: self._has(last))
        kept = {name: await self.ami.db_get("agi-test", name) for name in VARIABLES}
        return {name: value or "" for name, value in kept.items()}

    async def ask(self, script: str) -> dict[str, str]:
        await self.call("ask", script)
        return await self.told()

    async def rang(self) -> None:
        await until_async(lambda: self._has("rang"))

    async def speaks(self) -> None:
        """Wait until a prompt is being played to the caller."""

        async def playing() -> bool:
            return "Playback" in await self.asterisk.cli("core show channels concise")

        await until_async(playing)

    async def hang_up(self) -> None:
        await self.asterisk.cli("channel request hangup all")

    async def _has(self, key: str) -> bool:
        return await self.ami.db_get("agi-test", key) is not None


async def until_async(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition; the 30 s are for a test that fails."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  # Asterisk has no event of ours to wait for
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
async def dialplan(line_asterisk: AsteriskServer) -> AsyncIterator[Dialplan]:
    config = line_asterisk.config
    probe = FastAgiServer(alice, port=0)
    await probe.start()
    await probe.close()
    address = f"127.0.0.1:{probe.port}"
    etc = config.run_dir / "etc"
    (etc / "agi_test.conf").write_text(ASKING.format(agi=address) + KEEPING + snippet(address), "utf-8")
    extensions = etc / "extensions.conf"
    extensions.write_text(extensions.read_text("utf-8") + "\n#include agi_test.conf\n", "utf-8")
    for module in ("func_uri.so", "res_clioriginate.so"):
        await line_asterisk.cli(f"module load {module}")
    await line_asterisk.cli("dialplan reload")
    ami = AmiClient(config.ami_host, config.ami_port, config.ami_user, config.ami_password)
    async with ami:
        yield Dialplan(line_asterisk, ami, probe.port)


def snippet(address: str) -> str:
    """Return the dialplan in docs/dialplan.md, as an admin would paste it, with the port of this test."""
    (text,) = re.findall(r"^```ini\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert text.count("127.0.0.1:4573") == 1
    return str(text.replace("127.0.0.1:4573", address))


async def test_a_dialplan_is_told_who_is_on_call(dialplan: Dialplan) -> None:
    asked = []

    def note(team: str | None, reason: str | None) -> OnCallAnswer:
        asked.append((team, reason))
        return ALICE

    async with dialplan.served_by(note):
        told = await dialplan.ask("oncall?team=support&reason=carte%20vol%C3%A9e")
    assert asked == [("support", "carte volée")]
    assert told == {
        "ONCALL_STATUS": "found",
        "ONCALL_AGENT": "alice",
        "ONCALL_DIAL": "Local/phone@agi-test/n",
        "ONCALL_UNTIL": "2026-11-24T07:00:00Z",
        "ONCALL_UNTIL_EPOCH": "1795503600",
    }


@pytest.mark.parametrize(
    "agent", ["Zoé Łukasz 山田", 'a "b" \\ \\" c', "${EXTEN} $[1+1] a,b;c&d", '"', "\\", " x "]
)
async def test_a_name_reaches_the_dialplan_letter_for_letter(dialplan: Dialplan, agent: str) -> None:
    async with dialplan.served_by(lambda team, reason: OnCallAnswer(status="nobody", agent=agent)):
        assert (await dialplan.ask("oncall"))["ONCALL_AGENT"] == agent


@pytest.mark.parametrize("script", ["elsewhere", "oncall?colour=red", "oncall?reason=a&reason=b"])
async def test_a_question_that_is_not_understood_gets_status_error(dialplan: Dialplan, script: str) -> None:
    async with dialplan.served_by(alice):
        assert await dialplan.ask(script) == dict.fromkeys(VARIABLES, "") | {"ONCALL_STATUS": "error"}


async def test_a_caller_who_hangs_up_while_we_think_leaves_the_dialplan_its_answer(
    dialplan: Dialplan,
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(team: str | None, reason: str | None) -> OnCallAnswer:
        asked.set()
        await go_on.wait()
        return ALICE

    async with dialplan.served_by(slow):
        await dialplan.call("ask")
        await asyncio.wait_for(asked.wait(), 30)
        await dialplan.hang_up()
        go_on.set()
        assert (await dialplan.told())["ONCALL_STATUS"] == "found"


async def test_the_documented_dialplan_rings_who_is_on_call(dialplan: Dialplan) -> None:
    asked = []

    def note(team: str | None, reason: str | None) -> OnCallAnswer:
        asked.append((team, reason))
        return ALICE

    async with dialplan.served_by(note):
        await dialplan.call("doc")
        await dialplan.rang()
        await dialplan.hang_up()
        assert (await dialplan.told())["ONCALL_STATUS"] == "found"
    assert asked == [(None, "panne")]


async def test_the_documented_dialplan_says_goodbye_when_nobody_is_on_call(dialplan: Dialplan) -> None:
    async with dialplan.served_by(lambda team, reason: OnCallAnswer(status="nobody")):
        await dialplan.call("doc")
        await dialplan.speaks()
        await dialplan.hang_up()
        assert (await dialplan.told())["ONCALL_STATUS"] == "nobody"


async def test_the_documented_dialplan_says_goodbye_while_the_application_is_away(dialplan: Dialplan) -> None:
    await dialplan.call("doc")
    await dialplan.speaks()
    await dialplan.hang_up()
    assert (await dialplan.told())["ONCALL_STATUS"] == "error"
