"""YAML text as a tree of plain values that know their place.

Built from the parser's events, without recursion and within limits, so that no text an admin (or an
attacker with write access to one file) can write exhausts memory or the stack.

Plain scalars follow YAML 1.2's core schema, not YAML 1.1's: `no` and `on` are words, `20:00` is a time and
not 1200. A number with a leading zero or plus sign (a telephone number) stays as it is written. Dates stay
text: the schema reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from .yaml_syntax import YamlError, syntax_error, unprintable

MAX_DEPTH = 32
"""Levels of lists and mappings within each other."""
MAX_ALIASED_VALUES = 10_000
"""Values that aliases (`*name`) may repeat in one file: nine lines of aliases can stand for a billion."""

MAX_DUPLICATES = 1000
"""Duplicate keys that are told of one file."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,30}")
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node:
    """One value of a document: what it is, and where it begins (line and column, from 1)."""

    __slots__ = ("column", "fields", "items", "line", "size", "value")

    def __init__(self, line: int, column: int, value: Any) -> None:
        self.line = line
        self.column = column
        self.value = value
        self.size = 1  # values in it, itself included, aliases expanded
        self.fields: dict[str, tuple[Node, Node]] | None = None  # a mapping's (key, value) by the key's text
        self.items: list[Node] | None = None  # a list's

    def child(self, step: str | int) -> Node | None:
        """Return the value under a mapping's key or at a list's index, None when there is none."""
        if self.fields is not None:
            found = self.fields.get(str(step))
            return found[1] if found is not None else None
        if self.items is not None and isinstance(step, int) and 0 <= step < len(self.items):
            return self.items[step]
        return None


def build_tree(text: str) -> tuple[Node | None, list[YamlError]]:
    """Return the document's root (None when there is no document) and its duplicate keys.

    Raises `YamlError` where the text stops being YAML, or leaves the limits.
    """
    builder = _Builder()
    for event in _events(text):
        builder.take(event)
    return builder.root, builder.duplicates


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.reader.ReaderError:
        raise unprintable(text) from None
    except yaml.MarkedYAMLError as error:
        raise syntax_error(text, error) from None


class _Builder:
    """Takes the parser's events one by one; `root` is the tree once all were taken."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.duplicates: list[YamlError] = []
        self._open: list[tuple[Node, str | None]] = []  # collections being read, with their anchors
        self._keys: list[Node | None] = []  # for each of them, the key that waits for its value
        self._anchors: dict[str, Node | None] = {}  # None while its collection is being read
        self._aliased = 0

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            mark = event.start_mark
            key = self._expects_key()
            node = Node(mark.line + 1, mark.column + 1, event.value if key else _scalar(event))
            self._anchor(event.anchor, node)
            self._add(node)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._begin(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            node, anchor = self._open.pop()
            self._keys.pop()
            self._anchor(anchor, node)
            self._add(node)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent and self.root is not None:
            mark = event.start_mark
            raise YamlError(
                mark.line + 1,
                mark.column + 1,
                "a second document begins here",
                expected="one document a file",
                remedy="remove the `---` line, or move what follows to a file of its own",
            )

    def _expects_key(self) -> bool:
        return bool(self._open) and self._open[-1][0].fields is not None and self._keys[-1] is None

    def _begin(self, event: Any) -> None:
        mark = event.start_mark
        _refuse_tag(event)
        if self._expects_key():
            raise YamlError(
                mark.line + 1,
                mark.column + 1,
                "a list or mapping is used as a key",
                expected="a word as the key",
                remedy="put quotes around it if it is text: { } and [ ] are YAML's own signs",
            )
        if len(self._open) >= MAX_DEPTH:
            raise YamlError(
                mark.line + 1,
                mark.column + 1,
                "lists and mappings are nested too deeply",
                expected=f"{MAX_DEPTH} levels at most",
                remedy="flatten the file",
            )
        node = Node(mark.line + 1, mark.column + 1, None)
        if type(event) is yaml.MappingStartEvent:
            node.value, node.fields = {}, {}
        else:
            node.value, node.items = [], []
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append((node, event.anchor))
        self._keys.append(None)

    def _anchor(self, name: str | None, node: Node) -> None:
        if name is not None:
            self._anchors[name] = node

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        target = self._anchors.get(event.anchor)
        if target is None:
            known = event.anchor in self._anchors
            raise YamlError(
                mark.line + 1,
                mark.column + 1,
                f"the alias `*{event.anchor}` stands inside what it names"
                if known
                else f"the alias `*{event.anchor}` names nothing",
                expected=f"`&{event.anchor}` before it, complete",
                remedy="write the value out, or put quotes around text that begins with *",
            )
        self._aliased += target.size
        if self._aliased > MAX_ALIASED_VALUES:
            raise YamlError(
                mark.line + 1,
                mark.column + 1,
                "aliases repeat too many values",
                expected=f"{MAX_ALIASED_VALUES} repeated values at most in a file",
                remedy="write the values out instead of repeating them by `*`",
            )
        if self._expects_key() and (target.fields is not None or target.items is not None):
            raise YamlError(
                mark.line + 1,
                mark.column + 1,
                "a list or mapping is used as a key",
                expected="a word as the key",
                remedy="write the key out",
            )
        here = Node(mark.line + 1, mark.column + 1, target.value)
        here.size, here.fields, here.items = target.size, target.fields, target.items
        self._add(here)

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1][0]
        parent.size += node.size
        if parent.items is not None:
            parent.items.append(node)
            parent.value.append(node.value)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node
            return
        self._keys[-1] = None
        assert parent.fields is not None  # noqa: S101 - a collection is a list or a mapping
        word = str(key.value)
        if word in parent.fields:
            if len(self.duplicates) >= MAX_DUPLICATES:
                return
            first = parent.fields[word][0]
            self.duplicates.append(
                YamlError(
                    key.line,
                    key.column,
                    f"the key `{word}` is there twice",
                    found=f"`{word}` again",
                    expected=f"each key once; the first is at line {first.line}, column {first.column}",
                    remedy="remove one of the two, or give it another name",
                )
            )
            return
        parent.fields[word] = (key, node)
        parent.value[word] = node.value


def _scalar(event: Any) -> Any:
    _refuse_tag(event)
    text: str = event.value
    if not event.implicit[0]:  # quoted, a block, or tagged as text
        return text
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _refuse_tag(event: Any) -> None:
    if event.tag is None or event.tag in _STRING_TAGS:
        return
    mark = event.start_mark
    raise YamlError(
        mark.line + 1,
        mark.column + 1,
        f"the YAML tag `{event.tag}` is not understood",
        expected="plain YAML, without tags (`!…`)",
        remedy="remove the tag, or put quotes around text that begins with !",
    )
