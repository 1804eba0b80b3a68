"""`astreinte schema`: editors know every field, flag what the line refuses, and never what it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from ari_app.cli.schema import MODELS, schema_text
from ari_app.core.documents import load_document

from .conftest import PROJECT, Said

KINDS = ("roster", "agents", "flow", "words", "callers", "settings")
SCHEMAS = {kind: json.loads(schema_text(kind)) for kind in KINDS}
SHIPPED = sorted(
    [
        PROJECT / "astreinte.yaml",
        PROJECT / "ari_app" / "flow" / "line.yaml",
        *(PROJECT / "rosters").glob("*.yaml"),
        *(PROJECT / "ivr_flows").glob("*.yaml"),
    ]
)
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(PROJECT)) for path in paths]


def data(text: str, tmp_path: Path) -> Any:
    path = tmp_path / "file.yaml"
    path.write_text(text, "utf-8")
    document, findings = load_document(path)
    assert document is not None, findings
    return document.data


def flagged(kind: str, written: Any) -> list[str]:
    """Return what an editor would underline."""
    errors = Draft202012Validator(SCHEMAS[kind]).iter_errors(written)
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in errors]


def taken(kind: str, written: Any) -> bool:
    """Tell whether the line takes it."""
    try:
        MODELS[kind]().model_validate(written)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_the_published_schema(astreinte: Callable[..., Said], kind: str) -> None:
    """If it fails: astreinte schema KIND > docs/schema/KIND.json"""
    said = astreinte("schema", kind)
    assert (said.code, said.err) == (0, "")
    assert said.out == (PROJECT / "docs" / "schema" / f"{kind}.json").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_schema_of_draft_2020_12(kind: str) -> None:
    assert SCHEMAS[kind]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMAS[kind])


@pytest.mark.parametrize("path", SHIPPED, ids=names(SHIPPED))
def test_each_shipped_file_names_a_schema_of_this_checkout_that_it_fits(path: Path) -> None:
    modeline = MODELINE.match(path.read_text("utf-8"))
    assert modeline, "its first line is a modeline"
    schema = json.loads((path.parent / modeline[1]).read_text("utf-8"))
    document, _ = load_document(path)
    assert document is not None
    assert not list(Draft202012Validator(schema).iter_errors(document.data))


def fields(part: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field that a schema describes."""
    if isinstance(part, list):
        for each in part:
            yield from fields(each, way)
    elif isinstance(part, dict):
        for name, field in part.get("properties", {}).items():
            if "const" not in field:  # it is a condition on a field that is described elsewhere
                yield ".".join((*way, name)), field
        for name, each in part.items():
            yield from fields(each, (*way, name))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_is(kind: str) -> None:
    definitions = SCHEMAS[kind].get("$defs", {})

    def told(field: dict[str, Any]) -> bool:
        target = definitions.get(field.get("$ref", "").rpartition("/")[2], {})
        return "description" in field or any(
            map(told, [*field.get("anyOf", []), *([target] if target else [])])
        )

    assert [name for name, field in fields(SCHEMAS[kind]) if not told(field)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_shown_as_they_would_be_written(kind: str) -> None:
    for name, field in fields(SCHEMAS[kind]):
        if "default" in field:
            written = {key: value for key, value in field.items() if key != "description"}
            resolved = {**written, "$defs": SCHEMAS[kind].get("$defs", {})}
            assert Draft202012Validator(resolved).is_valid(field["default"]), name


def examples(page: str) -> list[str]:
    text = (PROJECT / "docs" / page).read_text("utf-8")
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("roster", text) for text in examples("rosters.md") if re.search(r"^team:", text, re.MULTILINE)),
        *(("flow", text) for text in examples("flows.md") if re.search(r"^flow:", text, re.MULTILINE)),
        *(("settings", text) for text in examples("settings.md")),
    ],
)
def test_the_examples_of_the_documentation_are_not_underlined(kind: str, text: str, tmp_path: Path) -> None:
    assert flagged(kind, data(text, tmp_path)) == []


