"""Closures, dated members, steps with conditions, other teams' steps and strategies: from YAML to plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.core.findings import Finding
from ari_app.roster.book import RosterBook, load_rosters
from ari_app.roster.escalation import Asked
from ari_app.roster.plan import Activity, Plan

Load = Callable[..., RosterBook]
AGENTS = """
team: support
timezone: Europe/Paris
agents:
  alice: {languages: [fr], phones: [sip:alice]}
  bruno: {languages: [fr, en], phones: [sip:bruno]}
  chloe: {languages: [de], timezone: America/Montreal, phones: [sip:chloe]}
  david: {phones: [sip:david]}
reasons: [panne, carte]
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def from_texts(text: str, **others: str) -> RosterBook:
        (tmp_path / "support.yaml").write_text(AGENTS + text)
        for name, other in others.items():
            (tmp_path / f"{name}.yaml").write_text(f"team: {name}\ntimezone: Europe/Paris\n{other}")
        book, findings = load_rosters(tmp_path)
        assert book is not None, "\n".join(map(str, findings))
        return book

    return from_texts


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(plan: Plan) -> list[list[str]]:
    return [[one.agent.id for one in step.agents] for step in plan.steps]


def shifts(book: RosterBook, first: str, last: str) -> list[str]:
    """Return the shifts in Paris' winter time, as `day from-to agents`."""
    found = book.schedule("support", utc(f"{first}T00:00"), utc(f"{last}T00:00"))
    return [f"{each.start:%d/%m %H:%M} {each.end:%d/%m %H:%M} {'+'.join(each.agents)}" for each in found]


# Closures


HOLIDAYS = """
layers:
  - id: jour
    window: {{days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00"}}
    closures: {{except_on: {days}}}
    rotation: {{members: [alice]}}
  - id: ferie
    closures: {{only_on: {days}}}
    rotation: {{members: [bruno]}}
escalation: [{{ring: on-call}}]
dates: {{ponts: [2026-12-24, 2026-12-28]}}
"""


@pytest.mark.parametrize(
    ("days", "there"),
    [
        ("fr-public-holidays", ["25/12"]),
        ("fr-alsace-moselle-public-holidays", ["25/12", "26/12"]),  # Saint Stephen's Day
        ("fr-moselle-public-holidays", ["25/12", "26/12"]),
        ("fr-57-public-holidays", ["25/12", "26/12"]),
        ("de-by-public-holidays", ["25/12", "26/12"]),
        ("ponts", ["24/12", "28/12"]),
        ("2026-12-22", ["22/12"]),
        ("[fr-public-holidays, ponts, 2026-12-22]", ["22/12", "24/12", "25/12", "28/12"]),
    ],
)
def test_a_layer_is_there_on_the_days_that_its_closures_leave(
    load: Load, days: str, there: list[str]
) -> None:
    book = load(HOLIDAYS.format(days=days))
    holidays, workdays = [], []
    for number in range(21, 30):
        noon = datetime(2026, 12, number, 11, tzinfo=UTC)
        rung = who(book.plan("panne", noon))
        holidays += [f"{noon:%d/%m}"] if rung == [["bruno"]] else []
        workdays += [f"{noon:%d/%m}"] if rung == [["alice"]] else []
    assert holidays == there
    week = ["21/12", "22/12", "23/12", "24/12", "25/12", "28/12", "29/12"]
    assert workdays == [day for day in week if day not in there]


def test_a_window_is_closed_by_the_day_on_which_it_starts(load: Load) -> None:
    book = load("""
layers:
  - id: nuit
    window: {from: "20:00", to: "08:00"}
    closures: {except_on: 2026-12-25}
    rotation: {members: [alice]}
escalation: [{ring: on-call}]
""")
    assert shifts(book, "2026-12-24", "2026-12-28") == [
        "24/12 00:00 24/12 07:00 alice",
        "24/12 19:00 25/12 07:00 alice",  # Thursday's night reaches into the holiday
        "26/12 19:00 27/12 07:00 alice",
        "27/12 19:00 28/12 00:00 alice",
    ]


def test_closures_without_a_window_take_whole_days(load: Load) -> None:
    book = load("""
layers: [{id: noel, closures: {only_on: 2026-12-25}, rotation: {members: [alice]}}]
escalation: [{ring: on-call}]
""")
    assert shifts(book, "2026-01-01", "2027-01-01") == ["24/12 23:00 25/12 23:00 alice"]


# Dated members


