"""pydantic's errors said in an admin's words: what was found, what was expected, what to do.

A mistake in a union ("one of these forms") is one mistake, not one for each form that did not fit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from .known_fields import known_fields
from .suggest import nearest, one_of
from .yaml_tree import Node

OURS = "astreinte"
"""The type of the errors that our own validators raise."""
MOST = 1000
"""Mistakes that are told of one file: a file that is all wrong must not keep the line busy."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error of a validation. `loc` leads to the value; `key` says that its key is meant."""

    loc: tuple[str | int, ...]
    message: str
    found: str
    expected: str
    remedy: str
    key: bool = False


def mistake(
    message: str,
    *,
    expected: str,
    remedy: str,
    found: str | None = None,
    at: Sequence[str | int] = (),
    key: bool = False,
) -> PydanticCustomError:
    """Return the error to raise in a validator of ours.

    `found` defaults to the value being validated; `at` leads from that value to the part that is wrong, and
    `key` says that its key is meant.
    """
    facts = {"message": message, "expected": expected, "remedy": remedy, "found": found, "at": tuple(at)}
    return PydanticCustomError(OURS, "{message}", {**facts, "key": key})


def describe(value: object) -> str:
    """Return a value as a message shows it: short, on one line, in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return (
            f"a mapping of {one_of(value, limit=5).replace(' or ', ' and ')}" if value else "an empty mapping"
        )
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        shown = json.dumps(value[:200], ensure_ascii=False)
        shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in shown)
        return shown if len(shown) <= 62 else shown[:60] + '…"'
    return json.dumps(value) if isinstance(value, bool | int | float) else "something else"


@dataclass(slots=True)
class _Error:
    """One of pydantic's errors, walked along the document."""

    detail: ErrorDetails
    path: tuple[str | int, ...] = ()  # the steps that are really in the document
    node: Node | None = None  # the value that `path` leads to
    siblings: Container[str] = ()  # the fields beside it
    missing: str = ""  # the field that is not there
    key: bool = False
    branches: list[tuple[tuple[str | int, ...], str]] = field(default_factory=list)  # (where, union branch)


def mistakes_of(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Mistake]:
    """Return the mistakes behind a validation error of `model` against the document `root`."""
    details = error.errors(include_url=False, include_input=False)
    errors = _one_branch_each([_walk(detail, root) for detail in details[:MOST]], 0)
    inner = {error.path[:depth] for error in errors for depth in range(len(error.path))}
    misspelt = {
        (*error.path[:-1], _meant_field(error, model)) for error in errors if _is_unknown_field(error)
    }
    mistakes = [
        _mistake(error, model)
        for error in errors
        # One slip is one mistake: not "too short" because the things in a list have mistakes of their own,
        # nor "missing" because a field's name has one.
        if not (error.detail["type"] == "too_short" and error.path in inner)
        and not (error.missing and (*error.path, error.missing) in misspelt)
    ]
    if len(details) > MOST:
        more = f"{len(details) - MOST} more mistakes are not shown"
        mistakes.append(Mistake((), more, f"{len(details)} mistakes", "none", "mend these first"))
    return mistakes


def _walk(detail: ErrorDetails, root: Node) -> _Error:
    error = _Error(detail, node=root)
    node, path = root, list[str | int]()
    loc = detail["loc"]
    for number, step in enumerate(loc):
        child = node.child(step)
        if child is not None:
            error.siblings = node.fields or ()
            node = child
            path.append(step)
        elif step == "[key]":
            error.key = True
        elif detail["type"] == "missing" and number == len(loc) - 1:
            error.missing = str(step)
        elif isinstance(step, str):
            error.branches.append((tuple(path), step))
    error.path, error.node = tuple(path), node
    return error


_WRONG_KIND = frozenset({"literal_error", "enum", "none_required", "is_instance_of", "mapping_type"})


