"""The line is killed at each stage of a call, and started again: who is served, and what is on record."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass

import pytest

from ari_app.call.conversation import SHORTEST_TALK
from ari_app.core.settings import Settings
from ari_app.records.reader import CallStory

from .exchange import OpenLine, Place, opened, tried
from .files import MENU_NUMBER
from .people import Person
from .test_call_waiting import hears_music
from .troubles import (
    LineProcess,
    all_is_on_record,
    line_process,
    record_of,
    takes_it_from_the_dialplan,
    they_hear_each_other,
    until_fallback_is,
    until_told,
)

FLOW = """
flow: menu
languages: [fr]
start: motif
fallback_reason: panne
reasons:
  panne: {fr: motif}
  carte-volee: {fr: motif}
  retour: {fr: motif}
  commande: {fr: motif}
nodes:
  motif:
    menu:
      prompt: [bienvenue, choix-motif]
      keys:
        "2": {reason: carte-volee, goto: appel}
      timeout: 30s
      otherwise: appel
  appel:
    route: {nobody: personne, then: avis, while_waiting: {hear: music}}
  avis:
    survey: {prompt: avis, thanks: [merci, bienvenue], timeout: 30s}
  personne:
    goodbye: {prompt: personne-disponible}
prompts:
  bienvenue: {fr: Bienvenue.}
  choix-motif: {fr: Tapez 2.}
  avis: {fr: De 1 à 5.}
  merci: {fr: Merci.}
  personne-disponible: {fr: Personne.}
"""
TEAMS = {"panne": ["{ring: [alice], for: 60s}"], "carte-volee": ["{ring: [bruno], for: 60s}"]}


@dataclass
class Scene:
    """A caller of a line that is about to be killed, and the agent's telephone."""

    place: Place
    line: LineProcess
    caller: Person
    agent: Person | None = None

    async def is_greeted(self) -> None:
        """Be in the middle of the greeting."""
        await self.caller.is_answered()
        await self.caller.hears("bienvenue")

    async def is_asked(self) -> None:
        """Be asked a question, to its end."""
        await self.is_greeted()
        await self.caller.hears_all_of("choix-motif")

    async def waits(self) -> None:
        """Hear music while the agent's telephone rings."""
        phone = self.place.telephone("bruno")
        await self.caller.is_answered()
        await self.caller.presses("2")
        self.agent = await phone.is_rung()
        await hears_music(self.caller)

    async def is_whispered(self) -> None:
        """Wait while the agent hears why they are called."""
        await self.waits()
        assert self.agent is not None
        await self.agent.picks_up()
        await self.agent.hears("agent-accept-carte-volee")

    async def talks(self) -> None:
        """Talk with the agent."""
        await self.is_whispered()
        assert self.agent is not None
        await self.agent.presses("1")
        await they_hear_each_other(self.caller, self.agent)

    async def is_surveyed(self) -> None:
        """Be asked how it was."""
        await self.talks()
        assert self.agent is not None
        await asyncio.sleep(SHORTEST_TALK)
        await self.agent.hangs_up()
        await self.caller.hears("avis")

    async def is_thanked(self) -> None:
        """Have said how it was."""
        await self.is_surveyed()
        await self.caller.presses("4")
        await self.caller.hears("merci")


async def killed_when(
    place: Place, settings: Settings, stage: Callable[[Scene], Awaitable[None]]
) -> tuple[Person, Person | None]:
    """Kill a line when its only caller is at a stage; return caller and agent."""
    async with line_process(settings) as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        scene = Scene(place, line, await place.caller(MENU_NUMBER))
        await stage(scene)
        await line.is_killed()
    return scene.caller, scene.agent


async def reaches_alice(place: Place, caller: Person, alice_is_rung: Awaitable[Person]) -> None:
    """Be put through by the dialplan."""
    alice = await alice_is_rung
    await takes_it_from_the_dialplan(alice)
    await caller.party.listen()
    await they_hear_each_other(caller, alice)
    await alice.hangs_up()
    await caller.is_hung_up()


async def record_in(line: OpenLine, caller: Person) -> CallStory:
    """Wait until all is on record; return the caller's record."""
    await all_is_on_record(line)
    return await record_of(line.settings, caller)


