"""Whom the line rings first, and how often: strategies and rounds of the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ari_app.network.network import refuses
from ari_app.records.facts import CallBridged

from .exchange import OpenLine, Place, opened, tried
from .files import mobile

if TYPE_CHECKING:
    from .conftest import OpenALine

IN_TURN = ["{ring: [alice, bruno, chloe], strategy: round-robin, for: 120s}"]


async def rung_first(line: OpenLine, name: str) -> None:
    """Let somebody call, and hang up when the first telephone rings: it must be this one."""
    telephone = line.telephone(name)
    caller = await line.takes_a_call("panne")
    await telephone.is_rung()
    await caller.hangs_up()
    record = await line.record_of(caller)
    assert tried(record) == [(name, "cancelled")]


async def test_agents_are_rung_in_turn_from_call_to_call(open_a_line: OpenALine) -> None:
    async with open_a_line(teams={"panne": IN_TURN}) as line:
        for name in ("alice", "bruno", "chloe", "alice"):
            await rung_first(line, name)


async def test_the_turn_goes_on_after_a_restart(place: Place) -> None:
    settings = place.settings(teams={"panne": IN_TURN})
    async with opened(place, settings) as line:
        await rung_first(line, "alice")
    async with opened(place, settings) as line:
        line.placed = 1  # the call from before the restart
        await rung_first(line, "bruno")


async def test_who_has_had_no_call_for_the_longest_is_rung_first(open_a_line: OpenALine) -> None:
    steps = ["{ring: [alice, bruno], strategy: longest-idle, for: 120s}"]
    async with open_a_line(teams={"panne": steps}) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        await (await alice.is_rung()).takes_the_call()
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        await line.record_of(caller)
        for _ in range(2):  # to be rung is no call
            await rung_first(line, "bruno")


async def test_steps_and_the_whole_escalation_are_gone_through_again(open_a_line: OpenALine) -> None:
    agents = {"first": f'["tel:{mobile(1)}"]', "second": f'["tel:{mobile(2)}"]'}
    steps = ["{ring: [first], rounds: 2}", "{ring: [second]}"]
    async with open_a_line(agents=agents, teams={"panne": steps}, more={"panne": "rounds: 2\n"}) as line:
        line.telephone(mobile(1)).does(refuses(486))
        line.telephone(mobile(2)).does(refuses(603))
        caller = await line.takes_a_call("panne")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert (
        tried(record)
        == [
            ("first", "busy"),
            ("first", "busy"),
            ("second", "declined"),
        ]
        * 2
    )
    assert record.call.outcome == "unanswered"
