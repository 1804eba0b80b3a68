"""Where a list of a YAML text stands, character by character: what an edit of the text has to know.

Read from the scanner's tokens, which tell more than a tree does: dashes, commas, brackets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from .yaml_lines import column

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_PROPERTIES = (yaml.AnchorToken, yaml.TagToken)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: from `start` to before `end`, its dash (where it is a block) or comma included.

    `value` is where it begins without its dash, `content_end` where it ends without its comma.
    """

    start: int
    value: int
    content_end: int
    end: int
    is_mapping_block: bool


@dataclass(frozen=True, slots=True)
class ListLayout:
    """A list of a mapping's field. `start` is just after the key's colon, or after the list's `[`."""

    style: Literal["empty", "block", "flow", "other"]
    start: int
    items: tuple[Item, ...] = ()


@dataclass(slots=True)
class _Field:
    start: int
    name: str | None = None
    colon_end: int = 0
    value: list[Any] = field(default_factory=list)


class Layout:
    """The fields of the mapping that a text is, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        tokens = list(yaml.scan(text, Loader=_LOADER))
        root = next((token for token in tokens if isinstance(token, _OPENING)), None)
        self.is_block = isinstance(root, yaml.BlockMappingStartToken)
        self._fields = list(_fields(tokens))

    def key(self, name: str) -> int | None:
        """Return where a field's key begins, None when there is no such field."""
        found = self._field(name)
        return found.start if found is not None else None

    def list_at(self, name: str) -> ListLayout | None:
        """Return where the list of a field stands, None when there is no such field."""
        found = self._field(name)
        return _list(self.text, found) if found is not None else None

    def dash_indent(self) -> int:
        """Return how far the dashes of this text's lists are indented below their keys."""
        for each in self._fields:
            entry = next((token for token in each.value if isinstance(token, yaml.BlockEntryToken)), None)
            if entry is not None and isinstance(
                each.value[0], yaml.BlockEntryToken | yaml.BlockSequenceStartToken
            ):
                return column(self.text, entry.start_mark.index) - column(self.text, each.start)
        return 2

    def _field(self, name: str) -> _Field | None:
        return next((each for each in self._fields if each.name == name), None)


def _fields(tokens: Sequence[Any]) -> Iterator[_Field]:
    depth = 0
    current: _Field | None = None
    in_key = False
    for token in tokens:
        if isinstance(token, _CLOSING):
            depth -= 1
        if depth == 1 and isinstance(token, yaml.KeyToken | yaml.FlowEntryToken):
            if current is not None:
                yield current
            current = _Field(token.start_mark.index) if isinstance(token, yaml.KeyToken) else None
            in_key = True
        elif depth == 1 and isinstance(token, yaml.ValueToken):
            in_key = False
            if current is not None:
                current.colon_end = token.end_mark.index
        elif depth >= 1 and current is not None:
            if not in_key:
                current.value.append(token)
            elif isinstance(token, yaml.ScalarToken):
                current.name = token.value
        if isinstance(token, _OPENING):
            depth += 1
    if current is not None:
        yield current


def _list(text: str, found: _Field) -> ListLayout:
    tokens = list(found.value)
    while tokens and isinstance(tokens[0], _PROPERTIES):
        tokens.pop(0)
    if not tokens:
        return ListLayout("empty", found.colon_end)
    match tokens[0]:
        case yaml.FlowSequenceStartToken():
            items = _split(text, tokens[1:-1], yaml.FlowEntryToken)
            return ListLayout("flow", tokens[0].end_mark.index, tuple(items))
        case yaml.BlockSequenceStartToken():
            items = _split(text, tokens[1:-1], yaml.BlockEntryToken)
        case yaml.BlockEntryToken():
            items = _split(text, tokens, yaml.BlockEntryToken)
        case _:
            return ListLayout("other", found.colon_end)
    return ListLayout("block", found.colon_end, tuple(items))


def _split(text: str, tokens: Sequence[Any], separator: type[Any]) -> Iterator[Item]:
    """Yield the items of a list: a dash begins one, a comma ends it."""
    depth = 0
    before = separator is yaml.BlockEntryToken
    current: list[Any] = []
    for token in tokens:
        if isinstance(token, _CLOSING):
            depth -= 1
        if depth == 0 and isinstance(token, separator):
            if before:
                if current:
                    yield _item(text, current[0], current[1:], None)
                current = [token]
            else:
                yield _item(text, None, current, token)
                current = []
        else:
            current.append(token)
        if isinstance(token, _OPENING):
            depth += 1
    if current:
        yield _item(text, current[0] if before else None, current[1:] if before else current, None)


def _item(text: str, dash: Any, tokens: Sequence[Any], comma: Any) -> Item:
    visible = [token for token in tokens if token.end_mark.index > token.start_mark.index]
    first = visible[0].start_mark.index
    last = visible[-1].end_mark.index
    content_end = first + len(text[first:last].rstrip())  # a block scalar's token holds the lines after it
    return Item(
        start=dash.start_mark.index if dash is not None else first,
        value=first,
        content_end=content_end,
        end=comma.end_mark.index if comma is not None else content_end,
        is_mapping_block=any(isinstance(token, yaml.BlockMappingStartToken) for token in tokens[:3]),
    )
