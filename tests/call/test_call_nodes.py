"""What each kind of node does to a caller, as they hear it: the clock, numbers, services, notes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from .exchange import tried
from .files import MENU_NUMBER
from .test_call_flow import flow_of, service

if TYPE_CHECKING:
    from .conftest import OpenALine

PARIS = ZoneInfo("Europe/Paris")


async def test_the_number_that_was_called_says_the_language_whoever_calls(open_a_line: OpenALine) -> None:
    both = f'language_of: {{called: {{"{MENU_NUMBER}": en}}, caller: {{"+33": fr}}}}'
    menu = flow_of("  mot: {say: {prompt: bienvenue, goto: appel}}\n", "mot", "bienvenue", both)
    async with open_a_line(menu=menu) as line:
        caller = await line.takes_a_call(number="+33199099912")
        await caller.hears("bienvenue", "en")
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert not await caller.has_heard("bienvenue", "fr")
    assert record.call.language == "en"


async def test_words_may_be_said_in_several_languages_one_after_the_other(open_a_line: OpenALine) -> None:
    nodes = "  mot: {say: {prompt: choix-langue, languages: [en, fr], goto: personne}}\n"
    async with open_a_line(menu=flow_of(nodes, "mot", "choix-langue")) as line:
        caller = await line.takes_a_call()
        await caller.hears("choix-langue", "en")
        assert not await caller.has_heard("choix-langue", "fr")
        await caller.hears("choix-langue", "fr")
        await caller.hears("personne-disponible", "fr")
        await caller.is_hung_up()


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
async def test_callers_are_led_by_the_clock(open_a_line: OpenALine, *, is_open: bool) -> None:
    now = datetime.now(PARIS)
    other = now + timedelta(hours=12)
    begins = now - timedelta(hours=1) if is_open else other
    window = f'{{from: "{begins:%H:%M}", to: "{begins + timedelta(hours=2):%H:%M}"}}'
    menu = flow_of(
        f"""\
  heures: {{hours: {{timezone: Europe/Paris, window: {window}, open: ouvert, closed: ferme}}}}
  ouvert: {{say: {{prompt: bienvenue, goto: appel}}}}
  ferme: {{goodbye: {{prompt: hors-astreinte}}}}
""",
        "heures",
        "bienvenue hors-astreinte",
    )
    async with open_a_line(menu=menu) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        if is_open:
            await caller.hears("bienvenue")
            await alice.is_rung()
            await caller.hangs_up()
        else:
            await caller.hears("hors-astreinte")
            await caller.is_hung_up()
            assert alice.rung == 0
            assert (await line.record_of(caller)).call.outcome == "goodbye"


async def test_what_a_flow_notes_is_spoken_rung_and_told(open_a_line: OpenALine) -> None:
    """A language, a reason and more by `set`; a second name for a node by `goto`."""
    async with service() as crm:
        menu = flow_of(
            f"""\
  note:
    set: {{language: en, reason: retour, priority: 7, vip: true, variables: {{canal: web}}, goto: ici}}
  ici: {{goto: client}}
  client: {{webhook: {{url: "{crm.url}", send: [canal], goto: mot, failed: personne}}}}
  mot: {{say: {{prompt: choix-motif, goto: appel}}}}
""",
            "note",
            "choix-motif",
        )
        crm.answers({})
        async with open_a_line(menu=menu) as line:
            chloe = line.telephone("chloe")
            caller = await line.takes_a_call()
            question = await crm.asked.get()
            await caller.hears("choix-motif", "en")
            agent = await chloe.is_rung()
            await agent.picks_up()
            await agent.hears("agent-accept-retour", "en")
            await agent.hears("agent-vip", "en")
            await caller.hangs_up()
    assert {name: question[name] for name in ("language", "reason", "priority", "vip", "variables")} == {
        "language": "en",
        "reason": "retour",
        "priority": 7,
        "vip": True,
        "variables": {"canal": "web"},
    }


async def test_a_number_with_a_wrong_check_digit_is_refused_and_a_right_one_can_be_corrected(
    open_a_line: OpenALine,
) -> None:
    nodes = """\
  contrat:
    collect:
      prompt: saisir-contrat
      store: contrat
      pattern: ["33XX", "5XXX"]
      checksum: luhn
      record: full
      goto: mot
      otherwise: personne
  mot: {goodbye: {prompt: ferie}}
"""
    async with open_a_line(menu=flow_of(nodes, "contrat", "saisir-contrat ferie")) as line:
        caller = await line.takes_a_call()
        await caller.hears("saisir-contrat")
        await caller.presses("3341")  # Luhn says 3343
        await caller.hears("digits-wrong")
        await caller.presses("4242")  # right, but of no pattern
        await line.facts.until_event("collect.invalid", times=2)
        await caller.presses("3343")
        await caller.hears("digits-heard")
        await caller.hears("digits-confirm")
        await caller.presses("2")
        await caller.presses("5009")
        await caller.hears("digit-9")
        await caller.presses("1")
        await caller.hears("ferie")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert [event.data["number"] for event in record.events if event.name == "call.number"] == ["5009"]
    assert record.call.outcome == "goodbye"


async def test_a_service_that_is_too_slow_is_not_waited_for(open_a_line: OpenALine) -> None:
    async with service() as crm:
        nodes = f"""\
  client: {{webhook: {{url: "{crm.url}", timeout: 1s, goto: personne, failed: lent}}}}
  lent: {{say: {{prompt: ferie, goto: appel}}}}
"""
        async with open_a_line(menu=flow_of(nodes, "client", "ferie")) as line:
            alice = line.telephone("alice")
            caller = await line.takes_a_call()
            await crm.asked.get()
            await caller.hears("ferie")
            agent = await alice.is_rung()
            await agent.refuses(486)
            await caller.hears("personne-disponible")
            await caller.is_hung_up()
            record = await line.record_of(caller)
            await crm.let_go.wait()
    (failed,) = [event.data for event in record.events if event.name == "webhook.failed"]
    assert "1 s" in str(failed["reason"])
    assert tried(record) == [("alice", "busy")]
