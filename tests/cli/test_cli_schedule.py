"""`astreinte schedule`: who is on call from when until when, in each of its views."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from .conftest import Desk, Said

Astreinte = Callable[..., Said]

ROSTER = """
team: support
timezone: Europe/Paris
agents:
  alice: {name: Alice Martin, phones: [sip:alice]}
  bruno: {name: Bruno Petit, phones: [sip:bruno]}
  chloe: {name: Chloé Bernard, phones: [sip:chloe]}
layers:
  - id: renfort
    rotation: {members: [chloe]}
    effective: {until: 2026-01-01}
  - id: nuit
    window: {days: [mon, tue, wed, thu, fri], from: "20:00", to: "08:00"}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [alice, bruno]}
  - id: jour
    kind: permanence
    window: {days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}
    rotation: {members: [[alice, bruno]]}
overrides:
  - {id: pont, from: 2026-05-15T00:00, to: 2026-05-15T20:00, replace: alice, with: chloe}
escalation:
  - {ring: on-call}
  - {ring: on-call, layer: renfort}
reasons: [panne]
"""
BACKUP = """
team: cartes
timezone: Europe/Paris
layers:
  - {id: renfort, rotation: {members: [alice]}}
  - {id: opposition, rotation: {members: [chloe]}}
escalation: [{ring: on-call}, {ring: on-call, layer: renfort}]
"""
WATCH = """
team: veille
timezone: Europe/Paris
layers:
  - {id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [alice]}}
