"""What other products export becomes rosters that say the same: shifts computed by hand from the exports."""
# ruff: noqa: E501 - the tables and what is expected read one a line

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.core.errors import AstreinteError
from ari_app.imports import goalert, grafana_oncall, opsgenie, pagerduty
from ari_app.imports.export import NotAnExport, read_json
from ari_app.imports.model import Ids, Imported
from ari_app.imports.times import covered, joined, turn, windows
from ari_app.imports.writing import yaml_files
from ari_app.roster.book import load_rosters

EXPORTS = Path(__file__).parent / "exports"
CONVERT = {
    "pagerduty": pagerduty.convert,
    "opsgenie": opsgenie.convert,
    "grafana-oncall": grafana_oncall.convert,
    "goalert": goalert.convert,
}
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def imported_from(source: str, now: datetime = NEW_YEAR) -> Imported:
    return CONVERT[source](read_json(EXPORTS / f"{source}.json"), now)


def shifts(folder: Path, imported: Imported, team: str, start: str, end: str) -> list[str]:
    """Return who is on call by the files that are written: `"26T19:00 27T07:00 alice"`, in UTC."""
    for name, text in yaml_files(imported).items():
        (folder / name).write_text(text.replace("phones: []", "phones: [sip:none]"))
    book, findings = load_rosters(folder, at=NEW_YEAR)
    assert [str(finding) for finding in findings if finding.severity == "error"] == []
    assert book is not None
    between = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (start, end))
    return [
        f"{shift.start:%dT%H:%M} {shift.end:%dT%H:%M} {' '.join(shift.agents)}"
        for shift in book.schedule(team, *between)
    ]


def test_pagerduty_the_first_layer_wins_and_an_override_beats_all(tmp_path: Path) -> None:
    # Nights change hands daily at 08:00, weekends (Friday 17:00 to Monday 08:00) weekly; clocks change on the 29th.
    found = shifts(tmp_path, imported_from("pagerduty"), "support-n1", "2026-03-25T12:00", "2026-03-31T12:00")
    assert found == [
        "25T19:00 25T23:00 chloe-durand",  # the override
        "25T23:00 26T07:00 bruno-petit",
        "26T19:00 27T07:00 alice-martin",
        "27T16:00 30T06:00 chloe-durand",  # 62 hours instead of 63
        "30T18:00 31T06:00 alice-martin",
    ]


def test_opsgenie_rotations_are_layers_and_a_turn_of_nobody_is_named(tmp_path: Path) -> None:
    # Nights from 18:00 to 08:00 change hands on Wednesday at 12:00; days are a team's, on Monday and Wednesday.
    imported = imported_from("opsgenie")
    found = shifts(tmp_path, imported, "support", "2026-10-19T12:00", "2026-10-26T12:00")
    assert found == [
        "19T12:00 19T16:00 alice-martin bruno-petit",
        "19T16:00 19T20:00 alice-martin",  # the override
        "19T20:00 20T06:00 bruno-petit",
        "20T16:00 21T06:00 bruno-petit",
        "21T06:00 21T16:00 alice-martin bruno-petit",
        "21T16:00 22T06:00 nobody",
        "22T16:00 23T06:00 nobody",
        "23T16:00 24T06:00 nobody",
        "24T16:00 25T07:00 nobody",  # 15 hours
        "25T17:00 26T07:00 nobody",
        "26T07:00 26T12:00 alice-martin bruno-petit",
    ]
    assert any("nobody is on call" in each.what for each in imported.lost)


def test_grafana_oncall_shifts_of_higher_levels_win(tmp_path: Path) -> None:
    # Nights of the week change hands weekly; at weekends both, from 08:00 to 08:00; clocks change on the 25th.
    imported = imported_from("grafana-oncall")
    found = shifts(tmp_path, imported, "support", "2026-10-22T12:00", "2026-10-28T12:00")
    assert found == [
        "22T18:00 23T06:00 alice",
        "23T18:00 24T06:00 alice",
        "24T06:00 26T07:00 alice bruno",  # 49 hours
        "26T19:00 27T07:00 bruno",
        "27T19:00 27T21:00 alice",  # the override
        "27T21:00 28T07:00 bruno",
    ]
    assert [each.where for each in imported.lost if "recurrence" in each.why] == [
        "schedule Support, shift Premier du mois"
    ]


def test_goalert_whose_turn_it_is_comes_from_the_next_handoff(tmp_path: Path) -> None:
    # Chloé has the turn that ends on Monday the 26th at 08:00, whatever the rotation's own start says.
    imported = imported_from("goalert")
    found = shifts(tmp_path, imported, "support", "2026-10-22T12:00", "2026-10-27T12:00")
    assert found == [
        "22T18:00 22T22:00 chloe-durand",
        "22T22:00 23T06:00 bruno-petit",  # the override, a day long
        "23T18:00 23T22:00 bruno-petit",
        "23T22:00 24T06:00 chloe-durand",
        "24T06:00 26T07:00 dora",
        "26T19:00 27T07:00 alice-martin",
    ]
    assert any("somebody more, or fewer" in each.what for each in imported.lost)


