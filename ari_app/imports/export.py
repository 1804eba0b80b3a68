"""The JSON that a product exports: read within limits, and held against the shape of its objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from ..core.errors import AstreinteError

MAX_BYTES = 64 * 1024 * 1024
DEEPEST = 8
"""Levels of envelopes around what is looked for: pages, `data`, `results`, several answers in one file."""
TOLD = 5  # mistakes in one object

Object = dict[str, Any]
M = TypeVar("M", bound=BaseModel)


class NotAnExport(AstreinteError):
    """The file is not what the product exports."""


class Shape(BaseModel):
    """Base of the objects in exports: what is not needed may be there and is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class CamelShape(Shape):
    """Base of those whose fields are written as `startDate`."""

    model_config = ConfigDict(alias_generator=to_camel)


def read_json(path: Path) -> object:
    """Return what a JSON file says. Raises `NotAnExport`, and OSError."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise NotAnExport(
            f"{path} is too large", remedy=f"export less at a time: {MAX_BYTES >> 20} MiB at most"
        )
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise NotAnExport(
            f"{path}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}",
            remedy="export it again as JSON; docs/imports.md says how",
        ) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise NotAnExport(
            f"{path} is not JSON", remedy="export it again as JSON, in UTF-8; docs/imports.md says how"
        ) from None


def sort_out(data: object, kinds: Mapping[str, Callable[[Object], bool]]) -> dict[str, list[Object]]:
    """Return the objects of each kind, wherever they are: envelopes around them are as many as products."""
    found: dict[str, list[Object]] = {kind: [] for kind in kinds}
    waiting: list[tuple[object, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            kind = next((kind for kind, fits in kinds.items() if fits(value)), None)
            if kind is not None:
                found[kind].append(value)
                continue
            value = list(value.values())
        if isinstance(value, list) and depth < DEEPEST:
            waiting += [(each, depth + 1) for each in reversed(value) if isinstance(each, dict | list)]
    return found


def shaped(model: type[M], objects: list[Object], kind: str) -> list[M]:
    """Return objects in the shape that they must have. Raises `NotAnExport` for the first that has not."""
    found = []
    for each in objects:
        try:
            found.append(model.model_validate(each))
        except ValidationError as error:
            name = str(each.get("name") or each.get("id") or "")[:60]
            places = [
                f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
                for one in error.errors(include_url=False, include_input=False)[:TOLD]
            ]
            raise NotAnExport(
                "\n  ".join([f"the {kind} {name!r} is not as the product exports it:", *places]),
                remedy="export it again; docs/imports.md says what is read",
            ) from None
    return found