def test_dated_members_take_over_on_their_date_and_change_nothing_before_it(load: Load) -> None:
    layer = """
layers:
  - id: nuit
    rotation: {{anchor: 2026-01-05T08:00, every: {{weeks: 1}}, members: {members}}}
escalation: [{{ring: on-call}}]
"""
    before = load(layer.format(members="[alice, bruno]"))
    after = load(
        layer.format(
            members="[{members: [alice, bruno]}, {from: 2026-02-02T08:00, members: [alice, bruno, chloe]}]"
        )
    )
    assert shifts(after, "2026-01-01", "2026-02-02") == shifts(before, "2026-01-01", "2026-02-02")
    assert shifts(before, "2026-02-02", "2026-02-10")[1:] == [
        "02/02 07:00 09/02 07:00 alice",
        "09/02 07:00 10/02 00:00 bruno",
    ]
    assert shifts(after, "2026-02-02", "2026-02-24") == [
        "02/02 00:00 09/02 07:00 bruno",  # turn 3 of two, then turn 4 of three: 4 modulo 3 is the second
        "09/02 07:00 16/02 07:00 chloe",
        "16/02 07:00 23/02 07:00 alice",
        "23/02 07:00 24/02 00:00 bruno",
    ]


def test_before_the_first_dated_members_nobody_is_on_call(load: Load) -> None:
    book = load("""
layers:
  - {id: a, rotation: {members: [{from: 2026-02-01, members: [alice]}, {from: 2026-03-01, members: [bruno]}]}}
escalation: [{ring: on-call}, {ring: [david]}]
""")
    assert who(book.plan("panne", utc("2026-01-31T22:59"))) == [["david"]]
    assert who(book.plan("panne", utc("2026-01-31T23:00"))) == [["alice"], ["david"]]
    assert who(book.plan("panne", utc("2026-02-28T23:00"))) == [["bruno"], ["david"]]


# Steps


CONDITIONS = """
escalation:
  - {ring: [alice], when: {hours: {days: [mon], from: "08:00", to: "12:00"}}}
  - {ring: [bruno], when: {reason: carte}}
  - {ring: [chloe], when: {language: [de, nl]}}
  - {ring: [david], when: {vip: true, reason: [panne, carte]}}
  - {ring: [alice, bruno]}
"""


TUESDAY, MONDAY, MONDAY_NOON = "2026-11-24T09:00", "2026-11-23T09:00", "2026-11-23T11:00"


@pytest.mark.parametrize(
    ("at", "call", "rung"),
    [
        (TUESDAY, Asked("panne"), "alice+bruno"),
        (MONDAY, Asked("panne"), "alice alice+bruno"),
        (MONDAY_NOON, Asked("panne"), "alice+bruno"),
        (TUESDAY, Asked("carte"), "bruno alice+bruno"),
        (TUESDAY, Asked(vip=True), "alice+bruno"),  # the reason is not known
        (TUESDAY, Asked("panne", "de"), "chloe alice+bruno"),
        (TUESDAY, Asked("panne", "nl"), "chloe alice+bruno"),
        (TUESDAY, Asked("panne", "en"), "bruno+alice"),
        (MONDAY, Asked("carte", "de", vip=True), "alice bruno chloe david alice+bruno"),
    ],
)
def test_a_step_is_there_for_the_calls_that_meet_its_condition(
    load: Load, at: str, call: Asked, rung: str
) -> None:
    book = load(CONDITIONS)
    plan = book.plan_for_team("support", utc(at), call.language, reason=call.reason, vip=call.vip)
    assert " ".join("+".join(step) for step in who(plan)) == rung
    if call.reason is not None:
        assert book.plan(call.reason, utc(at), call.language, vip=call.vip) == plan


def test_a_plan_holds_until_the_hours_of_a_condition_change(load: Load) -> None:
    plan = load(CONDITIONS).plan("panne", utc("2026-11-22T09:00"))
    assert plan.until == utc("2026-11-23T07:00")


CARDS = """
layers: [{id: garde, rotation: {members: [chloe]}}]
reasons: [opposition]
rounds: 3
escalation:
  - {ring: on-call, for: 10s, rounds: 2}
  - {ring: [david], when: {vip: true}}
  - voicemail
"""