TEAM = """
team: t
timezone: Europe/Paris
agents: {alice: {phones: [sip:alice]}, bruno: {phones: [{tel: "+33199001201", after: 15s}]}}
layers:
  - id: nuit
    window: {days: [mon], from: "20:00", to: "08:00"}
    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [alice, bruno]}
overrides:
  - {id: noel, from: 2026-12-24T18:00, to: 2026-12-26T09:00, replace: alice, with: bruno}
escalation:
  - {ring: on-call, for: 25s}
  - voicemail
reasons: [panne]
"""
FLOW = (PROJECT / "ivr_flows" / "accueil.yaml").read_text("utf-8")
SETTINGS = "ari: {url: 'http://127.0.0.1:8088/ari'}\nlines: {default: accueil}\nlog: {level: info}\n"
WHOLE = {"roster": TEAM, "flow": FLOW, "settings": SETTINGS}

RIGHT = [
    ("phones: [sip:alice]", "phones: ['tel: +33 1 99 00 12 01']"),
    ("phones: [sip:alice]", "phones: [{sip: alice, accept: answer}]"),
    ("window: {days: [mon], from: '20:00', to: '08:00'}", "window: [{from: '20:00', to: '08:00'}]"),
    ("members: [alice, bruno]", "members: [[alice, bruno], alice]"),
    ("members: [alice, bruno]", "members: [{members: [alice]}, {from: 2026-09-01, members: [bruno]}]"),
    (
        "    rotation: {anchor: 2026-01-05T08:00, every: {weeks: 1}, members: [alice, bruno]}",
        "    calendar: astreinte.ics",
    ),
    ("to: 2026-12-26T09:00", "to: 2026-12-26 09:00"),
    ("ring: on-call, for: 25s", "ring: [alice], for: 1m30s, strategy: round-robin, rounds: 2"),
    ("ring: on-call, for: 25s", "ring: on-call, layer: nuit, when: {reason: panne, vip: true}"),
    ("{ring: on-call, for: 25s}", "{team: autre}"),
    ("reasons: [panne]", "reasons: [112]\nrounds: 2"),
    ("reasons: [panne]", "dates: {fermeture: [2026-12-24, 2026-12-31], pont: 2026-05-15}"),
    ("window:", "closures: {except_on: fr-public-holidays}\n    window:"),
]


@pytest.mark.parametrize(("old", "new"), RIGHT, ids=[new.strip() for _, new in RIGHT])
def test_every_way_to_write_something_is_known(old: str, new: str, tmp_path: Path) -> None:
    text = TEAM.replace('"', "'")
    assert old in text
    written = data(text.replace(old, new), tmp_path)
    assert taken("roster", written)
    assert flagged("roster", written) == []