def _is_wrong_kind(error: _Error) -> bool:
    """Whether the value is not of this branch's kind at all, rather than of its kind with a mistake in it."""
    kind = error.detail["type"]
    return error.path == error.branches[-1][0] and (kind in _WRONG_KIND or kind.endswith("_type"))


def _one_branch_each(errors: Iterable[_Error], level: int) -> list[_Error]:
    """Keep, of the errors of each union, those of the branch that the admin most likely meant."""
    kept: list[_Error] = []
    unions: dict[tuple[str | int, ...], dict[str, list[_Error]]] = {}
    for error in errors:
        if len(error.branches) <= level:
            kept.append(error)
        else:
            where, branch = error.branches[level]
            unions.setdefault(where, {}).setdefault(branch, []).append(error)
    for branches in unions.values():
        meant = [group for group in branches.values() if not all(map(_is_wrong_kind, group))]
        if meant:
            group = min(meant, key=lambda group: (len(group), -max(len(error.path) for error in group)))
            kept += _one_branch_each(group, level + 1)
        else:
            kept.append(_merged([error for group in branches.values() for error in group]))
    return kept


def _merged(errors: Sequence[_Error]) -> _Error:
    """Say "A or B" when a value is of no branch's kind, unless it is a known word misspelt."""
    for error in errors:
        if error.detail["type"] in {"literal_error", "enum"} and _known_word(error) is not None:
            return error
    expected = dict.fromkeys(_expected(error) for error in errors)
    first = errors[0]
    facts = {"message": "the value is of the wrong kind", "expected": " or ".join(expected)}
    detail = ErrorDetails(
        type=OURS, loc=first.detail["loc"], msg="", input=None, ctx={**facts, "remedy": "write one of these"}
    )
    return _Error(detail, first.path, first.node, key=first.key)


def _mistake(error: _Error, model: type[BaseModel]) -> Mistake:
    kind, context = error.detail["type"], error.detail.get("ctx", {})
    value = error.node.value if error.node is not None else None
    found = _found(error, value)
    if kind == OURS:
        loc = error.path + tuple(context.get("at", ()))
        found = context.get("found") or (
            found if loc == error.path else describe(_value_at(error.node, context["at"]))
        )
        key = error.key or bool(context.get("key"))
        return Mistake(loc, context["message"], found, context["expected"], context["remedy"], key)
    if kind == "missing":
        name = error.missing
        return Mistake(
            error.path,
            f"the field `{name}` is missing",
            f"no `{name}`",
            f"the field `{name}`",
            f"add `{name}:`",
        )
    if _is_unknown_field(error):
        return _unknown_field(error, model)
    if kind == "union_tag_invalid":
        error.path = (*error.path, context["discriminator"].strip("'"))
        found = describe(context["tag"])
    name = next((f"`{step}`" for step in reversed(error.path) if isinstance(step, str)), "the file")
    expected = _expected(error)
    near = _known_word(error)
    remedy = f"did you mean `{near}`?" if near else _REMEDIES.get(kind, "write what is expected here")
    if kind in {"value_error", "assertion_error"}:
        return Mistake(
            error.path, str(context.get("error", "")), found, expected, "mend the value", error.key
        )
    message = f"the key below {name} is not valid" if error.key else f"{name} is not valid"
    if kind in {"too_short", "string_too_short"} and context["min_length"] == 1:
        message = f"{name} is empty"
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        message = f"{name} knows no such word"
    elif kind.endswith("_type") or kind == "union_tag_not_found":
        message = f"{name} is of the wrong kind"
    return Mistake(error.path, message, found, expected, remedy, error.key)


def _found(error: _Error, value: object) -> str:
    """Describe what was found, but never print a secret into a log."""
    name = str(error.path[-1]).lower() if error.path else ""
    if isinstance(value, str | int) and any(word in name for word in ("password", "secret", "token")):
        return "a value that is not shown here"
    return f"the key {describe(name)}" if error.key else describe(value)


def _value_at(node: Node | None, steps: Iterable[str | int]) -> object:
    for step in steps:
        node = (node.child(step) or node) if node is not None else None
    return node.value if node is not None else None


