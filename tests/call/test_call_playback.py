"""What is played to a caller: the call waits for its end, and not for one that never comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ari_app.call import channel
from ari_app.records.facts import CallArrived

if TYPE_CHECKING:
    from .conftest import OpenALine

MENU = """
flow: menu
languages: [fr, en]
start: motif
fallback_reason: panne
reasons: {panne: {fr: motif, en: reason}}
nodes:
  motif:
    menu:
      prompt: choix-motif
      keys: {"1": {goto: appel}, "2": {goto: personne}}
      timeout: 30s
      otherwise: appel
  appel: {route: {nobody: personne}}
  personne: {goodbye: {prompt: [bienvenue, personne-disponible]}}
prompts:
  bienvenue: {fr: Bienvenue., en: Welcome.}
  choix-motif: {fr: Tapez., en: Press.}
  personne-disponible: {fr: Personne., en: Nobody.}
"""
SOMETHING_LONG = "sound:tt-monkeys"
PLAYED_FOR = 16.0
"""Its seconds."""


@pytest.fixture(autouse=True)
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask Asterisk whether it still plays, long before it can have played anything to the end."""
    monkeypatch.setattr(channel, "LOOK_AFTER", 0.2)


async def test_a_prompt_is_heard_to_its_end_however_often_asterisk_is_asked(open_a_line: OpenALine) -> None:
    async with open_a_line(menu=MENU) as line:
        caller = await line.takes_a_call()
        await caller.presses("2")
        await caller.is_hung_up()
        assert await caller.has_heard_the_end_of("bienvenue")
        assert await caller.has_heard_the_end_of("personne-disponible")


async def test_a_call_goes_on_when_a_prompt_never_begins(open_a_line: OpenALine) -> None:
    async with open_a_line(menu=MENU) as line:
        caller = await line.takes_a_call()
        await caller.hears_all_of("choix-motif")
        (arrived,) = line.facts.of(CallArrived)
        await line.line.ari.channels.play(arrived.channel_id, media=[SOMETHING_LONG])  # what comes then waits
        await caller.presses("2")
        await caller.is_hung_up(within=PLAYED_FOR / 2)
        record = await line.record_of(caller)
        assert not await caller.has_heard("bienvenue")
    assert record.call.outcome == "goodbye"
