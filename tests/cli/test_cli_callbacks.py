"""What admins see of who waits to be called back, and how they call it off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ari_app.core.ids import new_call_id
from ari_app.records import CallArrived, CallEnded, Outcome
from ari_app.records.facts import (
    CallbackAsked,
    CallbackEnded,
    CallbackPostponed,
    CallbackState,
    CallbackTried,
)
from ari_app.records.recorder import Recorder

from .conftest import SHIPPED, Desk, Said
from .test_cli_flow import CALLED_BACK

Astreinte = Callable[..., Said]
NOW = datetime.now(UTC)
IDS = [new_call_id(NOW - timedelta(minutes=minutes)) for minutes in (30, 20, 10)]
NUMBERS = ("+33612345670", "+33612345671", "+33612345672")


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    """A folder in whose records one was given up, one waits, tried once, and one is being called."""

    async def record() -> None:
        database = f"sqlite:///{desk.folder / 'var/astreinte.db'}"
        recorder = Recorder(database, spill=desk.folder / "var/unsaved.jsonl")
        await recorder.start()
        for number, call, priority in zip(NUMBERS, IDS, (0, 0, 5), strict=True):
            recorder.put(CallArrived(call=call, line="100", channel_id="c", number=number))
            recorder.put(CallEnded(call=call, outcome=Outcome.CALLBACK))
            recorder.put_entry(
                CallbackAsked(
                    id=f"{call}.c",
                    at=NOW,
                    call=call,
                    line="100",
                    number=number,
                    language="fr",
                    reason="panne",
                    priority=priority,
                    until=NOW + timedelta(hours=8),
                    attempts=5,
                    delays=(300.0,),
                    ring_seconds=30.0,
                    flow="accueil",
                )
            )
            recorder.put_entry(CallbackTried(id=f"{call}.c", at=NOW, tries=1, call=call))
        over, tried, _ = (f"{call}.c" for call in IDS)
        recorder.put_entry(CallbackEnded(id=over, at=NOW, state=CallbackState.GIVEN_UP, result="no-agent"))
        recorder.put_entry(
            CallbackPostponed(
                id=tried,
                at=NOW,
                tries=1,
                counted=1,
                result="not-reached",
                next_at=NOW + timedelta(minutes=5),
            )
        )
        await recorder.stop()

    (desk.folder / "var").mkdir(exist_ok=True)
    asyncio.run(record())
    return desk


def test_who_waits_is_listed_next_first_and_what_became_of_the_latest(
    waiting: Desk, astreinte: Astreinte
) -> None:
    head, first, second = waiting.types("callbacks").out.splitlines()
    assert " ".join(head.split()) == "callback number reason asked state tries next until last"
    assert first.startswith(f"{IDS[2]}.c  {NUMBERS[2]}  panne")
    assert "calling" in first
    assert "waiting" in second
    assert "1/5" in second
    assert second.endswith("not-reached")
    _, *everybody = astreinte("callbacks", "--all").out.splitlines()
    assert len(everybody) == 3
    assert sum("given-up" in row and row.endswith("no-agent") for row in everybody) == 1
    _, *newest = astreinte("callbacks", "--all", "-n", "1").out.splitlines()
    assert len(newest) == 1


def test_a_narrow_terminal_shows_the_id_the_number_and_the_state(waiting: Desk) -> None:
    said = waiting.types_on_terminal("callbacks", columns=80)
    for shown in (f"{IDS[1]}.c", NUMBERS[1], "waiting"):
        assert shown in said.out


def test_an_admin_calls_one_off_by_the_beginning_of_its_id(astreinte: Astreinte, waiting: Desk) -> None:
    done = waiting.types("callbacks", "cancel", IDS[1])
    assert (done.code, done.out) == (0, f"{NUMBERS[1]} is not called back.\n")
    under_way = astreinte("callbacks", "cancel", IDS[2])
    assert under_way.out.splitlines() == [
        f"{NUMBERS[2]} is not called back.",
        "Telephones ring, or the two talk: what rings stops in a second, who talks talks on.",
    ]
    assert astreinte("callbacks").out == "Nobody waits to be called back.\n"


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("THE FIRST", "is over: given-up"),
        ("2019", "no callback's id begins with '2019'"),
        ("20", "several callbacks' ids begin with '20'"),
        ("%", "no callback's id begins with '%'"),
    ],
)
def test_what_cannot_be_called_off_is_told_with_a_remedy(
    astreinte: Astreinte, waiting: Desk, which: str, told: str
) -> None:
    said = astreinte("callbacks", "cancel", which.replace("THE FIRST", IDS[0]))
    assert said.code == 1
    assert told in said.err
    assert "astreinte callbacks" in said.err or "give more of the id" in said.err


def test_a_line_that_has_no_records_yet_says_so(astreinte: Astreinte) -> None:
    said = astreinte("callbacks")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert "records" in said.err


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ("lines: {default: rappel}\n", True),
        ("lines: {default: rappel, '100': rappel}\n", True),
        ("lines: {default: rappel, '+33199000100': rappel}\n", False),
        ("lines: {default: accueil}\n", False),
        ("lines: {default: rappel}\ncallbacks: {country: FR}\n", False),
        ("lines: {default: rappel}\ncallbacks: {prefixes: ['+33']}\n", False),
    ],
)
def test_a_line_of_no_known_country_that_promises_to_call_back_is_told_of(
    desk: Desk, astreinte: Astreinte, settings: str, *, warned: bool
) -> None:
    desk.write("ivr_flows/rappel.yaml", CALLED_BACK)
    desk.settings(SHIPPED + settings)
    said = astreinte("check")
    assert ("no setting says the line's country" in said.out + said.err) == warned, said.out + said.err
