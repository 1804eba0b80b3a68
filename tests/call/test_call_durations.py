"""The durations on record, held against Asterisk's own: its CDR, and its log of channel events (CEL)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.network.network import rings_for_ever
from ari_app.records.facts import CallBridged
from ari_app.records.reader import CallStory

from .cdr import SECONDS, AsterisksRecords
from .exchange import OpenLine, Place, opened
from .files import REASONS, mobile
from .people import Person
from .test_call_callers import with_callers
from .test_call_conversation import CONFERENCE, CONSULT, TRANSFER
from .test_call_faults import NOBODY_YET
from .troubles import all_is_on_record, has_taken_up, line_process, put_through_by, record_of

if TYPE_CHECKING:
    from .conftest import OpenALine


async def test_waiting_talking_and_the_whole_are_what_asterisk_measured(
    open_a_line: OpenALine, asterisks_records: AsterisksRecords
) -> None:
    async def talks(line: OpenLine) -> CallStory:
        alice = line.telephone("alice")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await asyncio.sleep(1.5)
        await caller.hangs_up()
        return await line.record_of(caller)

    async def is_hung_up(line: OpenLine) -> CallStory:
        line.telephone("bruno").does(rings_for_ever)
        caller = await line.takes_a_call("carte-volee")
        await caller.is_hung_up()
        return await line.record_of(caller)

    async def gives_up(line: OpenLine) -> CallStory:
        chloe = line.telephone("chloe")
        caller = await line.takes_a_call("retour")
        await chloe.is_rung()
        await asyncio.sleep(0.5)
        await caller.hangs_up()
        return await line.record_of(caller)

    async with open_a_line(teams={"carte-volee": ["{ring: [bruno], for: 1s}"]}) as line:
        stories = await asyncio.gather(talks(line), is_hung_up(line), gives_up(line))

    assert [story.call.outcome for story in stories] == ["bridged", "unanswered", "abandoned"]
    for story in stories:
        call, channel, (leg,) = story.call, story.call.channel_id, story.legs
        times = asterisks_records.times
        (arrived,), (ended,) = await times(channel, "CHAN_START"), await times(channel, "CHAN_END")
        (rung,), (let_go,) = await times(leg.id, "CHAN_START"), await times(leg.id, "CHAN_END")
        joined, parted = await times(channel, "BRIDGE_ENTER"), await times(channel, "BRIDGE_EXIT")
        assert call.total_seconds == pytest.approx(ended - arrived, abs=SECONDS)
        assert call.total_seconds == pytest.approx(await asterisks_records.duration(channel), abs=SECONDS)
        assert call.wait_seconds is not None
        if call.outcome == "bridged":
            assert call.talk_seconds == pytest.approx(parted[0] - joined[0], abs=SECONDS)
            assert call.wait_seconds == pytest.approx(joined[0] - rung, abs=SECONDS)
        elif call.outcome == "abandoned":
            assert call.wait_seconds == pytest.approx(ended - rung, abs=SECONDS)
        else:
            assert leg.ring_seconds == pytest.approx(let_go - rung, abs=SECONDS)


BLOCKED = "+33199006666"
RULES = f"blocked: {{answer: busy, numbers: ['{BLOCKED}']}}\n"


@dataclass
class Story:
    """A call for a reason of its own, with an agent and a colleague of its own."""

    line: OpenLine
    reason: str
    number: int

    async def calls(self, **words: str) -> Person:
        """Let somebody call and be answered."""
        return await self.line.takes_a_call(self.reason, **words)

    async def talks(self) -> tuple[Person, Person]:
        """Let somebody call and an agent take the call."""
        phone = self.line.telephone(mobile(self.number))
        caller = await self.calls()
        agent = await phone.is_rung()
        await agent.takes_the_call()
        await self.line.told(CallBridged, caller)
        await asyncio.sleep(SHORTEST_TALK)
        return caller, agent

    async def colleague_takes_it(self, agent: Person, keys: str) -> Person:
        """Let the agent ask for the colleague, who takes the call."""
        return await agent.reaches(self.line.telephone(mobile(self.number + 1)), f"{keys}1")


async def hangs_up_in_the_menu(story: Story) -> Person:
    caller = await story.line.takes_a_call()
    await caller.hears("bienvenue")
    await caller.hangs_up()
    return caller


async def finds_nobody_on_call(story: Story) -> Person:
    caller = await story.calls()
    await caller.is_hung_up()
    return caller


async def is_blocked(story: Story) -> Person:
    caller = await story.line.is_called(story.reason, number=BLOCKED)
    await caller.is_hung_up()
    return caller


async def is_hung_up_by_the_agent(story: Story) -> Person:
    caller, agent = await story.talks()
    await agent.hangs_up()
    await caller.is_hung_up()
    return caller


async def holds_the_line(story: Story) -> Person:
    caller, _ = await story.talks()
    await caller.party.hold()
    await asyncio.sleep(SHORTEST_TALK)
    await caller.party.unhold()
    await caller.hangs_up()
    return caller


async def is_handed_over(story: Story) -> Person:
    caller, agent = await story.talks()
    colleague = await story.colleague_takes_it(agent, TRANSFER)
    await story.line.told(CallBridged, caller, times=2)
    await asyncio.sleep(SHORTEST_TALK)
    await colleague.hangs_up()
    await caller.is_hung_up()
    return caller


async def waits_while_a_colleague_is_asked(story: Story) -> Person:
    caller, agent = await story.talks()
    colleague = await story.colleague_takes_it(agent, CONSULT)
    await asyncio.sleep(SHORTEST_TALK)
    await colleague.hangs_up()
    await story.line.told(CallBridged, caller, times=2)
    await caller.hangs_up()
    return caller


async def talks_with_two(story: Story) -> Person:
    caller, agent = await story.talks()
    await story.colleague_takes_it(agent, CONFERENCE)
    await asyncio.sleep(SHORTEST_TALK)
    await agent.hangs_up()
    await asyncio.sleep(SHORTEST_TALK)
    await caller.hangs_up()
    return caller


STORIES: dict[Callable[[Story], Awaitable[Person]], str] = {
    hangs_up_in_the_menu: "abandoned",
    finds_nobody_on_call: "nobody-on-call",
    is_blocked: "blocked",
    is_hung_up_by_the_agent: "bridged",
    holds_the_line: "bridged",
    is_handed_over: "bridged",
    waits_while_a_colleague_is_asked: "bridged",
    talks_with_two: "bridged",
}


async def assert_measured(record: CallStory, records: AsterisksRecords) -> None:
    """Check a call's whole, and how long it was talked in it, with what Asterisk wrote of its channel."""
    call, times = record.call, records.times
    (arrived,) = await times(call.channel_id, "CHAN_START")
    (ended,) = await times(call.channel_id, "CHAN_END")
    assert call.total_seconds == pytest.approx(ended - arrived, abs=SECONDS)
    if call.answered_at is not None:  # of others there is no CDR
        assert call.total_seconds == pytest.approx(await records.duration(call.channel_id), abs=SECONDS)
    joined, parted = (
        await times(call.channel_id, "BRIDGE_ENTER"),
        await times(call.channel_id, "BRIDGE_EXIT"),
    )
    talked = sum(until - since for since, until in zip(joined, parted, strict=True))
    assert (call.talk_seconds or 0.0) == pytest.approx(talked, abs=SECONDS)