BEFORE_THE_TALK: dict[str, tuple[Callable[[Scene], Awaitable[None]], list[str]]] = {
    # Where the caller is: what is to be on record by then.
    "greeted": (Scene.is_greeted, ["call.arrived", "call.answered", "call.language", "flow.node"]),
    "asked": (Scene.is_asked, ["call.arrived", "call.answered", "call.language", "flow.node"]),
    "waiting": (Scene.waits, ["menu.key", "call.reason", "call.queued", "leg.started"]),
    "whispered": (Scene.is_whispered, ["menu.key", "call.queued", "leg.started", "leg.answered"]),
}


@pytest.mark.parametrize("stage", BEFORE_THE_TALK)
async def test_whoever_had_not_talked_when_the_line_was_killed_reaches_an_agent_when_it_is_back(
    place: Place, stage: str
) -> None:
    settings = place.settings(menu=FLOW, teams=TEAMS, accept_seconds=30)
    reached, told = BEFORE_THE_TALK[stage]
    caller, agent = await killed_when(place, settings, reached)
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        line.placed = 1
        if agent is not None:
            await agent.is_hung_up()
        await reaches_alice(place, caller, alice.is_rung())
        record = await record_in(line, caller)
    assert record.call.outcome == "fallback"
    assert set(told) <= {event.name for event in record.events}
    assert tried(record) == ([("bruno", "interrupted")] if agent is not None else [])
    assert (record.call.wait_seconds is not None) == (agent is not None)


async def test_who_took_the_call_in_the_instant_in_which_the_line_was_killed_talks_with_the_caller(
    place: Place,
) -> None:
    settings = place.settings(menu=FLOW, teams=TEAMS, accept_seconds=30)

    async def is_taken(scene: Scene) -> None:
        await scene.is_whispered()
        assert scene.agent is not None
        await scene.agent.presses("1")
        await scene.line.logs("leg.accepted")

    caller, agent = await killed_when(place, settings, is_taken)
    assert agent is not None
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        line.placed = 1
        await until_told("who gets the caller is known", lambda: line.line.reception.calls or alice.rung)
        if alice.rung:
            await reaches_alice(place, caller, alice.is_rung())
            outcome, result = "fallback", "interrupted"
        else:
            await they_hear_each_other(caller, agent)
            await caller.hangs_up()
            outcome, result = "bridged", "accepted"
        await agent.is_hung_up()
        record = await record_in(line, caller)
    assert (record.call.outcome, tried(record)) == (outcome, [("bruno", result)])


async def test_what_a_caller_said_of_the_call_before_the_line_was_killed_is_on_record(place: Place) -> None:
    settings = place.settings(menu=FLOW, teams=TEAMS, accept_seconds=30)
    caller, _ = await killed_when(place, settings, Scene.is_thanked)
    alice = place.telephone("alice")
    async with opened(place, settings) as line:
        line.placed = 1
        await caller.is_hung_up()
        record = await record_in(line, caller)
        assert alice.rung == 0
    assert (record.call.outcome, record.call.survey) == ("bridged", 4)
    assert tried(record) == [("bruno", "accepted")]
    assert record.call.talk_seconds is not None
    assert record.call.total_seconds is not None
    assert record.call.talk_seconds < record.call.total_seconds


@contextmanager
def moved(settings: Settings) -> Iterator[None]:
    """Let the database be elsewhere while the block lasts."""
    database, elsewhere = settings.data / "astreinte.db", settings.data / "elsewhere.db"
    database.rename(elsewhere)
    database.mkdir()
    yield
    database.rmdir()
    elsewhere.rename(database)


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Let another process keep the database locked while the block lasts."""
    with closing(sqlite3.connect(settings.data / "astreinte.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield


@pytest.mark.parametrize("unreadable", [moved, locked])
async def test_who_was_in_a_menu_is_served_while_the_records_cannot_be_read(
    place: Place, unreadable: Callable[[Settings], AbstractContextManager[None]]
) -> None:
    settings = place.settings(menu=FLOW, teams=TEAMS)
    caller, _ = await killed_when(place, settings, Scene.is_asked)
    alice = place.telephone("alice")
    with ExitStack() as stack:
        stack.enter_context(unreadable(settings))
        async with opened(place, settings) as line:
            line.placed = 1
            await reaches_alice(place, caller, alice.is_rung())
            stack.close()
            record = await record_in(line, caller)
    assert record.call.outcome == "fallback"
    assert record.call.total_seconds is not None
