"""Callers and the menu: those who press the wrong key, too early, or nothing at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .exchange import tried
from .files import mobile

if TYPE_CHECKING:
    from .conftest import OpenALine


async def test_a_caller_without_keys_still_reaches_an_agent(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
        await caller.hears("choix-langue")
        await caller.hears("choix-motif")
        await caller.hears("rien-entendu")
        await alice.is_rung()
        assert await caller.has_heard_the_end_of("bienvenue")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.language, record.call.reason) == ("fr", "panne")
    assert [event.name for event in record.events].count("menu.silence") == 3


async def test_a_wrong_key_is_said_to_be_wrong_and_the_right_one_still_counts(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call()
        await caller.presses("1")
        await caller.hears("choix-motif")
        await caller.presses("9")
        await caller.hears("touche-inconnue")
        await caller.presses("2")
        await bruno.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert record.call.reason == "carte-volee"


async def test_wrong_keys_only_lead_to_the_flows_own_reason(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        for key in ("1", "8", "9"):
            await caller.presses(key)
        await alice.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert record.call.reason == "panne"
    assert [event.data["key"] for event in record.events if event.name == "menu.invalid"] == ["8", "9"]


async def test_keys_pressed_ahead_of_the_questions_answer_them(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        chloe = line.telephone("chloe")
        caller = await line.takes_a_call()
        await caller.presses("23")
        agent = await chloe.is_rung()
        await agent.picks_up()
        await agent.hears("agent-accept-retour", "en")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.language, record.call.reason) == ("en", "retour")
    assert not await caller.has_heard_the_end_of("bienvenue")


async def test_many_callers_at_once_do_not_mix_up_their_keys(open_a_line: OpenALine) -> None:
    agents = {f"agent{n}": f'["tel:{mobile(n)}"]' for n in range(12)}
    reasons = ["panne", "carte-volee", "retour", "commande"]
    teams = {
        reason: [f"{{ring: [{', '.join(f'agent{n}' for n in range(first, 12, 4))}], for: 4s}}"]
        for first, reason in enumerate(reasons)
    }
    async with open_a_line(agents=agents, teams=teams) as line:
        for n in range(12):
            line.telephone(mobile(n))

        async def one(n: int) -> None:
            caller = await line.takes_a_call()
            await caller.presses(f"{1 + n % 2}")
            await caller.presses(f"{1 + n % 4}")
            await line.telephone_rung_for(caller)
            await caller.hangs_up()
            record = await line.record_of(caller)
            assert (record.call.language, record.call.reason) == (["fr", "en"][n % 2], reasons[n % 4])
            assert tried(record) == [(f"agent{n % 4}", "cancelled")]

        await asyncio.gather(*(one(n) for n in range(12)))
