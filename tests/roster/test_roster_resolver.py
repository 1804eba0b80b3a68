"""Who is rung at an instant: layers, rotations, overrides and steps, from YAML to plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ari_app.core.errors import AstreinteError
from ari_app.roster.book import RosterBook, UnknownReasonError, UnknownTeamError, load_rosters
from ari_app.roster.calendar import NEVER
from ari_app.roster.plan import Plan

Load = Callable[[str], RosterBook]
AGENTS = """
team: support
timezone: Europe/Paris
agents:
  alice: {name: Alice Martin, languages: [fr], phones: [sip:alice, {tel: "+33 1 99 00 12 01", after: 15s}]}
  bruno: {languages: [fr, en], phones: ["tel:+33199001202"]}
  chloe: {phones: [{sip: chloe, accept: answer}]}
  david: {languages: [en], phones: [sip:david]}
reasons: [panne]
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def from_text(text: str) -> RosterBook:
        (tmp_path / "support.yaml").write_text(AGENTS + text)
        book, findings = load_rosters(tmp_path)
        assert book is not None, "\n".join(map(str, findings))
        return book

    return from_text


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(plan: Plan) -> list[list[str]]:
    return [[one.agent.id for one in step.agents] for step in plan.steps]


NIGHTS = """
layers:
  - id: nuit
    window: {days: [mon, tue, wed, thu, fri], from: 20:00, to: 08:00}
    rotation:
      anchor: 2026-01-05T08:00
      every: {weeks: 1}
      members: [[alice], [bruno, chloe]]
escalation:
  - {ring: on-call, for: 25s}
  - {ring: [david], for: 30s}
  - voicemail
"""


def test_the_one_on_call_is_rung_then_the_named_one_then_voicemail(load: Load) -> None:
    plan = load(NIGHTS).plan("panne", utc("2026-01-05T22:00"))
    assert (plan.team, plan.timezone, plan.kind) == ("support", "Europe/Paris", "astreinte")
    assert [(step.index, step.label, step.kind, step.seconds) for step in plan.steps] == [
        (0, "on-call", "ring", 25),
        (1, "david", "ring", 30),
        (2, "voicemail", "voicemail", 0),
    ]
    assert who(plan) == [["alice"], ["david"], []]
    assert plan.steps[0].agents[0].why == "layer nuit"
    assert plan.steps[1].agents[0].why == "named in the escalation"
    assert plan.until == utc("2026-01-06T07:00")


def test_a_step_with_nobody_in_it_is_skipped(load: Load) -> None:
    plan = load(NIGHTS).plan("panne", utc("2026-01-06T12:00"))
    assert [step.index for step in plan.steps] == [1, 2]
    assert plan.kind is None
    assert plan.until == utc("2026-01-06T19:00")


def test_an_inner_list_is_on_call_together(load: Load) -> None:
    assert who(load(NIGHTS).plan("panne", utc("2026-01-13T22:00")))[0] == ["bruno", "chloe"]


def test_mon_to_fri_nights_reach_into_saturday_and_not_into_monday(load: Load) -> None:
    book = load(NIGHTS)
    assert who(book.plan("panne", utc("2026-11-28T06:00")))[0] != ["david"]  # Saturday, 07:00
    assert who(book.plan("panne", utc("2026-11-23T06:00")))[0] == ["david"]  # Monday, 07:00


def test_nobody_is_on_call_before_the_anchor(load: Load) -> None:
    plan = load(NIGHTS).plan("panne", utc("2026-01-04T22:00"))
    assert who(plan) == [["david"], []]
    assert plan.until == utc("2026-01-05T19:00")


def test_a_handoff_within_a_window_shares_the_window(load: Load) -> None:
    book = load("""
layers:
  - id: jour
    window: {from: 09:00, to: 17:00}
    rotation: {anchor: 2026-01-05T12:00, every: {weeks: 1}, members: [alice, bruno]}
escalation: [{ring: on-call}]
""")
    assert [who(book.plan("panne", utc(f"2026-01-12T{hour:02}:30"))) for hour in (8, 10, 11, 15, 16)] == [
        [["alice"]],
        [["alice"]],
        [["bruno"]],
        [["bruno"]],
        [],
    ]


def test_weekends_on_a_two_week_rotation_leave_no_hole(load: Load) -> None:
    book = load("""
layers:
  - id: week-end
    window: {days: [sat, sun], from: 08:00, to: 08:00}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 2}, members: [alice, bruno]}
escalation: [{ring: on-call}]
""")
    saturdays = [utc("2026-01-10T12:00") + timedelta(weeks=week) for week in range(6)]
    assert [who(book.plan("panne", at)) for at in saturdays] == [
        [[name]] for name in ("alice", "alice", "bruno", "bruno", "alice", "alice")
    ]