WRONG = [
    ("roster", "team: t", "team: équipe 1"),
    ("roster", "team: t", "tema: t"),
    ("roster", "timezone: Europe/Paris", "timezone: +01:00"),
    ("roster", "timezone: Europe/Paris", "timezone: 'Europe / Paris'"),
    ("roster", "[sip:alice]", "[alice]"),
    ("roster", "[sip:alice]", "[sip:alice@example.net]"),
    ("roster", "[sip:alice]", "[]"),
    ("roster", "{phones: [sip:alice]}", "{name: Alice}"),
    ("roster", "[sip:alice]", "[{sip: alice, tel: '+33199001201'}]"),
    ("roster", "[sip:alice]", "[{after: 15s}]"),
    ("roster", 'tel: "+33199001201"', 'tel: "0199001201"'),
    ("roster", 'tel: "+33199001201"', "tel: 33199001201"),
    ("roster", "after: 15s", "after: 15"),
    ("roster", "after: 15s", "after: 15 seconds"),
    ("roster", "days: [mon]", "days: [monday]"),
    ("roster", "days: [mon]", "days: []"),
    ("roster", 'from: "20:00", ', 'from: "8pm", '),
    ("roster", 'from: "20:00", ', 'from: "24:00", '),
    ("roster", 'from: "20:00", ', 'from: "9:00", '),
    ("roster", 'from: "20:00", ', ""),
    ("roster", "anchor: 2026-01-05T08:00", "anchor: 2026-01-05"),
    ("roster", "anchor: 2026-01-05T08:00", "anchor: 2026-01-05T08:00+01:00"),
    ("roster", "anchor: 2026-01-05T08:00", "anchor: 05/01/2026 08:00"),
    ("roster", "anchor: 2026-01-05T08:00, ", ""),
    ("roster", "every: {weeks: 1}", "every: {weeks: 1, days: 2}"),
    ("roster", "every: {weeks: 1}", "every: {weeks: 0}"),
    ("roster", "every: {weeks: 1}", "every: {fortnights: 1}"),
    ("roster", "every: {weeks: 1}", "every: 1w"),
    ("roster", "members: [alice, bruno]", "members: []"),
    ("roster", "members: [alice, bruno]", "members: [[alice], []]"),
    ("roster", "to: 2026-12-26T09:00", "to: 2026-12-26T09:00Z"),
    ("roster", "replace: alice, ", ""),
    ("roster", "ring: on-call, ", "ring: oncall, "),
    ("roster", "ring: on-call, ", "ring: alice, "),
    ("roster", "ring: on-call, ", "ring: [alice], layer: nuit, "),
    ("roster", "ring: on-call, ", "ring: on-call, strategy: parallel, "),
    ("roster", "ring: on-call, ", "ring: on-call, rounds: 0, "),
    ("roster", "ring: on-call, ", "ring: on-call, when: {}, "),
    ("roster", "for: 25s", "for: 25"),
    ("roster", "- voicemail", "- answerphone"),
    ("roster", "reasons: [panne]", "reasons: [panne électrique]"),
    ("roster", "reasons: [panne]", "reason: panne"),
    ("roster", "id: nuit\n", "id: nuit\n    kind: nuit\n"),
    ("roster", "id: nuit\n", "id: nuit\n    calendar: astreinte.ics\n"),
    ("roster", "id: nuit\n", "id: nuit\n    effective: {from: January}\n"),
    ("roster", "id: nuit\n", "id: nuit\n    closures: {}\n"),
    ("flow", "start: langue", "start: Langue !"),
    ("flow", "languages: [fr, en]          #", "languages: [français]          #"),
    ("flow", '"1": {language: fr', '"12": {language: fr'),
    ("flow", "timeout: 4s", "timeout: 4"),
    ("flow", "retries: 0 ", "retries: many "),
    ("flow", "route:", "rout:"),
    ("settings", "level: info", "level: loud"),
    ("settings", "lines: {default: accueil}", "lines: {'01 99 00 12 00': accueil}"),
    ("settings", "ari:", "asterisk: {sip_port: 99999}\nari:"),
    ("settings", "ari:", "limits: {calls: many}\nari:"),
    ("settings", "ari:", "ary:"),
]


@pytest.mark.parametrize(("kind", "old", "new"), WRONG, ids=[new.strip() for _, _, new in WRONG])
def test_what_the_line_refuses_is_underlined_in_the_editor(
    kind: str, old: str, new: str, tmp_path: Path
) -> None:
    text = WHOLE[kind]
    assert old in text
    written = data(text.replace(old, new, 1), tmp_path)
    assert flagged(kind, data(text, tmp_path)) == []
    assert not taken(kind, written)
    assert flagged(kind, written)


# Without what is lenient by accident, such as `true` for 1: an editor is right to underline it.
ANYTHING = st.sampled_from(
    [
        *(None, 5, 112, "", " ", "x", "alice", "on-call", "voicemail", "20:00", "25s", "fr"),
        *("2026-01-05", "2026-01-05T08:00", "Europe/Paris", "sip:a", "tel:+33199001201"),
        *("fr-public-holidays", [], ["alice"], [["alice"]], ["mon"], {}, {"weeks": 1}),
        {"from": "08:00", "to": "09:00"},
    ]
)


def ways(part: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything in a file."""
    if way:
        yield way
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, each in inside:
        yield from ways(each, (*way, step))


def replaced(part: Any, way: tuple[str | int, ...], value: Any) -> Any:
    whole = deepcopy(part)
    here = whole
    for step in way[:-1]:
        here = here[step]
    here[way[-1]] = value
    return whole


@pytest.mark.parametrize("kind", ["roster", "flow"])
@given(chosen=st.data())
@settings(deadline=None, max_examples=200)
def test_nothing_that_the_line_takes_is_underlined(
    kind: str, tmp_path_factory: pytest.TempPathFactory, chosen: st.DataObject
) -> None:
    written = WRITTEN.setdefault(kind, data(WHOLE[kind], tmp_path_factory.mktemp("whole")))
    way = chosen.draw(st.sampled_from(list(ways(written))))
    changed = replaced(written, way, chosen.draw(ANYTHING))
    if taken(kind, changed):
        assert flagged(kind, changed) == []


WRITTEN: dict[str, Any] = {}
