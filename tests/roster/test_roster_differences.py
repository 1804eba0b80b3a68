"""What changes between two versions: applied to the old schedule, it gives the new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.core.errors import AstreinteError
from ari_app.roster.assignments import Assignment, assignments
from ari_app.roster.book import RosterBook, load_rosters
from ari_app.roster.differences import differences
from ari_app.roster.schedule import gaps
from ari_app.roster.spans import Span, merged, without

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=60)
AGENTS = ("alice", "bruno", "chloe", "david")
HOURS = tuple(f"{hour:02}:{minute:02}" for hour in (0, 2, 8, 20) for minute in (0, 30))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DATES = tuple(f"2026-{day}T{hour}" for day in ("02-01", "03-01", "03-29", "04-05") for hour in HOURS)

windows = st.fixed_dictionaries(
    {"from": st.sampled_from(HOURS), "to": st.sampled_from(HOURS)},
    optional={"days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)},
)
groups = st.lists(
    st.lists(st.sampled_from(AGENTS), min_size=1, max_size=2, unique=True), min_size=1, max_size=3
)
rotations = st.fixed_dictionaries(
    {
        "anchor": st.sampled_from(DATES),
        "every": st.sampled_from([{"hours": 7}, {"days": 1}, {"weeks": 1}, {"months": 1}]),
        "members": groups,
    }
)


@st.composite
def teams(draw: st.DrawFn) -> dict[str, Any]:
    layers = [
        {
            "id": f"layer-{number}",
            "kind": draw(st.sampled_from(["astreinte", "permanence"])),
            "rotation": draw(rotations),
            **({"window": draw(windows)} if draw(st.booleans()) else {}),
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    overrides = []
    for number in range(draw(st.integers(0, 2))):
        absent, stand_in = draw(st.permutations(AGENTS))[:2]
        start, end = sorted(draw(st.lists(st.sampled_from(DATES), min_size=2, max_size=2, unique=True)))
        overrides.append({"id": f"o{number}", "from": start, "to": end, "replace": absent, "with": stand_in})
    on_call = [{"ring": "on-call"}] if layers else []
    with_backup = draw(st.booleans())
    backup = [{"ring": "on-call", "layer": "layer-0"}] if layers and with_backup else []
    return {
        "timezone": draw(st.sampled_from(["Europe/Paris", "Australia/Lord_Howe"])),
        "layers": layers,
        "overrides": overrides,
        "escalation": [*on_call, *backup, {"ring": [draw(st.sampled_from(AGENTS))]}],
    }


folders = st.dictionaries(st.sampled_from(["un", "deux"]), teams(), max_size=2)


def book(folder: Path, content: dict[str, dict[str, Any]]) -> RosterBook:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    agents = {agent: {"phones": [f"sip:{agent}"]} for agent in AGENTS}
    (folder / "agents.yaml").write_text(yaml.safe_dump({"agents": agents}))
    for name, team in content.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"team": name, **team}))
    loaded, findings = load_rosters(folder)
    assert loaded is not None, "\n".join(map(str, findings))
    return loaded


Schedule = dict[tuple[str, str, str, bool], list[Span]]


def spans_of(found: Iterable[Assignment]) -> Schedule:
    spans: Schedule = {}
    for one in found:
        spans.setdefault((one.team, one.agent, one.kind, one.backup), []).append((one.start, one.end))
    return {duty: merged(each) for duty, each in spans.items()}


def everything(rosters: RosterBook) -> Iterator[Assignment]:
    for team in rosters.teams.values():
        yield from assignments(team, START, END)


def applied(old: Schedule, lost: Schedule, gained: Schedule) -> Schedule:
    new = {}
    for duty in old.keys() | gained.keys():
        kept = [piece for span in old.get(duty, []) for piece in without(span, lost.get(duty, []))]
        if spans := merged([*kept, *gained.get(duty, [])]):
            new[duty] = spans
    return new


@given(old=folders, new=folders)
@settings(deadline=None, max_examples=40)
def test_applying_the_differences_to_the_old_schedule_gives_the_new_one(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, Any], new: dict[str, Any]
) -> None:
    base = tmp_path_factory.getbasetemp()
    before, after = book(base / "old", old), book(base / "new", new)
    found = differences(before, after, START, END)
    lost = spans_of(one for team in found.teams for one in team.lost)
    gained = spans_of(one for team in found.teams for one in team.gained)
    was = spans_of(everything(before))
    assert applied(was, lost, gained) == spans_of(everything(after))
    for duty, spans in lost.items():  # nothing is taken away that was not there, or given that was
        assert [piece for span in spans for piece in without(span, was[duty])] == []
    for duty, spans in gained.items():
        assert [piece for span in spans for piece in without(span, was.get(duty, []))] == spans


@given(old=teams(), new=teams())
@settings(deadline=None, max_examples=40)
def test_gaps_that_open_and_close_lead_from_the_old_gaps_to_the_new_ones(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, Any], new: dict[str, Any]
) -> None:
    base = tmp_path_factory.getbasetemp()
    before, after = book(base / "old", {"un": old}), book(base / "new", {"un": new})

    def gaps_of(rosters: RosterBook) -> list[Span]:
        team = rosters.teams["un"]
        return list(gaps(team, START, END)) if team.layers else []

    found = differences(before, after, START, END)
    opened = [gap for team in found.teams for gap in team.opened]
    closed = [gap for team in found.teams for gap in team.closed]
    kept = [piece for gap in gaps_of(before) for piece in without(gap, merged(closed))]
    assert merged([*kept, *opened]) == gaps_of(after)


@given(content=folders)
@settings(deadline=None, max_examples=20)
def test_the_same_files_have_no_differences(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "same"
    assert not differences(book(folder, content), book(folder, content), START, END)


TEAM: dict[str, Any] = {
    "timezone": "Europe/Paris",
    "layers": [{"id": "nuit", "rotation": {"members": ["alice"]}}],
    "escalation": [{"ring": "on-call"}],
    "reasons": ["panne"],
}


@pytest.mark.parametrize(
    "change",
    [
        {"layers": [{"id": "soir", "rotation": {"members": ["alice"]}}]},
        {"overrides": [{"id": "o", "from": "2026-03-02T00:00", "to": "2026-03-03T00:00"}
                       | {"replace": "bruno", "with": "alice"}]},
    ],
    ids=["another name for a layer", "an override that changes nothing"],
)  # fmt: skip
def test_what_changes_for_nobody_is_no_difference(tmp_path: Path, change: dict[str, Any]) -> None:
    before, after = book(tmp_path / "a", {"t": TEAM}), book(tmp_path / "b", {"t": TEAM | change})
    assert not differences(before, after, START, END)


def test_teams_reasons_and_steps_that_come_and_go_are_told(tmp_path: Path) -> None:
    steps = [{"ring": "on-call", "for": "10s"}, {"ring": ["bruno"]}]
    before = book(tmp_path / "a", {"t": TEAM, "u": TEAM | {"reasons": ["retour"]}})
    after = book(
        tmp_path / "b", {"t": TEAM | {"escalation": steps}, "v": TEAM | {"reasons": ["retour", "vol"]}}
    )
    found = differences(before, after, START, END)
    assert [(team.team, team.change) for team in found.teams] == [
        ("t", "kept"),
        ("u", "removed"),
        ("v", "added"),
    ]
    assert found.teams[0].steps == (
        ("-", "on-call, sequential, 25 s"),
        ("+", "on-call, sequential, 10 s"),
        ("+", "bruno, sequential, 25 s"),
    )
    assert [one.agent for one in found.teams[1].lost] == ["alice"]
    assert [one.agent for one in found.teams[2].gained] == ["alice"]
    assert found.reasons == (("retour", "u", "v"), ("vol", None, "v"))


def test_being_backup_is_another_duty_than_being_on_call(tmp_path: Path) -> None:
    layers = [
        {"id": "second", "rotation": {"members": ["bruno"]}},
        {"id": "first", "rotation": {"members": ["alice"]}},
    ]
    steps = [{"ring": "on-call"}, {"ring": "on-call", "layer": "second"}]
    before = book(tmp_path / "a", {"t": TEAM | {"layers": layers, "escalation": steps}})
    after = book(tmp_path / "b", {"t": TEAM | {"layers": layers[::-1], "escalation": steps}})
    (team,) = differences(before, after, START, END).teams
    assert [(one.agent, one.backup) for one in team.lost] == [("alice", False), ("bruno", True)]
    assert [(one.agent, one.backup) for one in team.gained] == [("bruno", False)]


def test_an_instant_that_rosters_know_nothing_of_is_refused(tmp_path: Path) -> None:
    rosters = book(tmp_path / "a", {"t": TEAM})
    with pytest.raises(AstreinteError, match="know nothing of the year 2300"):
        differences(rosters, rosters, START, START.replace(year=2300))