@pytest.mark.parametrize("source", CONVERT)
def test_only_telephones_are_missing_in_what_is_written(tmp_path: Path, source: str) -> None:
    imported = imported_from(source)
    for name, text in yaml_files(imported).items():
        (tmp_path / name).write_text(text)
    _, findings = load_rosters(tmp_path)
    errors = [finding for finding in findings if finding.severity == "error"]
    assert {finding.message for finding in errors} == {"the agent has no phone"}
    assert {finding.file.name for finding in errors} == {"agents.yaml"}
    lines = (tmp_path / "agents.yaml").read_text().splitlines()
    assert all("phones: []" in lines[finding.line - 1] for finding in errors)


@pytest.mark.parametrize("source", CONVERT)
def test_everything_that_is_lost_says_why_and_what_to_do(source: str) -> None:
    lost = imported_from(source).lost
    assert lost
    assert all(each.where and each.what and each.why and each.remedy for each in lost)


def test_steps_and_rounds_are_those_of_the_policy() -> None:
    teams = {source: yaml_files(imported_from(source)) for source in CONVERT}
    assert (
        "escalation:\n  - {ring: on-call}\n  - {ring: [alice-martin, chloe-durand], strategy: simultaneous}\nrounds: 2\n"
        in teams["pagerduty"]["support-n1.yaml"]
    )
    assert "  - {ring: on-call}\n  - {ring: [chloe-durand]}\nrounds: 3\n" in teams["opsgenie"]["support.yaml"]
    assert (
        "  - {ring: on-call}\n  - {ring: [alice, bruno], strategy: simultaneous}\n"
        in teams["grafana-oncall"]["support.yaml"]
    )
    assert "  - {ring: on-call}\n  - {ring: [dora]}\n" in teams["goalert"]["support.yaml"]


def test_numbers_are_taken_over_if_they_are_any() -> None:
    agents = yaml_files(imported_from("pagerduty"))["agents.yaml"]
    assert (
        'name: Alice Martin\n    calendar_names: [alice@example.com]\n    phones: ["tel:+33199001201"]'
        in agents
    )
    assert "# not a telephone number: +3312\n    phones: []" in agents


def test_what_is_over_is_left_out() -> None:
    in_spring, in_winter = (
        yaml_files(imported_from("pagerduty", datetime(2026, month, 1, tzinfo=UTC)))["support-n1.yaml"]
        for month in (3, 11)
    )
    assert "override-" in in_spring
    assert "override-" not in in_winter
    assert "ended" not in in_spring.lower()


def test_one_schedule_of_two_policies_is_a_team_that_both_take_steps_of(tmp_path: Path) -> None:
    data = json.loads((EXPORTS / "pagerduty.json").read_text())
    second = {**data["escalation_policies"][0], "id": "P2", "name": "Cartes"}
    data["escalation_policies"].append(second)
    imported = pagerduty.convert(data, NEW_YEAR)
    assert [team.id for team in imported.teams] == ["support-n1", "support", "cartes"]
    assert "- {team: support-n1}\n" in yaml_files(imported)["cartes.yaml"]
    nights = shifts(tmp_path, imported, "support-n1", "2026-03-26T12:00", "2026-03-27T12:00")
    assert nights == ["26T19:00 27T07:00 alice-martin"]


def test_rotations_that_are_on_call_together_are_rung_one_after_the_other() -> None:
    data = json.loads((EXPORTS / "opsgenie.json").read_text())
    del data[0]["data"][0]["rotations"][1]["timeRestriction"]
    imported = opsgenie.convert(data, NEW_YEAR)
    assert (
        "- {ring: on-call, layer: nuit}\n  - {ring: on-call, layer: jour}\n  - {ring: [chloe-durand]}"
        in yaml_files(imported)["support.yaml"]
    )
    assert any("on call together" in each.what for each in imported.lost)


def test_web_schedules_of_grafana_keep_the_times_of_utc(tmp_path: Path) -> None:
    data = json.loads((EXPORTS / "grafana-oncall.json").read_text())
    data["schedules"]["results"][0]["type"] = "web"
    imported = grafana_oncall.convert(data, NEW_YEAR)
    found = shifts(tmp_path, imported, "support", "2026-10-23T12:00", "2026-10-27T12:00")
    assert found == ["23T20:00 24T08:00 alice", "24T08:00 26T08:00 alice bruno", "26T20:00 27T08:00 bruno"]
    assert any("UTC" in each.why for each in imported.lost)


# fmt: off
@pytest.mark.parametrize(("seconds", "length"), [(604800, (1, "weeks")), (1209600, (2, "weeks")), (86400, (1, "days")), (259200, (3, "days")), (43200, (12, "hours")), (3605, None), (1, None)])
def test_turns_are_whole_weeks_days_or_hours(seconds: int, length: tuple[int, str] | None) -> None:
    assert turn(seconds) == length
# fmt: on


@given(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 10_080))
def test_windows_cover_exactly_the_minutes_that_were_restricted_to(
    day: int, start: int, minutes: int
) -> None:
    expected = sum(1 << (day * 1440 + start + minute) % 10_080 for minute in range(minutes))
    assert covered(joined(windows(day, start, minutes))) == expected


