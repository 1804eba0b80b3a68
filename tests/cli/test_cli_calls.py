"""`astreinte calls`: the records as people and pipes read them, whatever strangers sent."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.cli.story import told
from ari_app.core.ids import new_call_id
from ari_app.records import (
    CallAnswered,
    CallArrived,
    CallBridged,
    CallEnded,
    CallEvent,
    CallQueued,
    CallReason,
    LegAccepted,
    LegEnded,
    LegResult,
    LegStarted,
    Outcome,
)
from ari_app.records.recorder import Recorder

from .conftest import COMMAND, Desk, Said

Astreinte = Callable[..., Said]
HOSTILE = "\x1b[31mEve\x1b]0;owned\x07 [bold]x[/bold] \u202eevil\n{0}%s"
TEN = tuple(f"202611{day:02}T120000-00000000{day:02}" for day in range(10, 20))


async def _record(database: Path, calls: tuple[str, ...]) -> None:
    recorder = Recorder(f"sqlite:///{database}", spill=database.with_name("unsaved.jsonl"))
    await recorder.start()
    for number, call in enumerate(calls):
        leg = f"{call}.l001"
        recorder.put(
            CallArrived(
                call=call, line="100", channel_id=f"1.{number}", number="+33199001234", caller_name=HOSTILE
            )
        )
        recorder.put(CallAnswered(call=call))
        recorder.put(CallReason(call=call, reason="panne"))
        recorder.put(CallQueued(call=call, team="support-technique"))
        recorder.put(CallEvent(call=call, event="menu.key", data={"key": "\x1b[2J"}))
        recorder.put(LegStarted(call=call, leg=leg, agent="alice", endpoint="PJSIP/alice", step=0))
        recorder.put(LegAccepted(call=call, leg=leg))
        recorder.put(CallBridged(call=call, leg=leg))
        if number:  # the first goes on
            recorder.put(LegEnded(call=call, leg=leg, result=LegResult.ACCEPTED, cause=16, tech_cause=200))
            recorder.put(CallEnded(call=call, outcome=Outcome.BRIDGED, cause=16))
    await recorder.stop()


@pytest.fixture
def records(desk: Desk) -> tuple[str, ...]:
    """Some calls on record, by id, the oldest first."""
    (desk.folder / "var").mkdir()
    asyncio.run(_record(desk.folder / "var/astreinte.db", TEN))
    return TEN


def test_before_the_first_start_there_are_no_records_and_it_says_so(astreinte: Astreinte) -> None:
    for words in (["calls"], ["calls", "show", "2026"]):
        said = astreinte(*words)
        assert (said.code, said.out) == (1, "")
        assert "there are no records yet" in said.err
        assert "astreinte run" in said.err


def test_before_the_first_call_the_list_is_empty(astreinte: Astreinte, desk: Desk) -> None:
    (desk.folder / "var").mkdir()
    asyncio.run(_record(desk.folder / "var/astreinte.db", ()))
    assert astreinte("calls") == Said(0, "No call yet.\n")


def test_the_newest_calls_are_listed_one_a_line(astreinte: Astreinte, records: tuple[str, ...]) -> None:
    said = astreinte("calls", "-n", "3")
    head, *rows = said.out.rstrip("\n").split("\n")
    assert " ".join(head.split()) == "call came in line caller reason agent outcome survey wait talk total"
    assert len(rows) == 3
    for row in rows:
        assert row.split()[0] in records
        assert "+33199001234" in row
        assert "\x1b" not in row
    assert "in progress" in astreinte("calls").out


def test_a_call_is_told_with_its_attempts_and_events(astreinte: Astreinte, records: tuple[str, ...]) -> None:
    said = astreinte("calls", "show", records[5])
    assert said.code == 0
    assert f"Call {records[5]}\n" in said.out
    (leg,) = [line.split() for line in said.out.split("\n") if "PJSIP/alice" in line and "accepted" in line]
    assert leg[0] == "1"  # the first step, as people count
    assert leg[-2:] == ["16", "200"]
    assert "a caller rings line 100 from +33199001234" in said.out
    assert "the call is over: bridged" in said.out


def test_the_beginning_of_an_id_is_enough_when_it_is_of_one_call(
    astreinte: Astreinte, records: tuple[str, ...]
) -> None:
    assert f"Call {records[3]}\n" in astreinte("calls", "show", records[3][:10]).out
    several = astreinte("calls", "show", "2026")
    assert (several.code, several.out) == (1, "")
    assert "give more of the id" in several.err
    unknown = astreinte("calls", "show", "2025")
    assert (unknown.code, unknown.out) == (1, "")
    assert "astreinte calls" in unknown.err


def test_what_a_caller_sent_never_acts_on_the_terminal(desk: Desk, records: tuple[str, ...]) -> None:
    for said in (
        desk.types("calls", "show", records[0]),
        desk.types_on_terminal("calls", "show", records[0]),
    ):
        (caller,) = [line for line in said.out.split("\n") if line.startswith("  caller ")]
        assert r"\x1b[31mEve\x1b]0;owned\x07 [bold]x[/bold] \u202eevil\n{0}%s" in caller
        assert r"they press \x1b[2J" in said.out
        for acting in ("\x1b[31m", "\x1b[2J", "\x1b]", "\x07", "\u202e"):
            assert acting not in said.out


@pytest.mark.parametrize("columns", [50, 100])
def test_ids_and_outcomes_are_whole_on_any_terminal(
    desk: Desk, records: tuple[str, ...], columns: int
) -> None:
    said = desk.types_on_terminal("calls", columns=columns)
    rows = [line for line in said.out.split("\n") if line.startswith("│")]
    assert len(rows) == len(records)
    assert all(len(row) <= columns for row in rows)
    for row in rows:
        assert row.split()[1] in records
        assert "bridged" in row or "in progress" in row


def test_a_pipe_gets_everything_and_a_reader_that_leaves_no_traceback(
    desk: Desk, records: tuple[str, ...]
) -> None:
    done = subprocess.run(
        f"{' '.join(COMMAND)} calls | head -n 1; {' '.join(COMMAND)} calls | true",
        shell=True,
        cwd=desk.folder,
        env=desk.environ(COLUMNS="20"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("call ")
    assert done.stdout.rstrip().endswith("total")
    assert done.stderr == ""


def test_a_damaged_database_is_named_with_what_to_do(astreinte: Astreinte, desk: Desk) -> None:
    desk.write("var/astreinte.db", "this is no database, " * 100)
    said = astreinte("calls")
    assert (said.code, said.out) == (1, "")
    assert "astreinte.db" in said.err
    assert "move" in said.err


@pytest.mark.parametrize(("priority", "said"), [(0, "0"), (9, "9"), (None, "unknown")])
def test_a_figure_of_zero_is_told_and_one_that_is_not_known_is_said_to_be(
    priority: int | None, said: str
) -> None:
    assert told("flow.priority", {"priority": priority}) == f"the call has priority {said}"


def test_ids_in_these_tests_are_like_real_ones() -> None:
    assert len(new_call_id(datetime(2026, 11, 24, tzinfo=UTC))) == len(TEN[0])
