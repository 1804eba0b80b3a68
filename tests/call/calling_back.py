"""Callers who ask to be called back, and what is on record of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ari_app.core.settings import Settings
from ari_app.network.network import Behaviour
from ari_app.network.party import Party
from ari_app.records.callbacks import CallbackReader, CallbackRecord
from ari_app.records.reader import CallStory, Reader

from .exchange import OpenLine
from .people import Person, Telephone
from .troubles import they_hear_each_other, until_told

ONCE = "attempts: 1, delays: [1s], within: 5m, for: 5s"
QUICKLY = "attempts: 3, delays: [1s], within: 5m, for: 5s"
LATER = "attempts: 3, delays: [10m], within: 1h, for: 5s"
"""Once now, and not again while a test lasts."""
PATIENT = {
    "panne": ["{ring: [alice], for: 60s}"],
    "carte-volee": ["{ring: [bruno], for: 60s}"],
    "retour": ["{ring: [chloe], for: 60s}"],
    "commande": ["{ring: [emma], for: 60s}"],
}
EVERYBODY = ("alice", "bruno", "chloe", "+33199001201")
"""The telephones of those who answer for the reasons 1 to 4."""


def calls_back(how: str = QUICKLY, *, survey: str = "prompt: avis, thanks: merci, timeout: 2s") -> str:
    """Return a flow that asks for a reason, and promises to call back; who is not called hears goodbye.

    Key 5 is urgent; 9 and 7 put through to an agent, for reasons 1 and 2; 8 lets callers wait and choose.
    """
    return f"""
flow: menu
languages: [fr, en]
language_of: {{caller: {{"+44": en}}}}
start: motif
fallback_reason: panne
reasons:
  panne: {{fr: motif, en: reason}}
  carte-volee: {{fr: motif, en: reason}}
  retour: {{fr: motif, en: reason}}
  commande: {{fr: motif, en: reason}}
nodes:
  motif:
    menu:
      prompt: choix-motif
      keys:
        "1": {{reason: panne, goto: rappel}}
        "2": {{reason: carte-volee, goto: rappel}}
        "3": {{reason: retour, goto: rappel}}
        "4": {{reason: commande, goto: rappel}}
        "5": {{reason: panne, goto: urgent}}
        "7": {{reason: carte-volee, goto: appel}}
        "8": {{reason: panne, goto: attente}}
        "9": {{reason: panne, goto: appel}}
      otherwise: personne
  urgent: {{set: {{priority: 9, goto: rappel}}}}
  rappel: {{callback: {{{how}, timeout: 2s, retries: 0, then: avis, otherwise: personne}}}}
  appel: {{route: {{nobody: personne, then: avis}}}}
  attente: {{route: {{nobody: personne, while_waiting: {{hear: music, choices: {{"1": rappel}}}}}}}}
  avis: {{survey: {{{survey}}}}}
  personne: {{goodbye: {{prompt: personne-disponible}}}}
prompts:
  choix-motif: {{fr: Tapez., en: Press.}}
  avis: {{fr: De 1 à 5., en: From 1 to 5.}}
  merci: {{fr: Merci., en: Thanks.}}
  personne-disponible: {{fr: Personne., en: Nobody.}}
"""


async def asks(line: OpenLine, reason: str = "1", *, number: str = "") -> Person:
    """Let somebody call, press the key of a reason, and ask to be called back at their own number."""
    caller = await line.takes_a_call(number=number)
    await caller.presses(f"{reason}1")
    await caller.hears("callback-noted")
    await caller.is_hung_up()
    return caller


async def is_rung_back(line: OpenLine, phone: Telephone) -> tuple[Person, Person, Person]:
    """Let somebody ask to be called back, and an agent take it: the caller's telephone rings.

    Returns the caller as they asked, the agent, and whoever is about to pick up.
    """
    caller = await asks(line)
    theirs = line.telephone(caller.number)
    agent = await phone.is_rung()
    await agent.takes_the_call()
    return caller, agent, await theirs.is_rung()


async def takes_it(called: Person) -> None:
    """Let somebody who is called back pick up, and say that they want to talk."""
    await called.picks_up()
    await called.hears("callback-keys")
    await called.presses("1")


async def they_talk(caller: Person, agent: Person) -> None:
    """Let the two talk for longer than somebody who has picked up by mistake."""
    for _ in range(2):
        await they_hear_each_other(caller, agent)


def picks_up(*, after: float = 0.5, press: str = "", hang_up: bool = False) -> Behaviour:
    """Pick up, wait a moment, press keys if there are any, then hang up or listen to the end."""

    async def behaviour(party: Party) -> None:
        await party.ring()
        await party.answer()
        await asyncio.sleep(after)
        if press:
            await party.press(press)
        if hang_up:
            await party.hang_up()

    return behaviour


async def wishes_of(settings: Settings, number: str) -> list[CallbackRecord]:
    """Return all that is on record of a number that wished to be called back, newest first."""
    async with CallbackReader(settings.database_url) as reader:
        return [each for each in await reader.callbacks(limit=100) if each.number == number]


async def wish_of(settings: Settings, number: str) -> CallbackRecord:
    """Return what is on record of the only wish of a number."""
    (wish,) = await wishes_of(settings, number)
    return wish


async def until_it_is(
    state: str, settings: Settings, number: str, *, result: str | None = None
) -> CallbackRecord:
    """Wait until the wish of a number is in a state, for that reason if one is given."""

    async def is_so() -> bool:
        wish = await wish_of(settings, number)
        return wish.state == state and result in (None, wish.result)

    await until_told(f"the wish of {number} is {state} ({result})", is_so)
    return await wish_of(settings, number)


async def calls_of(settings: Settings, number: str) -> Sequence[CallStory]:
    """Return the records of a number's calls, those that it made and those that were made to it."""
    async with Reader(settings.database_url) as reader:
        found = [each for each in await reader.calls(limit=100) if each.number == number]
        return [await reader.call(each.id) for each in sorted(found, key=lambda each: each.arrived_at)]


async def over_calls_of(line: OpenLine, number: str, many: int) -> Sequence[CallStory]:
    """Wait until so many calls of a number are over; return their records."""

    async def are_over() -> bool:
        calls = await calls_of(line.settings, number)
        return len(calls) == many and None not in [each.call.outcome for each in calls]

    await until_told(f"{many} calls of {number} are over", are_over)
    return await calls_of(line.settings, number)


def why_not(story: CallStory) -> list[object]:
    """Return what a call back says of a caller who was not reached."""
    return [each.data["result"] for each in story.events if each.name == "callback.not_reached"]