def test_a_step_takes_the_steps_of_another_team_without_its_rounds_and_voicemail(load: Load) -> None:
    book = load("escalation: [{ring: [alice]}, {team: cartes}, {ring: [bruno], for: 5s}]", cartes=CARDS)
    plan = book.plan("panne", utc("2026-11-24T09:00"), vip=True)
    assert [(step.index, step.label, step.seconds, step.rounds) for step in plan.steps] == [
        (0, "alice", 25, 1),
        (1, "team cartes, on-call", 10, 2),
        (1, "team cartes, david", 25, 1),
        (2, "bruno", 5, 1),
    ]
    assert plan.steps[1].agents[0].why == "team cartes, layer garde"
    assert plan.rounds == 1
    assert book.plan("opposition", utc("2026-11-24T09:00")).rounds == 3
    assert who(book.plan("panne", utc("2026-11-24T09:00"))) == [["alice"], ["chloe"], ["bruno"]]


def test_a_condition_on_a_team_holds_for_all_of_its_steps(load: Load) -> None:
    book = load("escalation: [{team: cartes, when: {reason: carte}}, {ring: [alice]}]", cartes=CARDS)
    assert who(book.plan("panne", utc("2026-11-24T09:00"), vip=True)) == [["alice"]]
    assert who(book.plan("carte", utc("2026-11-24T09:00"), vip=True)) == [["chloe"], ["david"], ["alice"]]


def test_a_plan_holds_until_the_other_team_changes(load: Load) -> None:
    cards = "layers: [{id: jour, window: {from: '08:00', to: '18:00'}, rotation: {members: [chloe]}}]\n"
    book = load(
        "escalation: [{ring: [alice]}, {team: cartes}]",
        cartes=f"{cards}escalation: [{{ring: on-call}}]",
    )
    plan = book.plan("panne", utc("2026-11-24T05:00"))
    assert (who(plan), plan.until) == ([["alice"]], utc("2026-11-24T07:00"))
    assert who(book.plan("panne", plan.until)) == [["alice"], ["chloe"]]


ACTIVITY = Activity(
    rung={
        "alice": utc("2026-11-24T08:50"),
        "bruno": utc("2026-11-24T08:30"),
        "chloe": utc("2026-11-24T08:40"),
    },
    taken={"alice": utc("2026-11-24T07:00"), "bruno": utc("2026-11-24T08:30")},
)


@pytest.mark.parametrize(
    ("strategy", "language", "rung"),
    [
        ("sequential", None, ["alice", "bruno", "chloe"]),
        ("simultaneous", None, ["alice", "bruno", "chloe"]),
        ("round-robin", None, ["bruno", "chloe", "alice"]),  # who was rung the longest ago
        ("longest-idle", None, ["chloe", "alice", "bruno"]),  # chloe took no call yet
        ("round-robin", "fr", ["bruno", "alice", "chloe"]),  # those who speak French first
        ("longest-idle", "de", ["chloe", "alice", "bruno"]),
    ],
)
def test_a_strategy_says_who_of_a_step_is_rung_first(
    load: Load, strategy: str, language: str | None, rung: list[str]
) -> None:
    book = load(f"escalation: [{{ring: [alice, bruno, chloe], strategy: {strategy}}}]")
    at = utc("2026-11-24T09:00")
    assert who(book.plan("panne", at, language, activity=ACTIVITY)) == [rung]
    assert who(book.plan("panne", at)) == [["alice", "bruno", "chloe"]]
    never = Activity({}, {})
    assert who(book.plan("panne", at, activity=never)) == [["alice", "bruno", "chloe"]]


def test_an_agent_may_live_in_another_time_zone(load: Load) -> None:
    book = load("escalation: [{ring: [alice, chloe]}]")
    assert [book.agents[name].timezone for name in ("alice", "chloe")] == [None, "America/Montreal"]


# Mistakes


def findings(tmp_path: Path, text: str, other: str = "", at: str | None = None) -> list[Finding]:
    (tmp_path / "support.yaml").write_text(AGENTS + text)
    if other:
        (tmp_path / "cartes.yaml").write_text(f"team: cartes\ntimezone: Europe/Paris\n{other}")
    instant = utc(at) if at else None
    book, found = load_rosters(tmp_path, at=instant)
    assert (book is None) == any(each.severity == "error" for each in found)
    return [each for each in found if each.severity == "error"]


CLOSED = "layers: [{{id: a, closures: {{only_on: {days}}}, rotation: {{members: [alice]}}}}]\n"


