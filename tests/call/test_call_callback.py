"""Who asks to be called back is called back: an agent first, then they, until the two have talked, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ari_app.core.settings import Settings
from ari_app.network.network import refuses
from ari_app.records.callbacks import CallbackReader, CallbackRecord
from ari_app.records.facts import CallEnded
from ari_app.records.reader import CallStory, Reader

from .exchange import OpenLine, tried
from .files import MENU_NUMBER
from .people import Person
from .troubles import they_hear_each_other, until_told

if TYPE_CHECKING:
    from .conftest import OpenALine

ALICE = {"panne": ["{ring: [alice], for: 5s}"]}
QUICKLY = "attempts: 3, delays: [1s], within: 5m, for: 5s"


def calls_back(how: str = QUICKLY) -> str:
    """Return a flow that promises to call back; who is not to be called back hears goodbye."""
    return f"""
flow: menu
languages: [fr, en]
start: rappel
fallback_reason: panne
reasons: {{panne: {{fr: motif, en: reason}}}}
nodes:
  rappel: {{callback: {{{how}, timeout: 2s, retries: 0, then: avis, otherwise: personne}}}}
  avis: {{survey: {{prompt: avis, thanks: merci, timeout: 2s}}}}
  personne: {{goodbye: {{prompt: personne-disponible}}}}
prompts:
  avis: {{fr: De 1 à 5., en: From 1 to 5.}}
  merci: {{fr: Merci., en: Thanks.}}
  personne-disponible: {{fr: Personne., en: Nobody.}}
"""


async def asks(line: OpenLine, *, number: str = "") -> Person:
    """Let somebody call and ask to be called back at their own number."""
    caller = await line.takes_a_call(number=number)
    await caller.hears("callback-number")
    await caller.presses("1")
    await caller.hears("callback-noted")
    await caller.is_hung_up()
    return caller


async def they_talk(caller: Person, agent: Person) -> None:
    """Let the two talk for longer than somebody who has picked up by mistake."""
    for _ in range(2):
        await they_hear_each_other(caller, agent)


async def wish_of(settings: Settings, caller: Person) -> CallbackRecord:
    """Return what is on record of a caller's wish."""
    async with CallbackReader(settings.database_url) as reader:
        (wish,) = [each for each in await reader.callbacks() if each.number == caller.number]
        return wish


async def until_it_is(
    state: str, line: OpenLine, caller: Person, *, result: str | None = None
) -> CallbackRecord:
    """Wait until a caller's wish is in a state, for that reason if one is given."""

    async def is_so() -> bool:
        wish = await wish_of(line.settings, caller)
        return wish.state == state and result in (None, wish.result)

    await until_told(f"the wish is {state}", is_so)
    return await wish_of(line.settings, caller)


async def calls_of(line: OpenLine, caller: Person) -> Sequence[CallStory]:
    """Return the records of a caller's calls, those that they made and those that were made to them."""
    await line.line.recorder.flush()
    async with Reader(line.settings.database_url) as reader:
        found = [each for each in await reader.calls(limit=100) if each.number == caller.number]
        return [await reader.call(each.id) for each in sorted(found, key=lambda each: each.id)]


async def test_an_agent_then_the_caller_are_rung_and_the_two_talk(open_a_line: OpenALine) -> None:
    async with open_a_line(teams=ALICE, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        theirs = line.telephone(caller.number)
        agent = await alice.is_rung()
        assert theirs.rung == 0
        await agent.picks_up()
        await agent.hears("agent-callback")
        await agent.presses("1")
        again = await theirs.is_rung()
        line.placed += 1
        assert again.party.caller_number == MENU_NUMBER
        await agent.hears_ringing()
        await again.picks_up()
        await they_talk(again, agent)
        await agent.hangs_up()
        await again.hears("avis")
        await again.presses("4")
        await again.hears("merci")
        await again.is_hung_up()
        wish = await until_it_is("talked", line, caller)
        asked, called = await calls_of(line, caller)
    assert asked.call.outcome == "callback"
    assert called.call.outcome == "bridged"
    assert called.call.survey == 4
    assert tried(called) == [("alice", "accepted")]
    assert (wish.tries, wish.counted, wish.last_call) == (1, 0, called.call.id)
    assert (theirs.rung, alice.rung) == (1, 1)


async def test_a_caller_who_does_not_pick_up_when_they_are_called_back_is_not_reached(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line(teams=ALICE, menu=calls_back()) as line:
        alice = line.telephone("alice")
        caller = await asks(line)
        line.telephone(caller.number).does(refuses(486))
        agent = await alice.is_rung()
        await agent.takes_the_call()
        line.placed += 1
        await agent.hears("agent-unreached")
        await agent.is_hung_up()
        await line.facts.until(CallEnded, times=2)
        asked, called = await calls_of(line, caller)
    assert (asked.call.outcome, called.call.outcome) == ("callback", "not-reached")
    assert tried(called) == [("alice", "accepted")]
