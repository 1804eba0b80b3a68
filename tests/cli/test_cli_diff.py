"""`astreinte diff`: what a change of the rosters changes, as an admin reads it before saving."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
WEEK = ("--from", "2026-11-23", "--days", "7")
COMPARED = ("diff", "before", "rosters", *WEEK)


AGENTS = """
agents:
  alice: {name: Alice Martin, phones: [sip:alice]}
  bruno: {name: Bruno Petit, phones: [sip:bruno]}
"""
NIGHTS = """
team: nuits
timezone: Europe/Paris
layers:
  - {id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [alice]}}
escalation: [{ring: on-call, for: 25s}]
reasons: [nuits]
"""


@pytest.fixture(autouse=True)
def rosters(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "rosters")
    for folder in ("before", "rosters"):
        desk.write(f"{folder}/agents.yaml", AGENTS)
        desk.write(f"{folder}/nuits.yaml", NIGHTS)


def edit(desk: Desk, old: str, new: str) -> None:
    desk.edit("rosters/nuits.yaml", old, new)


def test_the_same_rosters_end_with_0(astreinte: Astreinte) -> None:
    said = astreinte(*COMPARED)
    assert (said.code, said.err) == (0, "")
    assert said.out == "The same schedule, Mon 23 Nov 2026 00:00 +0100 to Mon 30 Nov 2026 00:00 +0100.\n"


def test_comments_and_another_order_of_keys_are_no_difference(astreinte: Astreinte, desk: Desk) -> None:
    edit(desk, "team: nuits\ntimezone: Europe/Paris", "timezone:   'Europe/Paris'  # the same\nteam: nuits")
    assert astreinte(*COMPARED).code == 0


def test_shifts_gained_and_lost_are_told_agent_by_agent(astreinte: Astreinte, desk: Desk) -> None:
    edit(desk, "[alice]", "[bruno]")
    said = astreinte("diff", "before", "rosters", "--from", "2026-11-23T12:00", "--days", "2")
    assert (said.code, said.err) == (1, "")
    assert said.out == (
        "What changes, Mon 23 Nov 2026 12:00 +0100 to Wed 25 Nov 2026 12:00 +0100:\n"
        "\n"
        "nuits (Europe/Paris)\n"
        "  Alice Martin (alice): -24 h\n"
        "    - Mon 23 Nov 20:00 +0100 to Tue 24 Nov 08:00 +0100      12 h  astreinte, layer nuit\n"
        "    - Tue 24 Nov 20:00 +0100 to Wed 25 Nov 08:00 +0100      12 h  astreinte, layer nuit\n"
        "  Bruno Petit (bruno): +24 h\n"
        "    + Mon 23 Nov 20:00 +0100 to Tue 24 Nov 08:00 +0100      12 h  astreinte, layer nuit\n"
        "    + Tue 24 Nov 20:00 +0100 to Wed 25 Nov 08:00 +0100      12 h  astreinte, layer nuit\n"
    )


def test_a_gap_that_opens_is_told_loudly_and_one_that_closes_too(astreinte: Astreinte, desk: Desk) -> None:
    edit(desk, '"08:00"', '"07:30"')
    lines = astreinte(*COMPARED).out.split("\n")
    assert "  gaps: spans with NOBODY on call" in lines
    assert "    + Tue 24 Nov 07:30 +0100 to Tue 24 Nov 08:00 +0100    30 min  NOBODY any more" in lines
    lines = astreinte("diff", "rosters", "before", *WEEK).out.split("\n")
    assert "    - Tue 24 Nov 07:30 +0100 to Tue 24 Nov 08:00 +0100    30 min  somebody again" in lines


def test_steps_teams_and_reasons_that_come_and_go_are_told(astreinte: Astreinte, desk: Desk) -> None:
    edit(desk, "for: 25s", "for: 40s")
    edit(desk, "[nuits]", "[veille]")
    desk.write("rosters/jours.yaml", NIGHTS.replace("nuits", "jours"))
    said = astreinte(*COMPARED).out.split("\n")
    assert "jours is a new team (Europe/Paris)" in said
    steps = said.index("  escalation")
    assert said[steps + 1 : steps + 3] == [
        "    - on-call, sequential, 25 s",
        "    + on-call, sequential, 40 s",
    ]
    assert said[said.index("reasons") + 1 :] == [
        "    + jours: jours answers",
        "    - nuits: nuits answers",
        "    + veille: nuits answers",
        "",
    ]
    assert "jours is no longer a team (Europe/Paris)" in astreinte("diff", "rosters", "before").out


def test_an_override_is_what_it_changes_and_no_more(astreinte: Astreinte, desk: Desk) -> None:
    override = "{id: grippe, from: 2026-11-24T06:00, to: 2026-11-24T15:00, replace: alice, with: bruno}"
    edit(desk, "escalation:", f"overrides: [{override}]\nescalation:")
    said = astreinte(*COMPARED)
    assert said.code == 1
    assert [line for line in said.out.split("\n") if line.startswith("    ")] == [
        "    - Tue 24 Nov 06:00 +0100 to Tue 24 Nov 08:00 +0100       2 h  astreinte, layer nuit",
        "    + Tue 24 Nov 06:00 +0100 to Tue 24 Nov 08:00 +0100       2 h"
        "  astreinte, layer nuit, override grippe",
    ]


def test_json_says_the_same(astreinte: Astreinte, desk: Desk) -> None:
    edit(desk, "[alice]", "[bruno]")
    said = astreinte("diff", "before", "rosters", "--from", "2026-11-23T12:00", "--days", "1", "--json")
    assert (said.code, said.err) == (1, "")
    shift = {
        "from": "2026-11-23T20:00:00+01:00",
        "to": "2026-11-24T08:00:00+01:00",
        "kind": "astreinte",
        "layer": "nuit",
        "backup": False,
        "overrides": [],
    }
    assert json.loads(said.out) == {
        "from": "2026-11-23T12:00:00+01:00",
        "to": "2026-11-24T12:00:00+01:00",
        "teams": [
            {
                "team": "nuits",
                "timezone": "Europe/Paris",
                "change": "kept",
                "gained": [{"agent": "bruno", **shift}],
                "lost": [{"agent": "alice", **shift}],
                "gaps_opened": [],
                "gaps_closed": [],
                "steps_added": [],
                "steps_removed": [],
            }
        ],
        "reasons": [],
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["diff", "nowhere", "rosters"], "there are no rosters"),
        (["diff", "before", "broken"], "broken/nuits.yaml:3:11"),
        (["diff", "before", "rosters", "--from", "demain"], "is not an instant"),
        (["diff", "before", "rosters", "--from", "2300-01-01"], "know nothing of the year 2299"),
        (["diff", "before", "rosters", "--from", "9999-12-31T23:00"], "is not an instant"),
        (["diff", "before"], "Missing argument"),
        (["diff", "before", "rosters", "--days", "0"], "Invalid value"),
    ],
)
def test_what_cannot_be_compared_ends_with_2(
    astreinte: Astreinte, desk: Desk, words: list[str], message: str
) -> None:
    shutil.copytree(desk.folder / "rosters", desk.folder / "broken")
    desk.edit("broken/nuits.yaml", "timezone: Europe/Paris", "timezone: Mars")
    said = astreinte(*words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_a_pipe_gets_no_colours_and_a_terminal_does(desk: Desk) -> None:
    edit(desk, "[alice]", "[bruno]")
    assert "\x1b" not in desk.types(*COMPARED).out
    on_terminal = desk.types_on_terminal(*COMPARED).out
    assert "\x1b[32m    + " in on_terminal
    assert "\x1b[31m    - " in on_terminal


def test_other_hours_of_a_step_are_told(astreinte: Astreinte, desk: Desk) -> None:
    hours = 'when: {hours: {days: [sat, sun], from: "08:00", to: "20:00"}}'
    for folder in ("before", "rosters"):
        desk.edit(f"{folder}/nuits.yaml", "for: 25s}]", f"for: 25s}}, {{ring: [bruno], {hours}}}, voicemail]")
    edit(desk, 'sun], from: "08:00", to: "20:00"', 'sun], from: "08:00", to: "18:00"')
    shown = astreinte(*COMPARED).out
    assert "- bruno, sequential, 25 s, when at sat, sun 08:00-20:00\n" in shown
    assert "+ bruno, sequential, 25 s, when at sat, sun 08:00-18:00\n" in shown