@pytest.mark.parametrize(
    ("days", "near"),
    [
        ("fr-public-holiday", "fr-public-holidays"),
        ("fr-alsace-mosele-public-holidays", "fr-alsace-moselle-public-holidays"),
        ("pont", "ponts"),
        ("xx-public-holidays", None),
        ("fr-atlantide-public-holidays", None),
    ],
)
def test_days_that_no_calendar_knows_are_an_error(tmp_path: Path, days: str, near: str | None) -> None:
    text = CLOSED.format(days=days) + "dates: {ponts: 2026-12-24}\nescalation: [{ring: [alice]}]"
    (found,) = findings(tmp_path, text)
    assert found.message == f"the days `{days}` are unknown"
    assert found.column == text.index(days) + 1
    if near is not None:
        assert found.remedy == f"did you mean `{near}`?"


def test_a_team_that_is_none_is_an_error(tmp_path: Path) -> None:
    text = "escalation: [{team: carte}, {ring: [alice]}]"
    (found,) = findings(tmp_path, text, "escalation: [{ring: [alice]}]")
    assert found.message == "the team `carte` is unknown"
    assert found.remedy == "did you mean `cartes`?"


def test_teams_that_take_each_others_steps_are_an_error(tmp_path: Path) -> None:
    found = findings(
        tmp_path,
        "escalation: [{team: cartes}, {ring: [alice]}]",
        "escalation: [{ring: [alice]}, {team: support}]",
    )
    assert [(each.file.name, each.message) for each in found] == [
        ("cartes.yaml", "the step leads back to the team `cartes`"),
        ("support.yaml", "the step leads back to the team `support`"),
    ]


def test_escalations_that_take_each_other_are_not_endless(tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(9)]
    for name, after in zip(names, [*names[1:], "support"], strict=True):
        (tmp_path / f"{name}.yaml").write_text(
            f"team: {name}\ntimezone: Europe/Paris\nescalation: [{{team: {after}}}, {{team: {after}}}]\n"
        )
    found = findings(tmp_path, "escalation: [{ring: [alice]}]")
    assert found
    assert {each.message for each in found} == {"the escalation is too long"}


def test_a_condition_on_a_reason_that_nobody_answers_for_is_an_error(tmp_path: Path) -> None:
    (found,) = findings(
        tmp_path, "escalation: [{ring: [alice], when: {reason: [panne, cartee]}}, {ring: [alice]}]"
    )
    assert found.message == "no team answers for the reason `cartee`"
    assert found.remedy == "did you mean `carte`?"


NIGHT = "layers: [{id: nuit, window: {from: '20:00', to: '08:00'}, rotation: {members: [alice]}}%s]\n"
DAY = ", {id: jour, window: {from: '08:00', to: '20:00'}%s, rotation: {members: [bruno]}}"


@pytest.mark.parametrize(
    ("layers", "escalation", "found"),
    [
        (NIGHT % "", "[{ring: on-call}]", "nobody in any step on Mon 23 Nov 2026 at 10:00 +0100"),
        (NIGHT % "", "[{ring: on-call}, {ring: [david]}]", None),
        (NIGHT % "", "[{ring: on-call}, voicemail]", None),
        (
            NIGHT % "",
            "[{ring: on-call}, {ring: [david], when: {vip: true}}]",
            "nobody in any step on Mon 23 Nov 2026 at 10:00 +0100",
        ),
        (NIGHT % (DAY % ""), "[{ring: on-call}]", None),
        (
            NIGHT % (DAY % ""),
            "[{ring: on-call, layer: nuit}]",
            "nobody in any step on Mon 23 Nov 2026 at 10:00 +0100",
        ),
        (
            NIGHT % (DAY % ", closures: {except_on: fr-public-holidays}"),
            "[{ring: on-call}]",
            "nobody in any step on Fri 25 Dec 2026 at 08:00 +0100",
        ),
        (
            NIGHT % (DAY % ", effective: {until: 2027-03-01}"),
            "[{ring: on-call}]",
            "nobody in any step on Mon 01 Mar 2027 at 08:00 +0100",
        ),
        (NIGHT % "", "[{ring: on-call}, {team: cartes}]", None),
    ],
)
def test_a_team_that_would_ring_nobody_at_some_time_is_an_error(
    tmp_path: Path, layers: str, escalation: str, found: str | None
) -> None:
    text = f"{layers}escalation: {escalation}\n"
    errors = findings(tmp_path, text, "escalation: [{ring: [david]}]", at="2026-11-23T09:00")
    assert [each.found for each in errors] == ([found] if found else [])