async def test_whatever_happens_in_a_call_its_durations_are_those_that_asterisk_measured(
    place: Place, asterisks_records: AsterisksRecords
) -> None:
    reasons = [f"histoire-{number}" for number in range(len(STORIES))]
    agents = {f"agent-{number}": f'["tel:{mobile(number)}"]' for number in range(2 * len(STORIES))}
    teams = {reason: [f"{{ring: [agent-{2 * n}], for: 60s}}"] for n, reason in enumerate(reasons)}
    more = {reason: f"transfer: {{1: agent-{2 * n + 1}}}\n" for n, reason in enumerate(reasons)}
    nobody = reasons[list(STORIES).index(finds_nobody_on_call)]
    teams[nobody], more[nobody] = ["{ring: on-call, for: 5s}", "voicemail"], NOBODY_YET
    settings = with_callers(place, RULES, agents=agents, teams=teams, more=more)
    async with opened(place, settings) as line:
        stories = [Story(line, reason, 2 * n) for n, reason in enumerate(reasons)]
        callers = await asyncio.gather(*(tells(one) for tells, one in zip(STORIES, stories, strict=True)))
        records = [await line.record_of(caller) for caller in callers]
    assert [record.call.outcome for record in records] == list(STORIES.values())
    for record in records:
        await assert_measured(record, asterisks_records)


async def test_calls_that_were_taken_up_after_a_kill_lasted_as_long_as_asterisk_measured(
    place: Place, asterisks_records: AsterisksRecords
) -> None:
    agents = {f"mobile-{n}": f'["tel:{mobile(n)}"]' for n in range(2)}
    teams = {reason: [f"{{ring: [mobile-{n}], for: 60s}}"] for n, reason in enumerate(REASONS[:2])}
    settings = place.settings(agents=agents, teams=teams)
    async with line_process(settings) as killed:
        talks = [
            await put_through_by(killed, place, reason, mobile(n)) for n, reason in enumerate(REASONS[:2])
        ]
        await killed.is_killed()
    async with opened(place, settings) as line:
        await has_taken_up(line, calls=2)
        await talks[0][0].hangs_up()
        await talks[1][1].hangs_up()
        await asyncio.gather(*(each.is_hung_up() for talk in talks for each in talk))
        await all_is_on_record(line)
        for caller, _ in talks:
            record = await record_of(settings, caller)
            assert record.call.outcome == "bridged"
            await assert_measured(record, asterisks_records)
