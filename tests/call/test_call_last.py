"""Ends that neither side brings about: the last words, the time limit, a defect, a restart of Asterisk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ari_app.call.leg import LONGEST
from ari_app.flow import interpreter
from ari_app.records.facts import CallArrived

from .exchange import Place, opened, tried
from .files import mobile
from .troubles import (
    put_through,
    takes_it_from_the_dialplan,
    they_hear_each_other,
    until_fallback_is,
    until_told,
)

if TYPE_CHECKING:
    from .conftest import OpenALine

ONLY_WORDS = """
flow: menu
languages: [fr, en]
start: adieu
fallback_reason: panne
reasons:
  panne: {fr: motif, en: reason}
nodes:
  adieu:
    goodbye: {prompt: personne-disponible}
prompts:
  personne-disponible: {fr: Personne., en: Nobody.}
"""


async def test_who_hangs_up_during_the_last_words_has_been_told_how_it_ended(open_a_line: OpenALine) -> None:
    async with open_a_line(teams={"panne": ["{ring: [alice], for: 1s}"]}) as line:
        line.telephone("alice")
        caller = await line.takes_a_call("panne")
        await caller.hears("personne-disponible")
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, tried(record)) == ("unanswered", [("alice", "no-answer")])


async def test_a_flow_may_end_a_call_by_itself(open_a_line: OpenALine) -> None:
    async with open_a_line(menu=ONLY_WORDS) as line:
        caller = await line.takes_a_call()
        await caller.hears("personne-disponible")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, record.legs) == ("goodbye", [])


async def test_a_call_that_lasts_for_too_long_is_ended_by_asterisk(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        caller, agent = await put_through(line)
        channel = (await line.told(CallArrived, caller)).channel_id
        await line.line.ari.channels.set_variable(channel, variable="TIMEOUT(absolute)", value="1")
        await caller.is_hung_up()
        await agent.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])


async def test_an_agents_telephone_is_not_held_for_ever_by_a_line_that_never_comes_back(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line() as line:
        caller, agent = await put_through(line)
        channel = (await line.telephone_rung_for(caller)).leg
        left = await line.line.ari.channels.get_variable(channel, variable="TIMEOUT(absolute)")
        assert 0 < float(left.value) <= LONGEST
        await line.line.ari.channels.set_variable(channel, variable="TIMEOUT(absolute)", value="1")
        await agent.is_hung_up()
        await caller.is_hung_up()


async def test_a_defect_of_the_line_leads_its_caller_to_the_dialplan(
    open_a_line: OpenALine, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(interpreter, "run", breaks)
    async with open_a_line() as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        agent = await alice.is_rung()
        await takes_it_from_the_dialplan(agent)
        await they_hear_each_other(caller, agent)
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, record.legs) == ("fallback", [])


async def test_who_talks_or_waits_when_asterisk_is_restarted_has_a_record_to_that_instant(
    mortal_place: Place,
) -> None:
    place = mortal_place
    teams = {"panne": ["{ring: [farid], for: 30s}"], "commande": ["{ring: [emma], for: 30s}"]}
    async with opened(place, place.settings(teams=teams, agents={"farid": f'["tel:{mobile(0)}"]'})) as line:
        phone = line.telephone(mobile(0))
        talker, _ = await put_through(line, "commande", "+33199001201")
        waiting = await line.takes_a_call("panne")
        await phone.is_rung()
        await asyncio.sleep(1)
        stopped_at = datetime.now(UTC)
        await place.asterisk.stop()
        await until_told("the line lost Asterisk", lambda: not line.line.ari.ready)
        await place.network.quiet()
        await asyncio.sleep(1)
        await place.asterisk.start()
        await place.asterisk.wait_ready()
        talked, waited = [await line.record_of(caller) for caller in (talker, waiting)]
    for record in (talked, waited):
        assert record.call.ended_at is not None
        assert (record.call.ended_at - stopped_at).total_seconds() < 0.9
        assert record.call.total_seconds is not None
    assert talked.call.outcome == "bridged"
    assert waited.call.outcome in ("abandoned", "interrupted")  # as far as the line hears of its end
