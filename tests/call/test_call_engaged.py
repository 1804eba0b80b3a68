"""Who is in a call is left in peace, on every phone; who rings for nothing stops, and misses no call."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from ari_app.pbx import AsteriskServer
from ari_app.records.facts import CallBridged

from .exchange import tried
from .files import mobile
from .troubles import put_through

if TYPE_CHECKING:
    from .conftest import OpenALine

NO_HURRY = "for: 120s"
ANSWERED_ELSEWHERE = 26
"""Q.850: what a phone makes of `Reason: SIP;cause=200` in a CANCEL (RFC 3326); it lists no missed call."""
TWO_PHONES = {"alice": f'[sip:alice, "tel:{mobile(0)}"]'}
THEN_BRUNO = {"panne": [f"{{ring: [alice], {NO_HURRY}}}", f"{{ring: [bruno], {NO_HURRY}}}"]}


@pytest.fixture
async def cancels_sent(line_asterisk: AsteriskServer) -> AsyncIterator[Callable[[], Awaitable[list[str]]]]:
    """Gives each CANCEL that the line has sent since the beginning of the test, with its headers."""
    await line_asterisk.cli("module load res_pjsip_history.so")
    await line_asterisk.cli("pjsip set history clear")
    await line_asterisk.cli("pjsip set history on")

    async def sent() -> list[str]:
        listed = await line_asterisk.cli("pjsip show history")
        numbers = re.findall(r"^(\d+) .*==> .* CANCEL ", listed, re.MULTILINE)
        return [await line_asterisk.cli(f"pjsip show history entry {number}") for number in numbers]

    yield sent
    await line_asterisk.cli("pjsip set history off")


async def test_an_agent_whose_desk_phone_is_in_use_is_not_rung_on_the_mobile(open_a_line: OpenALine) -> None:
    async with open_a_line(agents=TWO_PHONES, teams=THEN_BRUNO) as line:
        pocket, bruno = line.telephone(mobile(0)), line.telephone("bruno")
        caller, _ = await put_through(line)
        another = await line.takes_a_call("panne")
        await bruno.is_rung()
        await another.hangs_up()
        record = await line.record_of(another)
        await caller.hangs_up()
    assert tried(record) == [("alice", "skipped"), ("alice", "skipped"), ("bruno", "cancelled")]
    assert pocket.rung == 1


async def test_an_agent_who_talks_on_the_mobile_is_not_rung_on_the_desk_phone(open_a_line: OpenALine) -> None:
    async with open_a_line(agents=TWO_PHONES, teams=THEN_BRUNO) as line:
        desk, bruno = line.telephone("alice"), line.telephone("bruno")
        caller, _ = await put_through(line, who=mobile(0))
        another = await line.takes_a_call("panne")
        await bruno.is_rung()
        await another.hangs_up()
        record = await line.record_of(another)
        await caller.hangs_up()
        await line.record_of(caller)
        assert desk.rung == 1
        third = await line.takes_a_call("panne")
        while desk.rung == 1:
            await desk.is_rung()  # free again
        await third.hangs_up()
    assert tried(record) == [("alice", "skipped"), ("alice", "skipped"), ("bruno", "cancelled")]


async def test_an_agent_who_takes_a_call_is_rung_for_no_other_any_more(open_a_line: OpenALine) -> None:
    agents = {"alice": f'["tel:{mobile(0)}"]'}
    async with open_a_line(agents=agents, teams=THEN_BRUNO) as line:
        alice, bruno = line.telephone(mobile(0)), line.telephone("bruno")
        first = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        second = await line.takes_a_call("panne")
        ringing = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, first)
        await ringing.is_hung_up()
        await bruno.is_rung()
        await second.hangs_up()
        record = await line.record_of(second)
        await first.hangs_up()
    assert tried(record) == [("alice", "busy"), ("bruno", "cancelled")]


async def test_a_desk_phone_that_rings_for_somebody_rings_for_the_next_caller_too(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams={"panne": [f"{{ring: [alice], {NO_HURRY}}}"]}) as line:
        alice = line.telephone("alice")
        first = await line.takes_a_call("panne")
        ringing = await alice.is_rung()
        second = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await first.hangs_up()
        await ringing.is_hung_up()
        await agent.takes_the_call()
        await line.told(CallBridged, second)
        await second.hears_voice_of(agent)
        await second.hangs_up()
        record = await line.record_of(second)
    assert tried(record) == [("alice", "accepted")]


async def test_who_wants_to_be_rung_in_a_call_is_rung(open_a_line: OpenALine) -> None:
    more = {"panne": "busy: ring\n"}
    async with open_a_line(agents=TWO_PHONES, teams=THEN_BRUNO, more=more) as line:
        desk = line.telephone("alice")
        caller, _ = await put_through(line, who=mobile(0))
        another = await line.takes_a_call("panne")
        while desk.rung < 2:
            await desk.is_rung()
        await another.hangs_up()
        record = await line.record_of(another)
        await caller.hangs_up()
    assert tried(record) == [("alice", "cancelled"), ("alice", "cancelled")]


async def test_a_phone_that_rang_for_a_call_taken_by_a_colleague_missed_no_call(
    open_a_line: OpenALine, cancels_sent: Callable[[], Awaitable[list[str]]]
) -> None:
    teams = {
        "panne": [f"{{ring: [alice, bruno], strategy: simultaneous, {NO_HURRY}}}"],
        "retour": [f"{{ring: [chloe], {NO_HURRY}}}"],
    }
    async with open_a_line(teams=teams) as line:
        alice, bruno, chloe = (line.telephone(name) for name in ("alice", "bruno", "chloe"))
        caller = await line.takes_a_call("panne")
        ringing, agent = await alice.is_rung(), await bruno.is_rung()
        await agent.takes_the_call()
        await ringing.is_hung_up()
        impatient = await line.takes_a_call("retour")
        missed = await chloe.is_rung()
        await impatient.hangs_up()
        await missed.is_hung_up()
        await caller.hangs_up()
    answered_elsewhere, given_up = await cancels_sent()
    assert re.search(r"^Reason: SIP; *cause=200", answered_elsewhere, re.MULTILINE)
    assert "cause=200" not in given_up
    assert ringing.party.cause == ANSWERED_ELSEWHERE
    assert missed.party.cause != ANSWERED_ELSEWHERE
