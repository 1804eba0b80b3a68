"""The search for an agent: whoever does not take the call costs the caller no more time than they must."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ari_app.network.network import answers, refuses, rings_for_ever
from ari_app.records.facts import CallBridged, LegEnded, LegStarted

from .exchange import OpenLine, tried
from .files import mobile

if TYPE_CHECKING:
    from .conftest import OpenALine

NO_HURRY = "for: 120s"
"""A ring time that no test waits for: who is rung next was rung because of something else."""


async def test_who_refuses_is_followed_by_the_next_at_once(open_a_line: OpenALine) -> None:
    result_of = {
        403: "declined",
        404: "unreachable",
        480: "unreachable",
        486: "busy",
        503: "unreachable",
        603: "declined",
    }
    agents = {f"first{code}": f'["tel:{mobile(n)}"]' for n, code in enumerate(result_of)}
    agents |= {f"next{code}": f'["tel:{mobile(10 + n)}"]' for n, code in enumerate(result_of)}
    teams = {
        f"r{code}": [f"{{ring: [first{code}], {NO_HURRY}}}", f"{{ring: [next{code}], {NO_HURRY}}}"]
        for code in result_of
    }

    async def one(line: OpenLine, n: int, code: int) -> None:
        line.telephone(mobile(n)).does(refuses(code))
        following = line.telephone(mobile(10 + n))
        caller = await line.takes_a_call(f"r{code}")
        await following.is_rung()
        await caller.hears_ringing()
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert tried(record) == [(f"first{code}", result_of[code]), (f"next{code}", "cancelled")]
        assert record.legs[0].tech_cause == code

    async with open_a_line(agents=agents, teams=teams) as line:
        await asyncio.gather(*(one(line, n, code) for n, code in enumerate(result_of)))


async def test_a_phone_that_rings_for_ever_stops_when_its_time_is_over(open_a_line: OpenALine) -> None:
    async with open_a_line(teams={"panne": ["{ring: [alice, bruno], for: 1s}"]}) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        first = await alice.is_rung()
        second = await bruno.is_rung()
        await first.is_hung_up()
        assert not first.party.up
        await second.takes_the_call()
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(second)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "no-answer"), ("bruno", "accepted")]
    assert record.call.agent == "bruno"


async def test_a_voicemail_box_does_not_get_the_call(open_a_line: OpenALine) -> None:
    teams = {"panne": [f"{{ring: [alice], {NO_HURRY}}}", f"{{ring: [bruno], {NO_HURRY}}}"]}
    async with open_a_line(teams=teams, accept_seconds=1) as line:
        line.telephone("alice").does(answers(press=""))
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "not-accepted"), ("bruno", "cancelled")]
    assert record.legs[0].answered_at is not None
    assert record.legs[0].accepted_at is None


@pytest.mark.parametrize(
    ("keys", "result"), [("2", "passed"), ("51", "accepted"), ("091", "accepted"), ("0**", "not-accepted")]
)
async def test_an_agents_keys_take_the_call_or_pass_it_on(
    open_a_line: OpenALine, keys: str, result: str
) -> None:
    teams = {"panne": [f"{{ring: [alice], {NO_HURRY}}}", f"{{ring: [bruno], {NO_HURRY}}}"]}
    async with open_a_line(teams=teams, accept_seconds=10) as line:
        line.telephone("alice").does(answers(press=keys))
        line.telephone("bruno").does(rings_for_ever)
        caller = await line.takes_a_call("panne")
        if result == "accepted":
            await line.told(CallBridged, caller)
        else:
            await line.told(LegEnded, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record)[0] == ("alice", result)


async def test_who_answers_around_the_end_of_their_time_is_bridged_or_let_go(open_a_line: OpenALine) -> None:
    instants = [0.9, 0.96, 0.98, 0.99, 1.0, 1.0, 1.01, 1.02, 1.04, 1.1]
    agents = {f"late{n}": f'["tel:{mobile(n)}"]' for n in range(len(instants))}
    agents |= {f"next{n}": f'["tel:{mobile(20 + n)}"]' for n in range(len(instants))}
    teams = {
        f"r{n}": [f"{{ring: [late{n}], for: 1s}}", f"{{ring: [next{n}], {NO_HURRY}}}"] for n in range(10)
    }

    async def one(line: OpenLine, n: int) -> None:
        line.telephone(mobile(n)).does(answers(after=instants[n], listen=0.05))
        line.telephone(mobile(20 + n)).does(answers(listen=0.05))
        caller = await line.takes_a_call(f"r{n}")
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert tried(record) in (
            [(f"late{n}", "accepted")],
            [(f"late{n}", "no-answer"), (f"next{n}", "accepted")],
        )
        assert record.call.agent == record.legs[-1].agent

    async with open_a_line(agents=agents, teams=teams) as line:
        await asyncio.gather(*(one(line, n) for n in range(len(instants))))


async def test_an_agents_second_phone_rings_beside_the_first(open_a_line: OpenALine) -> None:
    agents = {"alice": f'[sip:alice, {{tel: "{mobile(0)}", after: 1s}}]'}
    async with open_a_line(agents=agents, teams={"panne": [f"{{ring: [alice], {NO_HURRY}}}"]}) as line:
        desk, pocket = line.telephone("alice"), line.telephone(mobile(0))
        caller = await line.takes_a_call("panne")
        first = await desk.is_rung()
        second = await pocket.is_rung()
        assert not first.party.gone
        await second.takes_the_call()
        await first.is_hung_up()
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(second)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "taken-elsewhere"), ("alice", "accepted")]


async def test_the_second_phone_rings_at_once_when_the_first_is_of_no_use(open_a_line: OpenALine) -> None:
    agents = {
        "alice": f'[sip:alice, {{tel: "{mobile(0)}", after: 60s}}]',
        "dora": f'[sip:dora, {{tel: "{mobile(1)}", after: 60s}}]',
    }
    teams = {"panne": [f"{{ring: [alice], {NO_HURRY}}}"], "retour": [f"{{ring: [dora], {NO_HURRY}}}"]}
    async with open_a_line(agents=agents, teams=teams) as line:
        line.telephone("alice").does(refuses(486))
        pockets = [line.telephone(mobile(n)) for n in (0, 1)]
        callers = [await line.takes_a_call(reason) for reason in ("panne", "retour")]
        for pocket, caller in zip(pockets, callers, strict=True):
            await pocket.is_rung()
            await caller.hangs_up()
        records = [await line.record_of(caller) for caller in callers]
    assert tried(records[0]) == [("alice", "busy"), ("alice", "cancelled")]
    assert tried(records[1]) == [("dora", "skipped"), ("dora", "cancelled")]


async def test_who_passes_on_one_phone_is_not_rung_on_the_other(open_a_line: OpenALine) -> None:
    agents = {"alice": f'[sip:alice, "tel:{mobile(0)}", {{tel: "{mobile(1)}", after: 60s}}]'}
    teams = {"panne": [f"{{ring: [alice], {NO_HURRY}}}", f"{{ring: [bruno], {NO_HURRY}}}"]}
    async with open_a_line(agents=agents, teams=teams) as line:
        desk, pocket, third = line.telephone("alice"), line.telephone(mobile(0)), line.telephone(mobile(1))
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        ringing = await pocket.is_rung()
        agent = await desk.is_rung()
        await agent.picks_up()
        await agent.presses("2")
        await ringing.is_hung_up()
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "passed"), ("alice", "passed"), ("bruno", "cancelled")]
    assert [leg.answered_at is None for leg in record.legs] == [False, True, True]
    assert third.rung == 0


async def test_the_first_of_several_to_take_the_call_silences_the_others(open_a_line: OpenALine) -> None:
    teams = {"panne": [f"{{ring: [alice, bruno, chloe], strategy: simultaneous, {NO_HURRY}}}"]}
    async with open_a_line(teams=teams) as line:
        telephones = [line.telephone(name) for name in ("alice", "bruno", "chloe")]
        caller = await line.takes_a_call("panne")
        first, second, third = [await telephone.is_rung() for telephone in telephones]
        await first.picks_up()
        await second.takes_the_call()
        await first.is_hung_up()
        await third.is_hung_up()
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(second)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert sorted(tried(record)) == [
        ("alice", "taken-elsewhere"),
        ("bruno", "accepted"),
        ("chloe", "taken-elsewhere"),
    ]


async def test_of_two_who_take_the_call_in_the_same_instant_one_gets_it(open_a_line: OpenALine) -> None:
    teams = {f"r{n}": [f"{{ring: [x{n}, y{n}], strategy: simultaneous, {NO_HURRY}}}"] for n in range(6)}
    agents = {f"x{n}": f'["tel:{mobile(n)}"]' for n in range(6)}
    agents |= {f"y{n}": f'["tel:{mobile(10 + n)}"]' for n in range(6)}

    async def one(line: OpenLine, n: int) -> None:
        telephones = [line.telephone(mobile(n)), line.telephone(mobile(10 + n))]
        caller = await line.takes_a_call(f"r{n}")
        both = [await telephone.is_rung() for telephone in telephones]
        await asyncio.gather(*(agent.picks_up() for agent in both))
        await asyncio.gather(*(agent.presses("1") for agent in both))
        bridged = await line.told(CallBridged, caller)
        winner = both[[each.leg for each in line.facts.of(LegStarted, bridged.call)].index(bridged.leg)]
        loser = both[1 - both.index(winner)]
        await caller.hears_voice_of(winner)
        await loser.is_hung_up()
        assert not winner.party.gone
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert sorted(leg.result or "" for leg in record.legs) == ["accepted", "taken-elsewhere"]

    async with open_a_line(teams=teams, agents=agents) as line:
        await asyncio.gather(*(one(line, n) for n in range(6)))


async def test_the_search_goes_on_when_the_agent_is_gone_as_soon_as_they_took_the_call(
    open_a_line: OpenALine,
) -> None:
    delays = [0.0, 0.1, 0.11, 0.12, 0.15, 0.2, 0.4]
    agents = {f"gone{n}": f'["tel:{mobile(n)}"]' for n in range(len(delays))}
    agents |= {f"next{n}": f'["tel:{mobile(10 + n)}"]' for n in range(len(delays))}
    teams = {
        f"r{n}": [f"{{ring: [gone{n}], {NO_HURRY}}}", f"{{ring: [next{n}], {NO_HURRY}}}"]
        for n in range(len(delays))
    }

    async def one(line: OpenLine, n: int) -> None:
        telephone, following = line.telephone(mobile(n)), line.telephone(mobile(10 + n))
        caller = await line.takes_a_call(f"r{n}")
        agent = await telephone.is_rung()
        await agent.takes_the_call()
        await asyncio.sleep(delays[n])
        await agent.hangs_up()
        other = await following.is_rung()
        await caller.hears_ringing()
        await other.takes_the_call()
        await caller.hears_voice_of(other)
        await other.hears_voice_of(caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert record.call.outcome == "bridged"
        assert record.call.agent == f"next{n}"
        assert record.legs[0].result in ("lost", "not-accepted")

    async with open_a_line(agents=agents, teams=teams) as line:
        await asyncio.gather(*(one(line, n) for n in range(len(delays))))


async def test_a_step_with_nobody_in_it_takes_no_time(open_a_line: OpenALine) -> None:
    nobody = "\nlayers: [{id: old, effective: {until: 2020-01-01}, rotation: {members: [alice]}}]\n"
    teams = {"panne": [f"{{ring: on-call, {NO_HURRY}}}", f"{{ring: [bruno], {NO_HURRY}}}"]}
    async with open_a_line(teams=teams, more={"panne": nobody}) as line:
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("bruno", "cancelled")]
    assert record.legs[0].step == 1


async def test_a_caller_hears_goodbye_and_why_when_nobody_answers(open_a_line: OpenALine) -> None:
    async with open_a_line(teams={"panne": ["{ring: [alice, bruno], for: 1s}"]}) as line:
        line.telephone("alice").does(rings_for_ever)
        line.telephone("bruno").does(refuses(486))
        caller = await line.takes_a_call("panne")
        await caller.hears_ringing()
        await caller.hears("personne-disponible")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert await caller.has_heard_the_end_of("personne-disponible")
    assert record.call.outcome == "unanswered"
    assert tried(record) == [("alice", "no-answer"), ("bruno", "busy")]


async def test_a_caller_hears_that_nobody_is_on_call(open_a_line: OpenALine) -> None:
    nobody = "\nlayers: [{id: old, effective: {until: 2020-01-01}, rotation: {members: [alice]}}]\n"
    steps = ["{ring: on-call}", "voicemail"]
    async with open_a_line(teams={"panne": steps}, more={"panne": nobody}) as line:
        caller = await line.takes_a_call("panne")
        await caller.hears("hors-astreinte")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert await caller.has_heard_the_end_of("hors-astreinte")
    assert record.call.outcome == "nobody-on-call"
    assert record.legs == []


async def test_a_phone_that_is_known_to_be_out_of_reach_is_not_rung(open_a_line: OpenALine) -> None:
    agents = {"dora": "[sip:dora]", "ghost": "[sip:ghost]"}
    teams = {"panne": [f"{{ring: [dora, ghost, bruno], {NO_HURRY}}}"]}
    async with open_a_line(agents=agents, teams=teams) as line:
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("dora", "skipped"), ("ghost", "failed"), ("bruno", "cancelled")]


async def test_an_agent_who_talks_is_not_rung(open_a_line: OpenALine) -> None:
    teams = {"panne": [f"{{ring: [alice, bruno], {NO_HURRY}}}"]}
    async with open_a_line(teams=teams) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        another = await line.takes_a_call("panne")
        await bruno.is_rung()
        await another.hangs_up()
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await line.record_of(another)
    assert tried(record) == [("alice", "skipped"), ("bruno", "cancelled")]
    assert alice.rung == 1
