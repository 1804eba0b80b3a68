"""`docs/logs.md` lists exactly the events that the program logs, with their fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
LOGGERS = {"log", "_log"}  # what modules call their logger
ALREADY_SAID = {"call", "exc_info"}  # fields that the page explains once for all events


class Logged(NamedTuple):
    """One place in the source that logs."""

    place: str
    event: str | None  # None when it is no literal
    fields: set[str]


def _is_logging(node: ast.AST) -> bool:
    """Whether an expression is `log.info`, `log.log`, ..."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {*LEVELS, "log"}
        and (
            (isinstance(node.value, ast.Name) and node.value.id in LOGGERS)
            or (isinstance(node.value, ast.Attribute) and node.value.attr in LOGGERS)
        )
    )


def _logged_in(source: Path) -> Iterator[Logged]:
    tree = ast.parse(source.read_text())
    nodes = list(ast.walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    aliases = {  # `write = log.error if ... else log.warning`
        target.id
        for node in nodes
        if isinstance(node, ast.Assign)
        and any(_is_logging(part) and id(part) not in called for part in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        direct = _is_logging(node.func)
        if not direct and not (isinstance(node.func, ast.Name) and node.func.id in aliases):
            continue
        leveled = isinstance(node.func, ast.Attribute) and node.func.attr == "log"
        event = node.args[1 if leveled else 0]
        name = event.value if isinstance(event, ast.Constant) and isinstance(event.value, str) else None
        fields = {keyword.arg for keyword in node.keywords if keyword.arg} - ALREADY_SAID
        yield Logged(f"{source.relative_to(ROOT)}:{node.lineno}", name, fields)


def _documented() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `([a-z_.]+)` \|.*\|(.*)\|$", (ROOT / "docs/logs.md").read_text(), re.MULTILINE)
    return {event: set(re.findall(r"`(\w+)`", fields)) for event, fields in rows}


@pytest.fixture(scope="module")
def logged() -> list[Logged]:
    sources = sorted((ROOT / "ari_app").rglob("*.py"))
    return [entry for source in sources for entry in _logged_in(source)]


def test_every_event_has_a_literal_dotted_name(logged: list[Logged]) -> None:
    assert len(logged) > 50
    odd = [entry.place for entry in logged if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", entry.event or "")]
    assert odd == []


def test_every_event_in_the_source_is_documented(logged: list[Logged]) -> None:
    documented = _documented()
    assert [f"{entry.place} {entry.event}" for entry in logged if entry.event not in documented] == []


def test_every_documented_event_is_in_the_source(logged: list[Logged]) -> None:
    assert set(_documented()) - {entry.event for entry in logged} == set()


def test_every_field_in_the_source_is_documented(logged: list[Logged]) -> None:
    documented = _documented()
    missing = [
        f"{entry.place} {entry.event}: {field}"
        for entry in logged
        for field in sorted(entry.fields - documented.get(entry.event or "", set()))
    ]
    assert missing == []
