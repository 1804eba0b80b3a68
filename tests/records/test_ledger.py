"""The fold from events to rows: durations that can be proved, whatever the order and the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from ari_app.records import facts as f
from ari_app.records import rows
from ari_app.records.ledger import Ledger
from ari_app.records.models import Base, Call, CallLeg
from ari_app.records.pending import Pending
from ari_app.records.spill import Rejected

SECOND = 1_000_000_000
START = 1_795_500_000 * SECOND
CALL = "20261124T081502-3f9c02ab7d"
LEGS = st.sampled_from(["leg-a", "leg-b"])

ARRIVED = f.CallArrived(call=CALL, line="100", channel_id="c", number="+33612345678")
LATER = st.one_of(
    st.just(f.CallAnswered(call=CALL)),
    st.builds(f.CallLanguage, call=st.just(CALL), language=st.sampled_from(["fr", "en"])),
    st.builds(f.CallReason, call=st.just(CALL), reason=st.sampled_from(["panne", "carte"])),
    st.builds(f.CallQueued, call=st.just(CALL), team=st.sampled_from(["support", "cards"])),
    st.builds(
        f.LegStarted, call=st.just(CALL), leg=LEGS, agent=st.just("alice"), endpoint=st.just("PJSIP/a")
    ),
    st.builds(f.LegAnswered, call=st.just(CALL), leg=LEGS),
    st.builds(f.LegAccepted, call=st.just(CALL), leg=LEGS),
    st.builds(f.LegEnded, call=st.just(CALL), leg=LEGS, result=st.sampled_from(f.LegResult)),
    st.builds(f.CallBridged, call=st.just(CALL), leg=LEGS),
    st.builds(f.CallUnbridged, call=st.just(CALL), leg=LEGS),
    st.builds(f.CallEnded, call=st.just(CALL), outcome=st.sampled_from(f.Outcome), cause=st.just(16)),
    st.builds(f.CallEvent, call=st.just(CALL), event=st.just("flow.digit"), data=st.just({"digit": "1"})),
    st.builds(
        f.CallEnded,
        call=st.just(CALL),
        outcome=st.just(f.Outcome.INTERRUPTED),
        at=st.builds(datetime.fromtimestamp, st.floats(START / 1e9 - 99, START / 1e9 + 999), st.just(UTC)),
    ),
)
PAUSES = st.integers(0, 40 * SECOND)  # by the monotonic clock, before a fact
STEPS = st.sampled_from(
    [0, 0, 0, 3 * SECOND, -3 * SECOND, 3600 * SECOND, -3600 * SECOND]
)  # of the wall clock


class Clocks:
    """A wall clock that can be set, and a monotonic one that cannot."""

    def __init__(self) -> None:
        self.wall = START
        self.monotonic = 77 * SECOND

    def pass_by(self, nanoseconds: int) -> None:
        self.wall += nanoseconds
        self.monotonic += nanoseconds


def no_reject(entries: Any) -> None:
    raise AssertionError(f"rejected: {entries}")


def pending_with(clocks: Clocks) -> Pending:
    return Pending(no_reject, wall_clock=lambda: clocks.wall, monotonic_clock=lambda: clocks.monotonic)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def pending(clocks: Clocks) -> Pending:
    return pending_with(clocks)


def ledger_of(pending: Pending) -> Ledger:
    pending.fold()
    if pending.unknown:
        pending.take_up({})
    return pending.of(CALL)[0]


@given(
    first=st.sampled_from([[(0, 0, ARRIVED)], []]),  # the arrival is the first fact of a call, if it is known
    later=st.lists(st.tuples(PAUSES, STEPS, LATER), min_size=1, max_size=30),
    batch=st.integers(1, 30),
)
def test_any_facts_in_any_order_give_durations_that_add_up_and_rows_that_a_replay_gives_again(
    first: list[tuple[int, int, f.Fact]], later: list[tuple[int, int, f.Fact]], batch: int
) -> None:
    happened = first + later
    clocks = Clocks()
    pending = pending_with(clocks)
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    for index, (pause, step, fact) in enumerate(happened):
        clocks.pass_by(pause)
        clocks.wall += step
        pending.put(fact)
        if index % batch == 0 or index == len(happened) - 1:  # written in several transactions
            pending.fold()
            with engine.begin() as connection:
                pending.take_up(rows.events_of(connection, pending.unknown))
                ledgers, events = pending.batch(len(pending))
                rows.write(connection, ledgers.values(), events)
                pending.written(ledgers, events)

    with engine.connect() as connection:
        stored = rows.events_of(connection, [CALL])[CALL]
        call = connection.execute(select(*Call.__table__.c)).one()._asdict()
        legs = {row.id: row._asdict() for row in connection.execute(select(*CallLeg.__table__.c))}
    assert len(stored) == len(happened)

    replayed = Ledger.replay(stored)
    assert call == replayed.row
    assert legs == replayed.legs

    elapsed = [event.elapsed or 0.0 for event in stored]
    assert elapsed[0] == 0
    assert all(earlier <= later for earlier, later in pairwise(elapsed))
    wait, talk, total = (call[f"{name}_seconds"] for name in ("wait", "talk", "total"))
    assert all(seconds is None or seconds >= 0 for seconds in (wait, talk, total))
    assert all(leg["ring_seconds"] is None or leg["ring_seconds"] >= 0 for leg in legs.values())
    if total is not None:
        assert round((wait or 0) + (talk or 0), 6) <= total


def test_waiting_and_talking_are_measured_between_the_facts_that_bound_them(
    clocks: Clocks, pending: Pending
) -> None:
    def after(seconds: int, fact: f.Fact) -> None:
        clocks.pass_by(seconds * SECOND)
        pending.put(fact)

    after(0, f.CallArrived(call=CALL, line="100", channel_id="c", number="+33612345678", caller_name="Jean"))
    after(1, f.CallAnswered(call=CALL))
    after(5, f.CallLanguage(call=CALL, language="fr"))
    after(2, f.CallReason(call=CALL, reason="panne"))
    after(0, f.CallQueued(call=CALL, team="support"))
    after(1, f.LegStarted(call=CALL, leg="leg-a", agent="alice", endpoint="PJSIP/alice", step=1))
    after(
        20, f.LegEnded(call=CALL, leg="leg-a", result=f.LegResult.NO_ANSWER, cause=19, dialstatus="NOANSWER")
    )
    after(0, f.LegStarted(call=CALL, leg="leg-b", agent="bruno", endpoint="PJSIP/bruno", step=2))
    after(4, f.LegAnswered(call=CALL, leg="leg-b"))
    after(3, f.LegAccepted(call=CALL, leg="leg-b"))
    after(1, f.CallBridged(call=CALL, leg="leg-b"))
    after(60, f.CallUnbridged(call=CALL, leg="leg-b"))
    after(0, f.LegEnded(call=CALL, leg="leg-b", result=f.LegResult.ACCEPTED, cause=16, tech_cause=200))
    after(10, f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED, cause=16))

    ledger = ledger_of(pending)
    call, legs = ledger.row, ledger.legs
    assert (call["wait_seconds"], call["talk_seconds"], call["total_seconds"]) == (29.0, 60.0, 107.0)
    assert (call["agent"], call["team"], call["reason"], call["language"]) == (
        "bruno",
        "support",
        "panne",
        "fr",
    )
    assert call["outcome"] == "bridged"
    assert call["bridged_at"] - call["queued_at"] == timedelta(seconds=29)
    assert legs["leg-a"]["ring_seconds"] == 20.0
    assert (legs["leg-a"]["result"], legs["leg-a"]["hangup_cause"]) == ("no-answer", 19)
    assert legs["leg-b"]["ring_seconds"] == 4.0
    assert (legs["leg-b"]["tech_cause"], legs["leg-b"]["step"]) == (200, 2)
    assert ledger.closed


def test_a_second_wait_counts_with_the_first(clocks: Clocks, pending: Pending) -> None:
    for seconds, fact in (
        (0, f.CallArrived(call=CALL, line="100", channel_id="c")),
        (0, f.CallQueued(call=CALL, team="support")),
        (10, f.CallBridged(call=CALL, leg="leg-a")),
        (30, f.CallQueued(call=CALL, team="cards")),  # transferred
        (5, f.CallBridged(call=CALL, leg="leg-b")),
        (7, f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED)),
    ):
        clocks.pass_by(seconds * SECOND)
        pending.put(fact)
    row = ledger_of(pending).row
    assert (row["wait_seconds"], row["talk_seconds"], row["total_seconds"]) == (15.0, 37.0, 52.0)
    assert row["team"] == "cards"


@pytest.mark.parametrize("step", [0, 3600 * SECOND, -3600 * SECOND])
def test_what_is_told_late_counts_from_when_it_happened(clocks: Clocks, pending: Pending, step: int) -> None:
    for seconds, fact in (
        (0, f.CallArrived(call=CALL, line="100", channel_id="c", ago=0.5)),
        (0, f.CallQueued(call=CALL, team="support")),
        (10, f.CallBridged(call=CALL, leg="leg-a")),
        (30, f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED, ago=0.25)),
    ):
        clocks.pass_by(seconds * SECOND)
        clocks.wall += step
        pending.put(fact)
    row = ledger_of(pending).row
    assert (row["wait_seconds"], row["talk_seconds"], row["total_seconds"]) == (10.0, 29.75, 40.25)
    assert row["ended_at"] - row["bridged_at"] == timedelta(seconds=29.75, microseconds=step // 1000)


def test_a_caller_who_gives_up_waited_until_they_hung_up(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    clocks.pass_by(3 * SECOND)
    pending.put(f.CallQueued(call=CALL, team="support"))
    clocks.pass_by(12 * SECOND)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.ABANDONED, cause=16))
    row = ledger_of(pending).row
    assert (row["wait_seconds"], row["talk_seconds"], row["total_seconds"]) == (12.0, None, 15.0)


@pytest.mark.parametrize("step", [3600 * SECOND, -3600 * SECOND])
def test_a_step_of_the_wall_clock_does_not_show_in_durations(
    clocks: Clocks, pending: Pending, step: int
) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    clocks.pass_by(5 * SECOND)
    clocks.wall += step
    pending.put(f.CallQueued(call=CALL, team="support"))
    clocks.pass_by(2 * SECOND)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.ABANDONED))
    row = ledger_of(pending).row
    assert (row["wait_seconds"], row["total_seconds"]) == (2.0, 7.0)


def test_an_end_learnt_afterwards_counts_from_when_it_was(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    clocks.pass_by(500 * SECOND)
    ended = datetime.fromtimestamp(START / 1e9 + 42, UTC)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED, at=ended))
    row = ledger_of(pending).row
    assert row["total_seconds"] == 42.0
    assert row["ended_at"] == ended


def test_several_ends_learnt_afterwards_count_from_when_each_was(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    pending.put(f.CallBridged(call=CALL, leg="leg-a"))
    clocks.pass_by(500 * SECOND)
    parted, ended = (datetime.fromtimestamp(START / 1e9 + after, UTC) for after in (42, 60))
    pending.put(f.CallUnbridged(call=CALL, leg="leg-a", at=parted))
    pending.put(f.LegEnded(call=CALL, leg="leg-a", result=f.LegResult.ACCEPTED, at=parted))
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED, at=ended))
    row = ledger_of(pending).row
    assert (row["talk_seconds"], row["total_seconds"]) == (42.0, 60.0)


def test_what_lasted_until_an_end_that_nobody_saw_has_no_duration(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    pending.put(f.CallQueued(call=CALL, team="support"))
    clocks.pass_by(5 * SECOND)
    pending.put(f.LegStarted(call=CALL, leg="leg-a", agent="alice", endpoint="PJSIP/alice"))
    pending.put(f.CallBridged(call=CALL, leg="leg-a"))
    clocks.pass_by(500 * SECOND)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED, unseen=True))
    pending.put(f.LegEnded(call=CALL, leg="leg-a", result=f.LegResult.INTERRUPTED, unseen=True))
    ledger = ledger_of(pending)
    assert (ledger.row["wait_seconds"], ledger.row["talk_seconds"]) == (5.0, None)
    assert ledger.row["total_seconds"] is None
    assert ledger.legs["leg-a"]["ring_seconds"] is None
    assert ledger.closed


def test_a_wait_of_which_a_part_is_not_known_is_not_known(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    pending.put(f.CallBridged(call=CALL, leg="leg-a"))
    clocks.pass_by(5 * SECOND)
    pending.put(f.CallUnbridged(call=CALL, leg="leg-a", unseen=True))
    pending.put(f.CallBridged(call=CALL, leg="leg-b"))
    clocks.pass_by(5 * SECOND)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED))
    assert ledger_of(pending).row["talk_seconds"] is None


def test_an_end_said_to_be_in_the_future_counts_as_now(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    clocks.pass_by(10 * SECOND)
    later = datetime.fromtimestamp(START / 1e9 + 9000, UTC)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.BRIDGED, at=later))
    assert ledger_of(pending).row["total_seconds"] == 10.0


def test_an_interrupted_call_ends_its_open_legs_with_it(pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    pending.put(f.LegStarted(call=CALL, leg="leg-a", agent="alice", endpoint="PJSIP/alice"))
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.INTERRUPTED))
    ledger = ledger_of(pending)
    assert ledger.legs["leg-a"]["result"] == "interrupted"
    assert ledger.closed


def test_only_the_first_end_counts(clocks: Clocks, pending: Pending) -> None:
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    clocks.pass_by(SECOND)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.ABANDONED))
    clocks.pass_by(SECOND)
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.REFUSED))
    row = ledger_of(pending).row
    assert (row["outcome"], row["total_seconds"]) == ("abandoned", 1.0)


def test_each_fact_gets_a_number_greater_than_the_last_even_when_the_clock_goes_back(
    clocks: Clocks, pending: Pending
) -> None:
    for _ in range(5):
        pending.put(f.CallAnswered(call=CALL))
        clocks.wall -= SECOND
    ledger_of(pending)
    numbers = [event.seq for event in pending.of(CALL)[1]]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 5


def test_a_fact_with_a_field_of_a_wrong_type_is_set_aside_and_the_next_one_is_not() -> None:
    rejected: list[Rejected] = []
    pending = Pending(rejected.extend)
    pending.put(f.CallArrived(call=CALL, line="100", channel_id="c"))
    pending.put(f.LegStarted(call=CALL, leg=["no", "id"], agent="a", endpoint="e"))  # type: ignore[arg-type]  # the point
    pending.put(f.CallEnded(call=CALL, outcome=f.Outcome.REFUSED))
    assert ledger_of(pending).row["outcome"] == "refused"
    assert [entry.event.name for entry in rejected if entry.event] == ["leg.started"]


def _subclasses() -> Iterator[type[f.Fact]]:
    yield from f.Fact.__subclasses__()


@pytest.mark.parametrize("kind", list(_subclasses()), ids=lambda kind: kind.__name__)
def test_every_kind_of_fact_has_a_name_of_its_own(kind: type[f.Fact]) -> None:
    tags = [other.__struct_config__.tag for other in _subclasses()]
    assert tags.count(kind.__struct_config__.tag) == 1
