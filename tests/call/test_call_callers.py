"""Who is let in: blocked callers, VIPs, callers without a number, and callers who call too often."""

from __future__ import annotations

from typing import Any

import pytest

from ari_app.callers.book import CallerKnown
from ari_app.core.settings import Settings
from ari_app.records.facts import CallArrived, CallBridged, CallEnded
from ari_app.records.reader import CallStory

from .exchange import OpenLine, Place, opened, stored, tried
from .people import Person, until
from .sounds import spoken
from .troubles import put_through

BUSY, REJECTED = 17, 21
"""Hangup causes (Q.850)."""
CLINIC = CallerKnown("+33199001234", vip=True, name="Clinique du Parc")
EVERYBODY_ELSE = "+33199044444"


def with_callers(place: Place, rules: str, **words: Any) -> Settings:
    """Return the settings of a line with that `callers.yaml`."""
    folder = place.folder / "callers"
    folder.mkdir(exist_ok=True)
    (folder / "callers.yaml").write_text(rules, "utf-8")
    return place.settings(**words).model_copy(update={"callers": folder})


async def all_records(line: OpenLine) -> list[CallStory]:
    """Return the records of all calls, once each is over."""
    for arrived in line.facts.of(CallArrived):
        await line.is_over(arrived.call)
    return await stored(line.settings)


async def refused(line: OpenLine, number: str, **more: str) -> tuple[Person, CallStory]:
    """Let somebody call who is refused by signalling; return them and the record."""
    caller = await line.is_called("panne", number=number, **more)
    await caller.is_hung_up()
    assert not caller.party.up
    return caller, await line.record_of(caller)


@pytest.mark.parametrize(
    ("answer", "cause"), [("busy", BUSY), ("decline", REJECTED)], ids=["busy", "decline"]
)
async def test_a_blocked_caller_is_refused_without_being_answered(
    place: Place, answer: str, cause: int
) -> None:
    rules = f"country: FR\nblocked: {{answer: {answer}, numbers: [01 99 00 66 66, '0899*'], lists: l.txt}}\n"
    settings = with_callers(place, rules)
    (place.folder / "callers" / "l.txt").write_text("# harcèlement\n+33 1 99 00 77 77\n")
    async with opened(place, settings) as line:
        for number in ("+33199006666", "0199006666", "+33899123456", "+33199007777"):
            caller, record = await refused(line, number)
            assert (record.call.outcome, record.call.answered_at) == ("blocked", None)
            assert caller.party.cause == cause
            assert record.legs == []
        caller, _ = await put_through(line)  # nobody else is
        await caller.hangs_up()


async def test_a_blocked_caller_may_be_told_so(place: Place) -> None:
    rules = "blocked: {answer: say, numbers: ['+33199006666']}\n"
    async with opened(place, with_callers(place, rules)) as line:
        caller = await line.takes_a_call("panne", number="+33199006666")
        await caller.hears("caller-blocked")
        await caller.is_hung_up()
        assert (await line.record_of(caller)).call.outcome == "blocked"


async def test_blocking_takes_effect_on_a_running_line_for_the_next_call(place: Place) -> None:
    settings = with_callers(place, "blocked: {numbers: []}\n")
    async with opened(place, settings) as line:
        caller = await line.takes_a_call(number="+33199006666")
        rules = "country: FR\nblocked: {numbers: [01 99 00 66 66]}\n"
        (place.folder / "callers" / "callers.yaml").write_text(rules)
        assert await line.line.reload(settings)
        await caller.hears("bienvenue")
        await caller.hangs_up()
        _, record = await refused(line, "0199006666")
        assert record.call.outcome == "blocked"


async def test_a_caller_without_a_number_hears_why_they_are_not_let_in(place: Place) -> None:
    async with opened(place, with_callers(place, "anonymous: say\n")) as line:
        caller = await line.takes_a_call("panne", number="anonymous")
        await caller.hears("caller-anonymous")
        await caller.is_hung_up()
        assert (await line.facts.until(CallEnded)).outcome == "anonymous"


async def test_what_a_line_says_of_withheld_numbers_counts_before_what_is_said_for_all(place: Place) -> None:
    rules = "anonymous: decline\nlines: {'+33199000200': {anonymous: allow}}\n"
    async with opened(place, with_callers(place, rules)) as line:
        assert line.settings.lines["+33199000200"] == "direct-panne"
        alice = line.telephone("alice")
        caller = await line.is_called("panne", number="anonymous")
        await alice.is_rung()
        await caller.hangs_up()
        await line.facts.until(CallEnded)
        other = await line.is_called(number="anonymous")
        await other.is_hung_up()
        assert other.party.cause == REJECTED


async def test_a_vip_is_routed_as_one_and_agents_see_and_hear_the_name_that_the_list_gives(
    place: Place,
) -> None:
    rules = "country: FR\nvip: {numbers: {'+33199001234': Clinique du Parc}}\n"
    teams = {"panne": ["{ring: [bruno], for: 5s, when: {vip: true}}", "{ring: [alice], for: 5s}"]}
    async with opened(place, with_callers(place, rules, teams=teams)) as line:
        alice, bruno = line.telephone("alice"), line.telephone("bruno")
        caller = await line.is_called("panne", number="0199001234", name="Somebody Else")
        agent = await bruno.is_rung()
        assert agent.party.caller_name == "Clinique du Parc (panne)"
        await until(lambda: line.line.announcements.name_of(CLINIC, "fr") is not None)  # nobody is so quick
        await agent.picks_up()
        await agent.hears("agent-vip")
        await agent.hears_sound(await spoken(line.settings, "vip", "Clinique du Parc"))
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert (record.call.outcome, tried(record)) == ("bridged", [("bruno", "accepted")])
        assert record.call.caller_name == "Somebody Else"
        assert ("call.vip", {"vip": "Clinique du Parc"}) in [(each.name, each.data) for each in record.events]
        other = await line.is_called("panne", number=EVERYBODY_ELSE, name="Clinique du Parc")
        agent = await alice.is_rung()
        assert agent.party.caller_name == "Astreinte panne"
        await other.hangs_up()


async def test_who_calls_too_often_hears_so_and_a_vip_never_does(place: Place) -> None:
    rules = "limit: {calls: 2, within: 10m}\nvip: {numbers: {'+33199001234': }}\n"
    async with opened(place, with_callers(place, rules)) as line:
        for number in ("+33199006666", "+33199001234"):
            for _ in range(2):
                caller = await line.takes_a_call(number=number)
                await caller.hangs_up()
        third = await line.takes_a_call(number="+33199006666")
        await third.hears("caller-too-often")
        await third.is_hung_up()
        vip = await line.takes_a_call(number="+33199001234")
        await vip.hears("bienvenue")
        await vip.hangs_up()
        outcomes = [record.call.outcome for record in await all_records(line)]
        assert sorted(map(str, outcomes)) == [*["abandoned"] * 5, "too-often"]


async def test_callers_without_a_number_share_one_limit(place: Place) -> None:
    rules = "limit: {calls: 1, within: 10m, answer: busy}\n"
    async with opened(place, with_callers(place, rules)) as line:
        first = await line.takes_a_call(number="anonymous")
        await first.hangs_up()
        await line.facts.until(CallEnded)
        second = await line.is_called(number="anonymous")
        await second.is_hung_up()
        assert (second.party.up, second.party.cause) == (False, BUSY)