escalation: [{ring: on-call}]
"""
WEEK = ("--from", "2026-05-11", "--to", "2026-05-18")


@pytest.fixture(autouse=True)
def rosters(desk: Desk) -> None:
    for path in (desk.folder / "rosters").iterdir():
        path.unlink()
    desk.write("rosters/support.yaml", ROSTER)
    desk.write("rosters/cartes.yaml", BACKUP)
    desk.write("rosters/veille.yaml", WATCH)


def rows(said: Said) -> list[list[str]]:
    """Return the table for a pipe, cell by cell."""
    assert (said.code, said.err) == (0, "")
    return [re.split(r" {2,}", line.rstrip()) for line in said.out.split("\n")]


def test_each_shift_is_a_line_with_local_times_people_and_why(astreinte: Astreinte) -> None:
    table = rows(astreinte("schedule", "support", *WEEK))
    assert table[:3] == [
        ["support"],
        ["Mon 11 May 2026 00:00 +0200 to Mon 18 May 2026 00:00 +0200 (Europe/Paris)"],
        ["from", "to", "length", "on call", "layer", "kind", "why"],
    ]
    monday = ["Mon 11 May 08:00 +0200", "Mon 11 May 20:00 +0200", "12 h"]
    assert [*monday, "Alice Martin, Bruno Petit", "jour", "permanence"] in table
    friday = ["Fri 15 May 08:00 +0200", "Fri 15 May 20:00 +0200", "12 h"]
    assert [*friday, "Chloé Bernard, Bruno Petit", "jour", "permanence", "override pont for alice"] in table


def test_a_gap_is_a_line_among_the_shifts_and_counted_below(astreinte: Astreinte) -> None:
    table = rows(astreinte("schedule", "support", *WEEK))
    assert ["Mon 11 May 00:00 +0200", "Mon 11 May 08:00 +0200", "8 h", "NOBODY"] in table
    assert ["Sat 16 May 08:00 +0200", "Mon 18 May 00:00 +0200", "40 h", "NOBODY"] in table
    assert ["NOBODY is on call for 48 h in all: 2 gaps."] in table


def test_a_schedule_without_a_gap_says_so(astreinte: Astreinte) -> None:
    assert "Somebody is on call at every instant." in astreinte("schedule", "cartes", *WEEK).out


def test_a_shift_that_began_before_or_goes_on_after_the_range_is_marked(astreinte: Astreinte) -> None:
    table = rows(astreinte("schedule", "support", "--from", "2026-05-12T06:00", "--to", "2026-05-12T21:00"))
    assert [row[:3] for row in table[3:6]] == [
        ["earlier", "Tue 12 May 08:00 +0200", "2 h"],
        ["Tue 12 May 08:00 +0200", "Tue 12 May 20:00 +0200", "12 h"],
        ["Tue 12 May 20:00 +0200", "later", "1 h"],
    ]


@pytest.mark.parametrize(
    ("day", "shift"),
    [
        ("2026-03-28", ["Sat 28 Mar 20:00 +0100", "Sun 29 Mar 08:00 +0200", "11 h"]),
        ("2026-10-24", ["Sat 24 Oct 20:00 +0200", "Sun 25 Oct 08:00 +0100", "13 h"]),
    ],
)
def test_lengths_are_hours_that_pass_also_when_clocks_change(
    astreinte: Astreinte, day: str, shift: list[str]
) -> None:
    after = datetime.fromisoformat(day) + timedelta(days=2)
    table = rows(astreinte("schedule", "veille", "--from", day, "--to", f"{after:%Y-%m-%d}"))
    assert [*shift, "Alice Martin", "nuit", "astreinte"] in table


def test_without_a_range_it_is_four_weeks_from_today_on(astreinte: Astreinte) -> None:
    (schedule,) = said_json(astreinte("schedule", "cartes", "--view", "json"))
    start, end = (datetime.fromisoformat(schedule[key]) for key in ("from", "to"))
    assert (start.hour, end.hour) == (0, 0)
    assert end.date() - start.date() == timedelta(days=28)
    assert start <= datetime.now(UTC) < start + timedelta(days=2)


def test_a_month_is_from_its_first_midnight_to_the_next_ones(astreinte: Astreinte) -> None:
    said = astreinte("schedule", "cartes", "--month", "2026-10")
    assert "Thu 01 Oct 2026 00:00 +0200 to Sun 01 Nov 2026 00:00 +0100" in said.out


def test_every_team_is_shown_when_none_is_named(astreinte: Astreinte) -> None:
    said = astreinte("schedule", *WEEK)
    assert [line for line in said.out.split("\n") if line in {"cartes", "support", "veille"}] == [
        "cartes",
        "support",
        "veille",
    ]


def test_an_agents_shifts_are_those_of_all_teams_with_whom_and_where_as_backup(astreinte: Astreinte) -> None:
    table = rows(astreinte("schedule", "--agent", "alice", *WEEK))
    assert table[0] == ["Alice Martin (alice)"]
    assert ["earlier", "later", "168 h", "cartes", "renfort", "astreinte", "backup"] in table
    monday = ["Mon 11 May 08:00 +0200", "Mon 11 May 20:00 +0200", "12 h", "support", "jour", "permanence"]
    assert [*monday, "with bruno"] in table
    assert not any(row[0] == "Fri 15 May 08:00 +0200" and "support" in row for row in table)  # override pont
    assert not any("NOBODY" in row for row in table)
    assert ["veille", "84 h", "8"] in [[row[0], *row[-2:]] for row in table]


def test_an_agent_may_be_named_as_people_call_them(astreinte: Astreinte) -> None:
    by_id = astreinte("schedule", "--agent", "alice", *WEEK)
    assert astreinte("schedule", "--agent", "alice martin", *WEEK) == by_id


def test_one_layer_can_be_seen_by_itself(astreinte: Astreinte) -> None:
    said = astreinte("schedule", "cartes", "--layer", "renfort", *WEEK)
    assert "cartes, layer renfort by itself" in said.out
    assert "Alice Martin" in said.out
    assert "Chloé Bernard" not in said.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["suport"], "did you mean `astreinte schedule support`?"),
        (["--agent", "alcie"], "did you mean `alice`?"),
        (["--agent", "Alice Martn"], "did you mean `alice`?"),
        (["support", "--layer", "soir"], "its layers: `renfort`, `nuit` or `jour`"),
        (["--layer", "nuit"], "--layer is a layer of one team"),
        (["support", "--agent", "alice", "--layer", "nuit"], "--layer is a layer of one team"),
        (["support", "--from", "demain"], "2026-12-25 is its midnight"),
        (["support", "--from", "2026-05-02", "--to", "2026-05-02"], "the end is not after the beginning"),
        (["support", "--month", "9999-12"], "know nothing of the year 9999"),
        (["support", "--month", "0000-01"], "know nothing of the year"),
        (["support", "--from", "9999-12-30T12:00"], "know nothing of the year 9999"),
        (["support", "--from", "2026-01-01", "--to", "9999-12-30"], "know nothing of the year"),
        (["support", "--month", "2026-13"], "write it as 2026-12"),
        (["support", "--month", "2026-12", "--to", "2026-12-24"], "leave out --from and --to"),
        (["support", "--from", "1969-01-01", "--to", "1970-01-01"], "know nothing of the year"),
        (["--agent", "alice", "--from", "2400-01-01"], "know nothing of the year"),
        (["support", "--from", "2400-01-01", "--view", "ical"], "know nothing of the year"),
    ],
)
def test_an_odd_question_gets_what_to_ask_instead(
    astreinte: Astreinte, words: list[str], message: str
) -> None:
    said = astreinte("schedule", *words)
    assert (said.code, said.out) == (1, "")
    assert message in said.err


def test_broken_files_are_told_instead_of_a_schedule(astreinte: Astreinte, desk: Desk) -> None:
    desk.edit("rosters/support.yaml", "timezone: Europe/Paris", "timezone: Mars")
    said = astreinte("schedule", "cartes")
    assert (said.code, said.out) == (1, "")
    assert "rosters/support.yaml:3:11" in said.err


def test_a_team_that_names_whom_it_rings_has_no_gaps_to_cry_about(astreinte: Astreinte, desk: Desk) -> None:
    desk.write("rosters/chef.yaml", "team: chef\ntimezone: Europe/Paris\nescalation: [{ring: [alice]}]\n")
    said = astreinte("schedule", "chef", *WEEK)
    assert "NOBODY" not in said.out
    assert "This team has no layers" in said.out


# --view calendar


def cells(said: Said) -> list[list[str]]:
    """Return the lines of a calendar as cells, without the colours."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said.out).split("\n")
    return [[cell.rstrip() for cell in line[1:-1].split("│")] for line in lines if line.startswith("│")]