# fmt: off
BAD: dict[str, tuple[str, bytes, str]] = {
    # what it is: (the product, the file, words of the message)
    "nothing": ("pagerduty", b"", "is not JSON"),
    "no JSON": ("pagerduty", b"schedules: []", "this is not JSON"),
    "JSON of two lines": ("pagerduty", b'{\n"a": }', ":2:6:"),
    "no text": ("pagerduty", b"\xff\xfe\x00", "is not JSON"),
    "nested too deeply": ("opsgenie", b"[" * 100_000 + b"]" * 100_000, "is not JSON"),
    "another product's": ("goalert", (EXPORTS / "pagerduty.json").read_bytes(), "no schedule and no escalation policy of GoAlert"),
    "an empty answer": ("opsgenie", b'{"data": []}', "no schedule of Opsgenie"),
    "a number": ("grafana-oncall", b"7", "no schedule of Grafana OnCall"),
    "a wrong kind": ("pagerduty", b'{"schedule": {"id": "P1", "schedule_layers": 7}}', "schedule_layers: Input should be"),
    "a layer without its length": ("pagerduty", b'{"schedule": {"id": "P1", "schedule_layers": [{"start": "2026-01-01T00:00:00Z", "rotation_virtual_start": "2026-01-01T00:00:00Z"}]}}', "rotation_turn_length_seconds"),
    "an unknown zone": ("pagerduty", b'{"schedule": {"id": "P1", "time_zone": "Middle/Earth", "schedule_layers": []}}', "time zone 'Middle/Earth'"),
    "a zone that is a path": ("pagerduty", b'{"schedule": {"id": "P1", "time_zone": "../../etc/passwd", "schedule_layers": []}}', "time zone"),
    "no time": ("opsgenie", b'{"data": {"id": "1", "timezone": "UTC", "rotations": [{"startDate": "soon", "type": "daily", "participants": [{"type": "user", "username": "a@b.c"}]}]}}', "'soon'"),
    "the year 9999": ("opsgenie", b'{"data": {"id": "1", "timezone": "Asia/Tokyo", "rotations": [{"startDate": "9999-12-31T23:59:59Z", "type": "daily", "participants": [{"type": "user", "username": "a@b.c"}]}]}}', "9999"),
    "a member without a name": ("opsgenie", b'{"data": [{"id": "1", "timezone": "UTC", "rotations": []}, {"id": "2", "name": "ops", "members": [{"user": {"username": [false]}}]}]}', "members.0.user.username"),
    "no time of day": ("goalert", b'{"schedules": [{"id": "1", "timeZone": "UTC", "targets": [{"target": {"id": "u", "type": "user"}, "rules": [{"start": "noon", "end": "12:00", "weekdayFilter": [true, true, true, true, true, true, true]}]}]}]}', "'noon'"),
}
# fmt: on


@pytest.mark.parametrize(("source", "content", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_no_export_is_told_in_words(tmp_path: Path, source: str, content: bytes, words: str) -> None:
    (tmp_path / "export.json").write_bytes(content)
    with pytest.raises(NotAnExport) as told:
        CONVERT[source](read_json(tmp_path / "export.json"), NEW_YEAR)
    assert words in told.value.message
    assert told.value.remedy


@pytest.mark.parametrize("name", ["Null", "True", "false", "No", "On"])
def test_a_name_that_yaml_takes_for_another_value_stays_a_name(name: str) -> None:
    ids = Ids()
    assert ids.of(name, "agent") == f"agent-{name.lower()}"
    assert ids.of(name, "agent") == f"agent-{name.lower()}-2"
    assert ids.of(f"{name} Petit", "agent") == f"{name.lower()}-petit"


_JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["null", "True", "No", "~", "12", "1e5"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def _places(value: object, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(deeper for key, below in items for deeper in _places(below, (*way, key)))]


@pytest.mark.parametrize("source", CONVERT)
@settings(deadline=None)
@given(data=st.data())
def test_an_export_with_anything_in_any_place_is_used_or_told_in_words(
    tmp_path_factory: pytest.TempPathFactory, source: str, data: st.DataObject
) -> None:
    export = json.loads((EXPORTS / f"{source}.json").read_text())
    *way, last = data.draw(st.sampled_from(_places(export)[1:]))
    holder = export
    for step in way:
        holder = holder[step]
    holder[last] = data.draw(_JUNK)
    try:
        files = yaml_files(CONVERT[source](export, NEW_YEAR))
    except AstreinteError:
        return
    folder = tmp_path_factory.mktemp("imported")
    for name, text in files.items():
        (folder / name).write_text(text.replace("phones: []", "phones: [sip:none]"), "utf-8")
    _, findings = load_rosters(folder)
    allowed = ("the escalation", "`escalation`", "nobody is rung", "never on call", "nobody can be on call")
    assert [
        str(each)
        for each in findings
        if each.severity == "error" and not any(word in str(each) for word in allowed)
    ] == []
