"""Those who hang up: callers at every instant of a call, agents as they take it, and two agents at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ari_app.ari.errors import AriError
from ari_app.records.facts import CallArrived, CallBridged, CallEnded, LegAccepted, LegStarted
from ari_app.records.reader import CallStory

from .exchange import OpenLine, tried
from .people import PATIENCE, Person

if TYPE_CHECKING:
    from .conftest import OpenALine

REASONS = ("panne", "carte-volee", "retour", "commande")
MOBILES = {reason: f"+331990014{n:02}" for n, reason in enumerate(REASONS)}
"""A mobile for each reason, so that several calls can go on at once."""
ON_MOBILES = {
    "agents": {f"mobile-{reason}": f'["tel:{number}"]' for reason, number in MOBILES.items()},
    "teams": {reason: [f"{{ring: [mobile-{reason}], for: 8s}}"] for reason in REASONS},
}
BOTH_AT_ONCE = {"panne": ["{ring: [alice, bruno], strategy: simultaneous, for: 8s}"]}
ONE_BY_ONE = {"panne": ["{ring: [alice, bruno], for: 8s}"]}


async def somewhen(act: Callable[[], Awaitable[None]], within: float) -> None:
    """Do something at a random instant; it does not matter if the call is over by then."""
    await asyncio.sleep(random.uniform(0, within))
    try:
        await act()
    except AriError:
        return  # the other side was quicker


def assert_abandoned(record: CallStory, *attempts: tuple[str, str]) -> None:
    """Check that a call ended with the caller's hanging up, after these attempts to reach somebody."""
    assert record.call.outcome == "abandoned"
    assert record.call.bridged_at is None
    assert tried(record) == list(attempts)


# The caller hangs up