def test_a_calendar_has_a_column_a_weekday_and_says_at_what_hour_who_begins(astreinte: Astreinte) -> None:
    said = astreinte("schedule", "support", "--view", "calendar", *WEEK)
    week = cells(said)
    assert week[0] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    monday, friday, saturday, sunday = ([row[column] for row in week[1:]] for column in (0, 4, 5, 6))
    assert monday[:5] == ["11 May w20", "00 NOBODY", "08 alice", "   bruno", "20 alice"]
    assert friday[:5] == ["15", "00 chloe", "08 chloe", "   bruno", "20 alice"]
    assert saturday[:3] == ["16", "00 alice", "08 NOBODY"]
    assert sunday[:3] == ["17", "   NOBODY", ""]  # the whole day


def test_gaps_are_listed_below_the_calendar(astreinte: Astreinte) -> None:
    said = astreinte("schedule", "support", "--view", "calendar", *WEEK)
    assert "NOBODY is on call for 48 h in all: 2 gaps." in said.out
    assert "  NOBODY  Sat 16 May 08:00 +0200 to Mon 18 May 00:00 +0200, 40 h" in said.out


def test_an_agents_calendar_says_from_when_until_when_for_which_team(astreinte: Astreinte) -> None:
    week = cells(astreinte("schedule", "--agent", "alice", "--view", "calendar", *WEEK))
    tuesday = [row[1] for row in week[1:]]
    assert tuesday[:10] == [
        *("12", " (cartes)", "00-08", " support", "00-08", " veille"),
        *("08-20", " support", "20-24", " support"),
    ]


