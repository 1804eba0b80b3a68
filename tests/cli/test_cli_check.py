"""`astreinte check`: every mistake of every file at its place, in the words of whoever made it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from .conftest import SHIPPED, Desk, Said

Astreinte = Callable[..., Said]
PLACE = re.compile(r"^(\S+?):(\d+):(\d+): (error|warning|note): (.*)$", re.MULTILINE)


def places(said: Said) -> list[tuple[str, int, int, str]]:
    """Return file, line, column and severity of each finding, in the order in which they were printed."""
    return [(file, int(line), int(column), kind) for file, line, column, kind, _ in PLACE.findall(said.out)]


def test_the_shipped_files_have_no_mistake(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings(SHIPPED)
    said = astreinte("check")
    assert said.code == 0
    assert [place for place in places(said) if place[3] != "note"] == []  # clock changes are noted
    assert said.out.endswith(": the line can use these files.\n")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("lines: {default: acueil}", "1:18", "served by a flow that does not exist|did you mean `accueil`?"),
        ("lines: {'100': accueil}", "1:8", "`lines` names no `default`|add `default: accueil`"),
        ("lines: {'1 2': accueil, default: accueil}", "1:9", "`1 2` is no called number|without blanks"),
        ("rostres: here", "1:1", "unknown field `rostres`|did you mean `rosters`?"),
        ("ari: {port: 8088}", "1:7", "unknown field `port` in `ari`|remove it"),
        ("ari: {url: '127.0.0.1:8088'}", "1:12", "no address of ARI|write the address alone"),
        ("ari: {url: 'http://me:hush@pbx/ari'}", "1:12", "no address of ARI|fields of their own"),
        ("ami: {port: 70000}", "1:13", "`port` is not valid|65535 or less"),
        ("agi: {port: '4573x'}", "1:13", "`port` is not valid|a whole number"),
        ("ami: [a]", "1:6", "`ami` is of the wrong kind|a mapping"),
        ("ami: {password: [hush]}", "1:17", "`password` is of the wrong kind|text"),
        ("limits: {calls: 0}", "1:17", "`calls` is not valid|1 or more"),
        ("dial: {number_format: E164}", "1:23", "knows no such word|did you mean `e164`?"),
        ("log: {level: loud}", "1:14", "knows no such word|`debug`, `info`"),
        (
            "asterisk: {managed: true, templates: nowhere}",
            "1:38",
            "no templates of Asterisk|the folder `asterisk_conf`",
        ),
        ("asterisk: {managed: perhaps}", "1:21", "`managed` is not valid|`true` or `false`"),
        ("database: 'mysql://me:hush@db/a'", "1:11", "cannot be kept in 'mysql'|postgresql://"),
        ("prompts: {engine: piper}", "1:19", "knows no such word|`espeak` or `command`"),
        ("data: var\ndata: other", "2:1", "the key `data` is there twice|remove one of the two"),
        ("data: [", "2:1", "the file ends before a quote or bracket is closed|cut short"),
        ("# nothing", "1:1", "the file is empty|fill it"),
    ],
)
def test_a_mistake_in_the_settings_is_told_at_its_place(
    astreinte: Astreinte, desk: Desk, text: str, place: str, words: str
) -> None:
    desk.settings(text + "\n")
    said = astreinte("check")
    line, column = map(int, place.split(":"))
    assert ("astreinte.yaml", line, column, "error") in places(said)
    for word in words.split("|"):
        assert word in said.out
    assert "hush" not in said.out
    assert said.code == 1


def test_texts_that_nothing_speaks_are_told(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings("prompts: {engine: command, command: [/nonexistent/voice]}\n")
    said = astreinte("check")
    assert said.code == 0
    assert ("astreinte.yaml", 1, 19, "warning") in places(said)
    assert "there is no audio in `fr` for `agent-accept-carte-volee`" in said.out
    assert "there is no audio in `en`" in said.out
    assert "the speech engine /nonexistent/voice cannot be found" in said.out


def test_a_settings_file_that_is_missing_is_named(astreinte: Astreinte) -> None:
    said = astreinte("check", "--settings", "elsewhere.yaml")
    assert said.code == 1
    assert places(said) == [("elsewhere.yaml", 1, 1, "error")]


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("ASTREINTE_AMI__PORT", "many", "a valid integer"),
        ("ASTREINTE_ARI__PASWORD", "x", "no such setting"),
        ("ASTREINTE_ARI_PASSWORD", "x", "did you mean ASTREINTE_ARI__PASSWORD?"),
        ("ASTREINTE_DATABSE", "x", "did you mean ASTREINTE_DATABASE?"),
        ("ASTREINTE_ARI", "me:hush", "a section is a JSON object"),
        ("ASTREINTE_LINES", '{"100": "accueil"}', "`lines` names no `default`"),
    ],
)
def test_a_wrong_variable_is_named_and_no_file_is_blamed(
    astreinte: Astreinte, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable, value)
    said = astreinte("check")
    assert (said.code, said.out) == (1, "")
    assert f"{variable}: " in said.err
    assert problem in said.err
    assert "hush" not in said.err
    assert "astreinte.yaml" not in said.err


def test_the_file_may_complete_what_the_environment_begins(
    astreinte: Astreinte, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.settings("lines: {default: accueil}\n")
    monkeypatch.setenv("ASTREINTE_LINES__100", "acueil")
    assert "the line `100` is served by a flow that does not exist" in astreinte("check").out


def test_all_files_are_told_of_in_one_run_in_the_order_of_their_places(
    astreinte: Astreinte, desk: Desk
) -> None:
    desk.settings("asterisk: {managed: true, phones: [alice]}\n")
    desk.edit("rosters/cartes.yaml", "timezone: Europe/Paris", "timezone: Europe/Pari")
    desk.edit("rosters/retours.yaml", "team: retours", "team: retours\nteem: x")
    desk.edit("ivr_flows/accueil.yaml", "otherwise: appel", "otherwise: appell")
    said = astreinte("check")
    found = places(said)
    assert found == sorted(found)
    assert {file for file, *_ in found} == {
        "ivr_flows/accueil.yaml",
        "rosters/cartes.yaml",
        "rosters/retours.yaml",
    }
    assert said.out.endswith(f"\n{len(found)} errors, 0 warnings.\n")
    assert said.code == 1


def test_a_reason_that_no_team_answers_for_is_told_where_the_flow_names_it(
    astreinte: Astreinte, desk: Desk
) -> None:
    desk.edit("rosters/retours.yaml", "reasons: [retour]", "reasons: [retours]")
    said = astreinte("check")
    (place,) = places(Said(1, "\n".join(line for line in said.out.split("\n") if ": error: " in line)))
    file, line, column, _ = place
    assert file == "ivr_flows/accueil.yaml"
    text = (desk.folder / file).read_text("utf-8").split("\n")[line - 1]
    assert text[column - 1 :].startswith("retour")
    assert "did you mean `retours`?" in said.out


def test_folders_that_are_not_there_are_both_told(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings("rosters: nowhere\nflows: neither\n")
    said = astreinte("check")
    assert [place for place in places(said) if place[3] == "error"] == [
        ("neither", 1, 1, "error"),
        ("nowhere", 1, 1, "error"),
    ]


def test_warnings_alone_do_not_fail(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings(SHIPPED.replace("david, ", ""))
    desk.write("prompts/fr/bienvenue.wav", "no sound")
    desk.write("prompts/fr/bienvenu.wav", "no sound either")
    said = astreinte("check")
    assert said.code == 0
    assert [place for place in places(said) if place[3] != "note"] == [
        ("astreinte.yaml", 1, 35, "warning"),
        ("prompts/fr/bienvenu.wav", 1, 1, "warning"),
        ("prompts/fr/bienvenue.wav", 1, 1, "warning"),
    ]
    assert "the phone `david` of the rosters cannot register" in said.out
    assert "did you mean `fr/bienvenue`?" in said.out
    assert "\nNo error, 3 warnings" in said.out
    assert said.out.endswith(": the line can use these files.\n")


def test_warnings_fail_when_strictness_is_asked_for(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings(SHIPPED.replace("david, ", ""))
    said = astreinte("check", "--strict")
    assert said.code == 1
    assert "\nNo error, 1 warning" in said.out
    assert said.out.endswith(": the line can use these files; a warning fails, as --strict asks.\n")
    desk.settings(SHIPPED)
    assert astreinte("check", "--strict").code == 0


def test_a_machine_can_read_the_findings(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings(SHIPPED)
    found = json.loads(astreinte("check", "--json").out)
    assert {finding["severity"] for finding in found} <= {"note"}
    desk.settings("ami: {port: 0}\n")
    said = astreinte("check", "--json")
    assert said.code == 1
    assert json.loads(said.out) == [
        {
            "severity": "error",
            "file": "astreinte.yaml",
            "line": 1,
            "column": 13,
            "message": "`port` is not valid",
            "found": "0",
            "expected": "1 or more",
            "remedy": "write what is expected here",
        }
    ]


def test_a_server_without_passwords_is_warned_of(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings("ami: {password: x}\n")
    said = astreinte("check")
    assert "there is no password for ARI" in said.out
    assert "ASTREINTE_ARI__PASSWORD" in said.out
    assert "for AMI" not in said.out
    assert said.code == 0


def test_colours_are_for_terminals(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings("ami: {port: 0}\n")
    plain, coloured = astreinte("check"), desk.types_on_terminal("check")
    assert "\x1b" not in plain.out
    assert coloured.out == plain.out.replace(
        "astreinte.yaml:1:13: error: `port` is not valid",
        "\x1b[31mastreinte.yaml:1:13: error: `port` is not valid\x1b[0m",
    )
    assert desk.types_on_terminal("check", NO_COLOR="1").out == plain.out