async def test_a_caller_who_hangs_up_before_the_answer_rings_nobody(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")

        async def one() -> None:
            caller = await line.is_called()
            await line.told(CallArrived, caller)
            await somewhen(caller.hangs_up, 0.03)
            assert_abandoned(await line.record_of(caller))

        await asyncio.gather(*(one() for _ in range(6)))
    assert alice.rung == 0


async def test_a_caller_who_hangs_up_during_the_greeting_rings_nobody(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert_abandoned(record)
    assert record.call.reason is None
    assert record.call.queued_at is None


async def test_a_caller_who_hangs_up_in_the_menu_rings_nobody(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        caller = await line.takes_a_call()
        await caller.presses("2")
        await caller.hears("choix-motif", "en")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert_abandoned(record)
    assert (record.call.language, record.call.reason) == ("en", None)


async def test_an_agents_phone_stops_ringing_when_the_caller_hangs_up(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert_abandoned(record, ("alice", "cancelled"))
    assert record.legs[0].answered_at is None
    assert record.call.wait_seconds is not None


async def test_every_phone_of_a_step_stops_ringing_when_the_caller_hangs_up(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=BOTH_AT_ONCE) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        agents = await asyncio.gather(alice.is_rung(), bruno.is_rung())
        await caller.hangs_up()
        await asyncio.gather(*(agent.is_hung_up() for agent in agents))
        record = await line.record_of(caller)
    assert_abandoned(record, ("alice", "cancelled"), ("bruno", "cancelled"))


async def test_an_agent_who_listens_learns_that_the_caller_has_hung_up(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await caller.hangs_up()
        await line.told(CallEnded, caller)
        assert not agent.party.gone
        await agent.hears("agent-missed")
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert_abandoned(record, ("alice", "cancelled"))
    assert not await agent.has_heard("agent-taken")


async def test_a_line_that_stops_leaves_no_agent_in_the_middle_of_its_last_word(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await caller.hangs_up()
        await line.told(CallEnded, caller)
        await line.line.reception.close(drain_seconds=0)
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert_abandoned(record, ("alice", "cancelled"))
    assert not await agent.has_heard_the_end_of("agent-missed")


async def test_an_agents_phone_is_free_when_the_caller_hangs_up_as_it_is_answered(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(**ON_MOBILES) as line:
        for _ in range(5):
            await asyncio.gather(*(crossing(line, reason) for reason in REASONS))


async def crossing(line: OpenLine, reason: str) -> None:
    """Let an agent answer and the caller hang up in the same instant, as near as it gets."""
    mobile = line.telephone(MOBILES[reason])
    caller = await line.takes_a_call(reason)
    agent = await mobile.is_rung()
    await asyncio.gather(somewhen(agent.picks_up, 0.04), somewhen(caller.hangs_up, 0.04))
    await agent.is_hung_up()
    assert_abandoned(await line.record_of(caller), (f"mobile-{reason}", "cancelled"))
    assert mobile.rung == 1


async def test_a_call_is_talked_or_abandoned_when_the_caller_hangs_up_as_the_agent_accepts(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(**ON_MOBILES) as line:
        for _ in range(3):
            await asyncio.gather(*(crossing_the_key(line, reason) for reason in REASONS))


async def crossing_the_key(line: OpenLine, reason: str) -> None:
    """Let an agent press 1 and the caller hang up in the same instant, as near as it gets."""
    mobile = line.telephone(MOBILES[reason])
    caller = await line.takes_a_call(reason)
    agent = await mobile.is_rung()
    await agent.picks_up()
    await agent.hears(f"agent-accept-{reason}")
    await agent.presses("1")
    await somewhen(caller.hangs_up, 0.25)  # a key is a tenth of a second long
    await agent.is_hung_up()
    record = await line.record_of(caller)
    if record.call.bridged_at:
        assert record.call.outcome == "bridged"
        assert tried(record) == [(f"mobile-{reason}", "accepted")]
        assert record.call.agent == f"mobile-{reason}"
    else:
        assert_abandoned(record, (f"mobile-{reason}", "cancelled"))
        assert record.call.agent is None


async def test_an_agent_is_hung_up_when_the_caller_ends_the_talk(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        caller, agent = await talking(line)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert record.call.outcome == "bridged"
    assert record.call.talk_seconds is not None
    assert not await agent.has_heard("agent-missed")


async def talking(line: OpenLine) -> tuple[Person, Person]:
    """Let a caller and alice talk."""
    alice = line.telephone("alice")
    caller = await line.takes_a_call("panne")
    agent = await alice.is_rung()
    await agent.picks_up()
    await agent.presses("1")
    await line.told(CallBridged, caller)
    await asyncio.gather(agent.hears_voice_of(caller), caller.hears_voice_of(agent))
    return caller, agent


# The agent hangs up


async def test_the_next_agent_is_rung_when_one_hangs_up_during_the_whisper(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ONE_BY_ONE) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await agent.hangs_up()
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert_abandoned(record, ("alice", "not-accepted"), ("bruno", "cancelled"))


async def test_a_caller_still_reaches_somebody_when_an_agent_hangs_up_right_after_accepting(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=ONE_BY_ONE) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        for times in range(1, 5):
            caller = await line.takes_a_call("panne")
            agent = await alice.is_rung()
            await agent.picks_up()
            await agent.presses("1")
            await line.told(LegAccepted, caller)
            await somewhen(agent.hangs_up, 0.02 * times)
            other = await bruno.is_rung()
            await other.picks_up()
            await other.presses("1")
            await line.told(LegAccepted, caller, times=2)
            await asyncio.gather(other.hears_voice_of(caller), caller.hears_voice_of(other))
            await caller.hangs_up()
            await other.is_hung_up()
            record = await line.record_of(caller)
            assert tried(record) == [("alice", "lost"), ("bruno", "accepted")]
            assert (record.call.outcome, record.call.agent) == ("bridged", "bruno")
            assert not await agent.has_heard("agent-missed")


# Two agents


async def test_one_of_two_who_accept_at_once_gets_the_caller_and_the_other_is_told(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=BOTH_AT_ONCE) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        for _ in range(3):
            caller = await line.takes_a_call("panne")
            people = dict(
                zip(
                    ("alice", "bruno"),
                    await asyncio.gather(alice.is_rung(), bruno.is_rung()),
                    strict=True,
                )
            )
            await asyncio.gather(*(person.picks_up() for person in people.values()))
            await asyncio.gather(*(person.hears("agent-accept-panne") for person in people.values()))
            await asyncio.gather(*(person.presses("1") for person in people.values()))
            bridged = await line.told(CallBridged, caller)
            (winner,) = (
                leg.agent for leg in line.facts.of(LegStarted, bridged.call) if leg.leg == bridged.leg
            )
            (loser,) = people.keys() - {winner}
            await asyncio.gather(
                people[winner].hears_voice_of(caller),
                caller.hears_voice_of(people[winner]),
                people[loser].hears("agent-taken"),
            )
            await people[loser].is_hung_up()
            assert not await people[loser].has_heard_voice_of(caller)
            await caller.hangs_up()
            await people[winner].is_hung_up()
            record = await line.record_of(caller)
            assert dict(tried(record)) == {winner: "accepted", loser: "taken-elsewhere"}
            assert record.call.agent == winner
            assert not await people[winner].has_heard("agent-taken")


async def test_a_phone_that_still_rings_stops_when_a_colleague_takes_the_call(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=BOTH_AT_ONCE) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        quick, slow = await asyncio.gather(alice.is_rung(), bruno.is_rung())
        await quick.picks_up()
        await quick.presses("1")
        await slow.is_hung_up(within=PATIENCE)
        assert not slow.party.up
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted"), ("bruno", "taken-elsewhere")]