@pytest.mark.parametrize("columns", [71, 80, 132, 250])
def test_a_calendar_fits_the_terminal(desk: Desk, columns: int) -> None:
    said = desk.types_on_terminal("schedule", "--view", "calendar", *WEEK, columns=columns)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", said.out)
    assert said.code == 0
    assert max(len(line) for line in shown.split("\n") if line[:1] in "┌│├└┏┃┡┗") <= columns


def test_a_terminal_without_room_for_a_week_is_told_so(desk: Desk) -> None:
    said = desk.types_on_terminal("schedule", "support", "--view", "calendar", columns=60)
    assert said.code == 1
    assert "a calendar needs 71 columns, and this terminal has 60" in said.out


def test_each_agent_has_a_colour_on_a_terminal_and_none_where_colours_are_not_wanted(desk: Desk) -> None:
    words = ("schedule", "support", "--view", "calendar", *WEEK)
    coloured = desk.types_on_terminal(*words).out
    colours = {
        agent: set(re.findall(rf"\x1b\[([0-9;]+)m{agent}", coloured)) for agent in ("alice", "bruno", "chloe")
    }
    assert all(len(each) == 1 for each in colours.values())
    assert len(set.union(*colours.values())) == 3
    plain = desk.types_on_terminal(*words, NO_COLOR="1").out
    assert not re.search(r"\x1b\[[0-9;]*(4[0-8]|3[0-8])[;m]", plain)
    assert desk.types(*words).out.count("\x1b") == 0


def test_today_is_marked(astreinte: Astreinte) -> None:
    assert "│today " in astreinte("schedule", "cartes", "--view", "calendar").out


def test_long_names_that_begin_alike_are_told_apart(astreinte: Astreinte, desk: Desk) -> None:
    names = ["jean-christophe-a", "jean-christophe-b", "jean-christian-a"]
    agents = ", ".join(f"{name}: {{phones: [sip:a]}}" for name in names)
    rotation = f"{{anchor: 2026-05-11T00:00, every: {{days: 1}}, members: [{', '.join(names)}]}}"
    desk.write(
        "rosters/longs.yaml",
        f"team: longs\ntimezone: Europe/Paris\nagents: {{{agents}}}\n"
        f"layers: [{{id: l, rotation: {rotation}}}]\nescalation: [{{ring: on-call}}]\n",
    )
    said = astreinte("schedule", "longs", "--view", "calendar", *WEEK)
    short = {row[column].strip() for row in cells(said)[2:3] for column in range(3)}
    assert len(short) == 3
    for each in short:
        assert re.search(rf"^{re.escape(each)}  jean-christ", said.out, re.MULTILINE)  # who is who, below


# --view ical


def calendar_of(said: Said) -> Calendar:
    assert (said.code, said.err) == (0, "")
    read = Calendar.from_ical(said.out)
    assert isinstance(read, Calendar)
    return read


def test_an_ics_file_read_anew_has_the_same_shifts(astreinte: Astreinte) -> None:
    calendar = calendar_of(astreinte("schedule", "support", "--view", "ical", *WEEK))
    assert not calendar.errors
    (schedule,) = said_json(astreinte("schedule", "support", "--view", "json", *WEEK))
    shifts = {
        (datetime.fromisoformat(each["from"]), datetime.fromisoformat(each["to"]))
        for each in schedule["shifts"]
    }
    assert {(event.start, event.end) for event in calendar.events} == shifts
    friday = next(event for event in calendar.events if event.start == datetime(2026, 5, 15, 6, tzinfo=UTC))
    assert friday["summary"] == "Chloé Bernard, Bruno Petit"
    assert friday["description"] == "support, layer jour, permanence\noverride pont for alice"
    assert friday["transp"] == "OPAQUE"


def test_times_are_utc_and_every_event_has_what_rfc_5545_requires(astreinte: Astreinte) -> None:
    said = astreinte("schedule", "support", "--view", "ical", *WEEK)
    lines = said.out.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)  # folded
    assert {"VERSION:2.0", "METHOD:PUBLISH", "X-WR-CALNAME:support"} <= set(lines)
    for event in calendar_of(said).events:
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= event.keys()
    times = [line for line in lines if line.startswith(("DTSTART", "DTEND", "DTSTAMP"))]
    assert times
    assert all(re.fullmatch(r"DT[A-Z]+:[0-9]{8}T[0-9]{6}Z", line) for line in times)