def _is_unknown_field(error: _Error) -> bool:
    return error.detail["type"] == "extra_forbidden"


def _meant_field(error: _Error, model: type[BaseModel]) -> str | None:
    return nearest(error.path[-1], known_fields(model, error.path[:-1], error.siblings))


def _unknown_field(error: _Error, model: type[BaseModel]) -> Mistake:
    name = str(error.path[-1])
    known = known_fields(model, error.path[:-1], error.siblings)
    near = _meant_field(error, model)
    remedy = f"did you mean `{near}`?" if near else "remove it, or move it to where it belongs"
    expected = one_of(known, limit=20) if known else "a field that is known here"
    parent = next((f"`{step}`" for step in reversed(error.path[:-1]) if isinstance(step, str)), "this file")
    return Mistake(error.path, f"unknown field `{name}` in {parent}", f"`{name}`", expected, remedy, key=True)


def _known_word(error: _Error) -> str | None:
    """Return the allowed word next to the one that was written."""
    context = error.detail.get("ctx", {})
    words = str(context.get("expected") or context.get("expected_tags") or "")
    known = [word.strip().strip("'") for word in words.replace(" or ", ", ").split(",")]
    value = error.node.value if error.node is not None else None
    if error.detail["type"] == "union_tag_invalid":
        value = context.get("tag")
    return (
        nearest(value, known)
        if error.detail["type"] in {"literal_error", "enum", "union_tag_invalid"}
        else None
    )


_EXPECTED: dict[str, str | Callable[[dict[str, Any]], str]] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "list_type": "a list: `[a, b]` or `- a` lines",
    "tuple_type": "a list: `[a, b]` or `- a` lines",
    "set_type": "a list: `[a, b]` or `- a` lines",
    "frozen_set_type": "a list: `[a, b]` or `- a` lines",
    "dict_type": "a mapping: `key: value` lines",
    "mapping_type": "a mapping: `key: value` lines",
    "model_type": "a mapping: `key: value` lines",
    "model_attributes_type": "a mapping: `key: value` lines",
    "none_required": "nothing",
    "path_type": "a path",
    "finite_number": "a finite number",
    "literal_error": lambda context: _words(context["expected"]),
    "enum": lambda context: _words(context["expected"]),
    "union_tag_invalid": lambda context: _words(context["expected_tags"]),
    "union_tag_not_found": lambda context: (
        f"a mapping with the field {context['discriminator'].replace(chr(39), '`')}"
    ),
    "greater_than": lambda context: f"more than {context['gt']:g}",
    "greater_than_equal": lambda context: f"{context['ge']:g} or more",
    "less_than": lambda context: f"less than {context['lt']:g}",
    "less_than_equal": lambda context: f"{context['le']:g} or less",
    "too_short": lambda context: f"{context['min_length']} or more of them",
    "too_long": lambda context: f"{context['max_length']} of them at most",
    "string_too_short": lambda context: f"{context['min_length']} characters or more",
    "string_too_long": lambda context: f"{context['max_length']} characters at most",
    "string_pattern_mismatch": lambda context: f"text of the form `{context['pattern']}`",
}
_REMEDIES = {
    "string_type": "put quotes around it",
    "bool_type": "write `true` or `false`, without quotes",
    "too_short": "add what is missing",
    "too_long": "remove some",
}


def _words(pydantic_list: str) -> str:
    """Turn pydantic's "'a', 'b' or 'c'" into "`a`, `b` or `c`"."""
    return pydantic_list.replace("'", "`")


def _expected(error: _Error) -> str:
    context = error.detail.get("ctx", {})
    if error.detail["type"] == OURS:
        return str(context["expected"])
    rule = _EXPECTED.get(error.detail["type"])
    if rule is None:
        return "a valid value" if error.detail["type"] == "value_error" else error.detail["msg"]
    return rule if isinstance(rule, str) else rule(context)
