"""Which fields a model knows at a place of a document: what an unknown one may have been meant to be."""

from __future__ import annotations

import types
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def known_fields(model: type[BaseModel], path: Iterable[str | int], present: Container[str]) -> list[str]:
    """Return the fields that may stand at `path`, as the schema orders them.

    Where several models may stand there, it is the one that most of the fields `present` belong to.
    """
    here: list[Any] = [model]
    for step in path:
        here = [below for annotation in here for below in _below(annotation, step)]
    candidates = [
        [info.alias or name for name, info in each.model_fields.items()] for each in here if _is_model(each)
    ]
    return max(candidates, key=lambda names: sum(name in present for name in names), default=[])


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _below(annotation: Any, step: str | int) -> Iterator[Any]:
    """Yield the types that the value at `step` of an `annotation` may have, unions taken apart."""
    if _is_model(annotation):
        for name, info in annotation.model_fields.items():
            if step in (name, info.alias):
                yield from _alternatives(info.annotation)
        return
    origin, arguments = (
        get_origin(annotation),
        [each for each in get_args(annotation) if each is not Ellipsis],
    )
    if isinstance(origin, type) and issubclass(origin, Mapping | Sequence | Set) and arguments:
        yield from _alternatives(arguments[-1])


def _alternatives(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "__value__"):  # `type X = ...`, or typing_extensions' before Python 3.12
        yield from _alternatives(annotation.__value__)
    elif get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    else:
        yield annotation