def test_events_keep_their_uids_and_whole_lengths_whatever_the_range(astreinte: Astreinte) -> None:
    whole = calendar_of(astreinte("schedule", "support", "--view", "ical", *WEEK))
    part = ("--from", "2026-05-12T21:00", "--to", "2026-05-14T09:00")
    later = calendar_of(astreinte("schedule", "support", "--view", "ical", *part))
    known = {str(event["uid"]): (event.start, event.end) for event in whole.events}
    assert len(known) == len(whole.events)
    assert later.events
    for event in later.events:
        assert known[str(event["uid"])] == (event.start, event.end)


def test_an_event_whose_agent_changes_keeps_its_uid(astreinte: Astreinte, desk: Desk) -> None:
    night = (
        "schedule",
        "support",
        "--view",
        "ical",
        "--from",
        "2026-05-12T21:00",
        "--to",
        "2026-05-12T22:00",
    )
    (before,) = calendar_of(astreinte(*night)).events
    desk.edit("rosters/support.yaml", "members: [alice, bruno]}", "members: [chloe, bruno]}")
    (after,) = calendar_of(astreinte(*night)).events
    assert before["uid"] == after["uid"]
    assert (before["summary"], after["summary"]) == ("Alice Martin", "Chloé Bernard")


def test_an_agents_ics_file_names_the_teams(astreinte: Astreinte) -> None:
    calendar = calendar_of(astreinte("schedule", "--agent", "alice", "--view", "ical", *WEEK))
    assert {str(event["summary"]) for event in calendar.events} == {"cartes, backup", "support", "veille"}
    assert len({event["uid"] for event in calendar.events}) == len(calendar.events)


def test_an_exported_schedule_is_a_calendar_that_a_roster_may_name(astreinte: Astreinte, desk: Desk) -> None:
    before = said_json(astreinte("schedule", "veille", "--view", "json", *WEEK))
    exported = astreinte("schedule", "veille", "--view", "ical", *WEEK)
    (desk.folder / "rosters" / "veille.ics").write_bytes(exported.out.encode())
    edited = desk.edit("rosters/veille.yaml", WATCH.split("\n")[4], "  - {id: nuit, calendar: veille.ics}")
    assert "rotation" not in edited.read_text("utf-8")
    assert said_json(astreinte("schedule", "veille", "--view", "json", *WEEK)) == before


# --view json


def said_json(said: Said) -> list[dict[str, Any]]:
    assert (said.code, said.err) == (0, "")
    schedules: list[dict[str, Any]] = json.loads(said.out)["schedules"]
    return schedules


def test_json_has_shifts_gaps_and_offsets(astreinte: Astreinte) -> None:
    (schedule,) = said_json(astreinte("schedule", "support", "--view", "json", *WEEK))
    assert {key: schedule[key] for key in ("team", "layer", "agent", "timezone", "from", "to")} == {
        "team": "support",
        "layer": None,
        "agent": None,
        "timezone": "Europe/Paris",
        "from": "2026-05-11T00:00:00+02:00",
        "to": "2026-05-18T00:00:00+02:00",
    }
    assert schedule["shifts"][0] == {
        "from": "2026-05-11T08:00:00+02:00",
        "to": "2026-05-11T20:00:00+02:00",
        "began_earlier": False,
        "goes_on_later": False,
        "team": "support",
        "layer": "jour",
        "kind": "permanence",
        "backup": False,
        "agents": ["alice", "bruno"],
        "overrides": [],
    }
    assert schedule["gaps"] == [
        {"from": "2026-05-11T00:00:00+02:00", "to": "2026-05-11T08:00:00+02:00"},
        {"from": "2026-05-16T08:00:00+02:00", "to": "2026-05-18T00:00:00+02:00"},
    ]