LAYERED = """
layers:
  - id: fond
    kind: permanence
    rotation: {members: [david]}
  - id: jour
    window: [{days: [mon], from: 09:00, to: 12:00}, {days: [mon], from: 14:00, to: 18:00}]
    rotation: {members: [[alice, bruno]]}
    effective: {from: 2026-01-05, until: 2026-02-02}
escalation:
  - {ring: on-call, strategy: simultaneous, for: 20s}
  - {ring: on-call, layer: fond}
  - {ring: on-call, layer: jour}
"""


@pytest.mark.parametrize(
    ("at", "kind", "steps", "until"),
    [
        ("2025-12-29T09:00", "permanence", [["david"], ["david"]], "2026-01-04T23:00"),  # not in force yet
        (
            "2026-01-05T09:00",
            "astreinte",
            [["alice", "bruno"], ["david"], ["alice", "bruno"]],
            "2026-01-05T11:00",
        ),
        (
            "2026-01-05T11:00",
            "permanence",
            [["david"], ["david"]],
            "2026-01-05T13:00",
        ),  # an empty one falls through
        (
            "2026-01-05T13:00",
            "astreinte",
            [["alice", "bruno"], ["david"], ["alice", "bruno"]],
            "2026-01-05T17:00",
        ),
        ("2026-01-26T17:00", "permanence", [["david"], ["david"]], "2026-02-01T23:00"),
        ("2026-02-02T09:00", "permanence", [["david"], ["david"]], None),  # no longer in force
    ],
)
def test_the_last_layer_that_has_someone_wins(
    load: Load, at: str, kind: str, steps: list[list[str]], until: str | None
) -> None:
    plan = load(LAYERED).plan("panne", utc(at))
    assert (plan.kind, who(plan)) == (kind, steps)
    assert plan.until == (utc(until) if until else NEVER)


ALONE = """
layers: [{id: toujours, rotation: {members: [[alice, bruno]]}}]
escalation: [{ring: on-call}]
overrides:
"""


def override(name: str, absent: str, there: str, start: int = 24, end: int = 26) -> str:
    times = f"from: 2026-12-{start}T18:00, to: 2026-12-{end}T09:00"
    return f"  - {{id: {name}, {times}, replace: {absent}, with: {there}}}\n"


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (override("a", "alice", "chloe"), ["chloe", "bruno"]),
        (override("a", "alice", "chloe") + override("b", "chloe", "david"), ["david", "bruno"]),  # a chain
        (
            override("b", "chloe", "david") + override("a", "alice", "chloe"),
            ["david", "bruno"],
        ),  # in any order
        (
            override("a", "alice", "chloe") + override("b", "alice", "david"),
            ["david", "bruno"],
        ),  # the later wins
        (override("a", "alice", "bruno"), ["bruno"]),  # nobody is rung twice in a step
        (
            override("a", "alice", "bruno") + override("b", "bruno", "alice"),
            ["bruno", "alice"],
        ),  # an exchange
        (override("a", "david", "chloe"), ["alice", "bruno"]),  # of somebody who is not on call
    ],
)
def test_overrides_beat_the_layers(load: Load, overrides: str, expected: list[str]) -> None:
    book = load(ALONE + overrides)
    assert who(book.plan("panne", utc("2026-12-25T12:00"))) == [expected]
    for outside in ("2026-12-24T16:59:59", "2026-12-26T08:00"):
        assert who(book.plan("panne", utc(outside))) == [["alice", "bruno"]]


def test_a_plan_says_why_each_one_is_rung_and_until_when(load: Load) -> None:
    book = load(ALONE + override("a", "alice", "chloe") + override("b", "chloe", "david", 25, 27))
    plan = book.plan("panne", utc("2026-12-25T20:00"))
    assert plan.steps[0].agents[0].why == "layer toujours, override a for alice, override b for chloe"
    assert plan.until == utc("2026-12-26T08:00")


def test_a_callers_language_is_preferred_and_never_required(load: Load) -> None:
    book = load("escalation: [{ring: [chloe, alice, bruno]}]")
    at = utc("2026-12-25T12:00")
    assert who(book.plan("panne", at)) == [["chloe", "alice", "bruno"]]
    assert who(book.plan("panne", at, "fr")) == [["alice", "bruno", "chloe"]]
    assert who(book.plan("panne", at, language="en")) == [["bruno", "chloe", "alice"]]
    assert who(book.plan("panne", at, "de")) == [["chloe", "alice", "bruno"]]
    assert who(book.plan("panne", at)) == [["chloe", "alice", "bruno"]]


