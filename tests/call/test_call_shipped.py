"""The flow that is shipped, in the voice that is shipped: a French company could use it as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ari_app.core.prompt import Prompt
from ari_app.core.settings import PromptSettings
from ari_app.network.hearing import ALIKE, RATE, likeness, read_wav
from ari_app.records.facts import CallBridged
from ari_app.records.reader import CallStory
from ari_app.service.books import open_books

from .exchange import OpenLine, opened, tried
from .people import Person

if TYPE_CHECKING:
    from .exchange import Place

FLOWS = Path(__file__).parents[2] / "ivr_flows"
BEGINNING = int(1.5 * RATE)
PATIENCE = 20.0
"""Seconds: the longest prompts take ten."""


async def hears_said(person: Person, line: OpenLine, prompt: Prompt) -> None:
    """Wait until the beginning of a spoken prompt was heard."""
    wanted = read_wav(line.line.prompts.path(prompt))[:BEGINNING]
    async with asyncio.timeout(PATIENCE):
        while likeness(await person.party.heard(), wanted, seconds=0.8) <= ALIKE:  # noqa: ASYNC110 - packets tell nobody
            await asyncio.sleep(0.2)


async def test_callers_are_led_through_the_shipped_flow_in_french_and_in_english(place: Place) -> None:
    settings = place.settings().model_copy(
        update={"flows": FLOWS, "lines": {"default": "accueil"}, "prompts": PromptSettings()}
    )
    flows = open_books(settings)[0].flows
    flow = flows.flows["accueil"]

    def said(name: str, language: str) -> Prompt:
        return flow.prompts([name], [language])[0]

    async def in_english(line: OpenLine) -> CallStory:
        emma = line.telephone("+33199001201")
        caller = await line.takes_a_call()
        await hears_said(caller, line, said("bienvenue", "fr"))
        await caller.presses("2")
        await hears_said(caller, line, said("choix-motif", "en"))
        await caller.presses("4")
        agent = await emma.is_rung()
        await agent.picks_up()
        await hears_said(agent, line, flows.whisper("commande", "en"))
        await agent.presses("2")
        await hears_said(caller, line, said("personne-disponible", "en"))
        await caller.is_hung_up(within=PATIENCE)
        return await line.record_of(caller)

    async def in_french(line: OpenLine) -> CallStory:
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call()
        await hears_said(caller, line, said("choix-langue", "fr"))
        await caller.presses("1")
        await hears_said(caller, line, said("choix-motif", "fr"))
        await caller.presses("9")
        await hears_said(caller, line, said("touche-inconnue", "fr"))
        await caller.presses("2")
        agent = await bruno.is_rung()
        await agent.picks_up()
        await hears_said(agent, line, flows.whisper("carte-volee", "fr"))
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        await caller.hangs_up()
        return await line.record_of(caller)

    async with opened(place, settings) as line:
        english, french = await asyncio.gather(in_english(line), in_french(line))
    assert (english.call.language, english.call.reason) == ("en", "commande")
    assert (english.call.outcome, tried(english)) == ("unanswered", [("emma", "passed")])
    assert (french.call.language, french.call.reason) == ("fr", "carte-volee")
    assert (french.call.outcome, tried(french)) == ("bridged", [("bruno", "accepted")])
