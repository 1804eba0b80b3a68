"""Too many calls, and a line that stops: whoever is not let in hears why, whoever talks is left alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ari_app.core.settings import LimitSettings

from .exchange import Place, assert_complete, opened, stored, tried
from .files import DIGITS, LANGUAGES, LONG_PROMPTS, SHORT_PROMPTS
from .sounds import Recordings
from .troubles import (
    all_is_on_record,
    has_taken_up,
    line_that_stops,
    put_through,
    record_at_the_end,
    takes_it_from_the_dialplan,
    the_only_record,
    they_hear_each_other,
    until_fallback_is,
)

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import OpenALine

ONE_CALL = LimitSettings(calls=1, drain_seconds=0)


@pytest.fixture
def wordy_place(place: Place, tmp_path: Path) -> Place:
    """A place where "all lines are busy" takes long to say."""
    recordings = Recordings(tmp_path / "wordy", made=tmp_path / "made")
    recordings.add(LONG_PROMPTS, LANGUAGES, 1.0)
    recordings.add((*SHORT_PROMPTS, *DIGITS), LANGUAGES, 0.75)
    recordings.add(["caller-busy"], LANGUAGES, 30.0)
    return Place(place.asterisk, place.network, recordings, place.folder)


# Too many calls


async def test_one_caller_too_many_hears_that_all_lines_are_busy(open_a_line: OpenALine) -> None:
    async with open_a_line(limits=ONE_CALL) as line:
        caller, agent = await put_through(line)
        refused = await line.takes_a_call("panne")
        await refused.hears("caller-busy")
        await refused.is_hung_up()
        assert (await line.record_of(refused)).call.outcome == "refused"
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        record = await line.record_of(caller)
        assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])


async def test_a_caller_who_is_being_refused_keeps_nobody_else_out(wordy_place: Place) -> None:
    async with opened(wordy_place, wordy_place.settings(limits=ONE_CALL)) as line:
        caller, _ = await put_through(line)
        refused = await line.takes_a_call("panne")
        await refused.hears("caller-busy")
        await caller.hangs_up()
        await line.record_of(caller)
        next_one, _ = await put_through(line)
        assert not refused.party.gone
        await refused.hangs_up()
        record = await line.record_of(refused)
        assert (record.call.outcome, record.legs) == ("refused", [])
        await next_one.hangs_up()
        assert (await line.record_of(next_one)).call.outcome == "bridged"


async def test_callers_beyond_those_who_hear_why_are_refused_by_signalling(
    open_a_line: OpenALine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_app.service.reception.APOLOGIES_AT_ONCE", 0)
    async with open_a_line(limits=ONE_CALL) as line:
        await put_through(line)
        refused = await line.is_called("panne")
        await refused.is_hung_up()
        assert not refused.party.up
        assert refused.party.cause == 34  # Q.850: no circuit available
        record = await line.record_of(refused)
        assert (record.call.outcome, record.call.answered_at) == ("refused", None)


# A line that stops


async def test_a_line_that_drains_lets_calls_end_and_gives_new_callers_to_the_dialplan(
    open_a_line: OpenALine,
) -> None:
    async with open_a_line() as line:
        caller, agent = await put_through(line)
        draining = asyncio.create_task(line.line.reception.close(60))
        bruno = line.telephone("bruno")
        late = await line.is_called("carte-volee")
        colleague = await bruno.is_rung()
        await takes_it_from_the_dialplan(colleague)
        await late.is_answered()
        await they_hear_each_other(late, colleague)
        record = await line.record_of(late)
        assert (record.call.outcome, record.legs) == ("fallback", [])
        await they_hear_each_other(caller, agent)
        assert not draining.done()
        await caller.hangs_up()
        await draining
        assert (await line.record_of(caller)).call.outcome == "bridged"


async def test_people_who_talk_when_the_line_stops_talk_on_and_the_next_one_ends_their_record(
    place: Place,
) -> None:
    settings = place.settings()
    async with line_that_stops(place, settings) as line:
        caller, agent = await put_through(line)
    await they_hear_each_other(caller, agent)
    async with line_that_stops(place, settings) as line:  # it takes them up, and stops too
        await has_taken_up(line)
    await they_hear_each_other(caller, agent)
    async with opened(place, settings) as line:
        await has_taken_up(line)
        await they_hear_each_other(caller, agent)
        await caller.hangs_up()
        await agent.is_hung_up()
        record = await record_at_the_end(line)
    assert (record.call.outcome, tried(record)) == ("bridged", [("alice", "accepted")])
    assert (record.call.agent, record.call.hangup_cause) == ("alice", 16)


async def test_a_caller_in_the_menu_when_the_line_stops_is_put_through_by_the_dialplan(place: Place) -> None:
    settings = place.settings()
    alice = place.telephone("alice")
    async with line_that_stops(place, settings) as line:
        await until_fallback_is(place, "default", "PJSIP/alice")
        caller = await line.takes_a_call()
        await caller.hears("bienvenue")
    record = await the_only_record(settings)
    assert (record.call.outcome, record.legs) == ("fallback", [])
    assert_complete(record)
    agent = await alice.is_rung()
    await takes_it_from_the_dialplan(agent)
    await they_hear_each_other(caller, agent)


async def test_a_caller_for_whom_a_phone_rings_when_the_line_stops_is_put_through_by_the_dialplan(
    place: Place,
) -> None:
    settings = place.settings(teams={"panne": ["{ring: [bruno], for: 30s}"]})
    bruno = place.telephone("bruno")
    async with line_that_stops(place, settings) as line:
        await until_fallback_is(place, "default", "PJSIP/bruno")
        caller = await line.takes_a_call("panne")
        first = await bruno.is_rung()
    await first.is_hung_up()
    record = await the_only_record(settings)
    assert (record.call.outcome, tried(record)) == ("fallback", [("bruno", "cancelled")])
    assert_complete(record)
    agent = await bruno.is_rung()
    await takes_it_from_the_dialplan(agent)
    await they_hear_each_other(caller, agent)


async def test_a_caller_who_is_being_refused_when_the_line_stops_is_hung_up(wordy_place: Place) -> None:
    settings = wordy_place.settings(limits=ONE_CALL)
    async with line_that_stops(wordy_place, settings) as line:
        caller, agent = await put_through(line)
        refused = await line.takes_a_call("panne")
        await refused.hears("caller-busy")
    await refused.is_hung_up()
    async with opened(wordy_place, settings) as line:
        await has_taken_up(line)
        line.placed += 1
        await agent.hangs_up()
        await caller.is_hung_up()
        await all_is_on_record(line)
    outcomes = {record.call.number: record.call.outcome for record in await stored(settings)}
    assert outcomes == {refused.number: "refused", caller.number: "bridged"}