def test_phones_are_dialled_as_they_were_checked(load: Load) -> None:
    book = load("accept: key\nescalation: [{ring: [alice, bruno, chloe]}]")
    alice, bruno, chloe = (one.agent for one in book.plan("panne", utc("2026-12-25T12:00")).agents())
    assert [(phone.uri, phone.after, phone.accept) for phone in alice.phones] == [
        ("sip:alice", 0, "key"),
        ("tel:+33199001201", 15, "key"),
    ]
    assert (bruno.phones[0].scheme, bruno.phones[0].address) == ("tel", "+33199001202")
    assert (chloe.phones[0].scheme, chloe.phones[0].address, chloe.phones[0].accept) == (
        "sip",
        "chloe",
        "answer",
    )
    assert (alice.name, bruno.name) == ("Alice Martin", "bruno")


def test_a_teams_way_of_accepting_holds_for_phones_without_their_own(load: Load) -> None:
    book = load("accept: answer\nescalation: [{ring: [alice]}]")
    (alice,) = book.plan("panne", utc("2026-12-25T12:00")).agents()
    assert {phone.accept for phone in alice.agent.phones} == {"answer"}


def test_what_is_unknown_is_said_with_what_is_known(load: Load) -> None:
    book = load(NIGHTS)
    with pytest.raises(UnknownReasonError, match="did you mean `panne`"):
        book.plan("pane", utc("2026-01-05T22:00"))
    with pytest.raises(UnknownTeamError, match="did you mean `support`"):
        book.plan_for_team("suport", utc("2026-01-05T22:00"))


def test_an_instant_needs_a_time_zone_and_a_year_that_rosters_know(load: Load) -> None:
    book = load(NIGHTS)
    book.plan("panne", utc("2026-01-05T22:00"))
    with pytest.raises(ValueError, match="time zone"):
        book.plan("panne", utc("2026-01-05T22:00").replace(tzinfo=None))
    for year in ("0001", "9999"):
        with pytest.raises(AstreinteError, match="year"):
            book.plan("panne", utc(f"{year}-12-31T12:00"))


_BUSY = """
layers:
  - id: fond
    rotation: {anchor: 2026-01-31T07:30, every: {months: 1}, members: [alice, [bruno, chloe]]}
    effective: {from: 2026-02-10, until: 2027-01-01T12:00}
  - id: nuit
    window: [{days: [mon, wed, sat], from: 20:00, to: 02:30}, {days: [sun], from: 02:30, to: 03:15}]
    rotation: {anchor: 2026-03-01T02:30, every: {days: 3}, members: [david, alice, chloe]}
  - id: heures
    window: {days: [sun], from: 00:00, to: 00:00}
    rotation: {anchor: 2026-03-29T00:00, every: {hours: 5}, members: [bruno, david]}
escalation:
  - {ring: on-call}
  - {ring: on-call, layer: nuit}
overrides:
  - {id: a, from: 2026-03-28T22:00, to: 2026-03-29T02:30, replace: david, with: bruno}
  - {id: b, from: 2026-10-25T02:15, to: 2026-10-25T02:45, replace: bruno, with: chloe}
"""
_YEAR = st.integers(0, 366 * 24 * 60).map(
    lambda minutes: utc("2026-01-15T00:00") + timedelta(minutes=minutes)
)
_CHANGES = st.integers(0, 48 * 60).map(
    lambda minutes: utc("2026-03-28T00:00") + timedelta(minutes=minutes)
) | (st.integers(0, 48 * 60).map(lambda minutes: utc("2026-10-24T00:00") + timedelta(minutes=minutes)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=_YEAR | _CHANGES, part=st.floats(0, 0.999))
def test_a_plan_holds_until_the_instant_that_it_names(load: Load, at: datetime, part: float) -> None:
    book = load(_BUSY)
    plan = book.plan("panne", at)
    later = at + (plan.until - at) * part
    fresh = load(_BUSY).plan("panne", later)
    assert fresh.steps == plan.steps
    assert fresh.until == plan.until
    assert book.plan("panne", later) == fresh  # whether it was asked before or not


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(instants=st.lists(_YEAR | _CHANGES, min_size=2, max_size=10))
def test_a_plan_depends_on_the_files_and_the_instant_alone(load: Load, instants: list[datetime]) -> None:
    asked = load(_BUSY)
    plans = [asked.plan("panne", at) for at in instants]
    assert plans == [load(_BUSY).plan("panne", at) for at in instants]


def test_following_until_meets_every_handoff_of_a_year_in_order(load: Load) -> None:
    book = load(NIGHTS)
    at, end, shifts = utc("2026-01-05T07:00"), utc("2027-01-05T07:00"), []
    while at < end:
        plan = book.plan("panne", at)
        if plan.kind is not None:
            shifts.append((at, plan.until, who(plan)[0]))
        at = plan.until
    assert len(shifts) == 5 * 52 + 1
    hours = {(until - at) / timedelta(hours=1) for at, until, _ in shifts}
    assert hours == {12}  # the clock changes between a Saturday's and a Sunday's nights, which are not in it
    assert [names for _, _, names in shifts[:10]] == [["alice"]] * 5 + [["bruno", "chloe"]] * 5
