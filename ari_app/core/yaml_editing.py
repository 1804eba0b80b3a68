"""A list in a YAML text gains or loses an item, and every other character stays as it is.

Gaining only inserts, losing only deletes, and losing what was just gained gives the very text back. What is
written is read back and compared with what was meant, so that a text which is laid out in a way unknown here
is refused, never spoilt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import AstreinteError
from .yaml_layout import Item, Layout, ListLayout
from .yaml_lines import (
    column,
    comments_above,
    last_comment_below,
    line_above,
    line_break_of,
    line_end,
    line_start,
    lines_below,
    rest_of_line,
)
from .yaml_syntax import YamlError
from .yaml_tree import build_tree

Fields = Mapping[str, str | bool]
"""An item to write: text and truth values by field."""
_Edit = tuple[int, int, str]
"""From a character until before another, replaced by a text."""


class CannotEdit(AstreinteError):
    """The text is laid out in a way that cannot be edited without touching more than the item."""


@dataclass(frozen=True, slots=True)
class EditableList:
    """The list of a field `name` of the mapping that a text is.

    Where the field is absent it is written before the field `before`, with a `comment` on its line.
    """

    name: str
    before: str
    comment: str

    def with_item(self, text: str, item: Fields) -> str:
        """Return the text with one item more at the list's end. Raises `CannotEdit`."""
        layout = Layout(text)
        found = layout.list_at(self.name)
        if found is None:
            edits = [self._new_section(layout, item)]
        elif found.style == "empty" and layout.is_block:
            edits = [_first(layout, found.start, self.name, item)]
        elif found.style == "flow":
            edits = _into_brackets(text, found, item)
        elif found.style == "block":
            edits = [_below(text, found.items[-1], item)]
        else:
            raise _cannot_edit(text, item)
        return self._edited(text, edits, lambda items: [*items, dict(item)], item)

    def without_item(self, text: str, index: int) -> str:
        """Return the text without one item, its own comments included. Raises `CannotEdit`."""
        found = Layout(text).list_at(self.name)
        if found is None or found.style not in {"flow", "block"}:
            raise _cannot_edit(text)
        edits = (
            _out_of_brackets(text, found, index) if found.style == "flow" else [self._cut(text, found, index)]
        )
        return self._edited(text, edits, lambda items: items[:index] + items[index + 1 :])

    def _new_section(self, layout: Layout, item: Fields) -> _Edit:
        text, at = layout.text, layout.key(self.before)
        if at is None or not layout.is_block or text[line_start(text, at) : at].strip():
            raise _cannot_edit(text, item)
        indent = text[line_start(text, at) : at]
        start = comments_above(text, line_start(text, at), indent)
        if start == 0:  # these are the whole file's
            start = line_start(text, at)
        dash = indent + " " * layout.dash_indent() + "- "
        lines = [f"{indent}{self._heading}", dash + _flow(item)]
        if start and not line_above(text, start)[1].strip():
            lines.append("")
        end = line_break_of(text, start)
        return start, start, "".join(line + end for line in lines)

    @property
    def _heading(self) -> str:
        return f"{self.name}:  # {self.comment}"

    def _cut(self, text: str, found: ListLayout, index: int) -> _Edit:
        start, end = _lines_of(text, found.items, index)
        heading = line_start(text, found.start)
        if len(found.items) == 1 and text[heading:start].strip() == self._heading:
            start = heading  # ours goes with its only item
        blank_above = start == 0 or not line_above(text, start)[1].strip()
        below, line_break = line_end(text, end)
        if blank_above and end < len(text) and not text[end:below].strip():
            end = below + len(line_break)  # one blank line between what is left, not two
        if end == len(text) and start and line_start(text, end) < end:
            start = line_end(text, line_above(text, start)[0])[0]  # no line break before: none after
        return start, end, ""

    def _edited(self, text: str, edits: Iterable[_Edit], change: Any, item: Fields | None = None) -> str:
        edited = text
        for start, end, replacement in sorted(edits, reverse=True):
            edited = edited[:start] + replacement + edited[end:]
        try:
            (before, _), (after, duplicates) = build_tree(text), build_tree(edited)
        except YamlError as error:
            raise _cannot_edit(text, item) from error
        if before is None or after is None or duplicates:
            raise _cannot_edit(text, item)
        meant = {**before.value, self.name: change(before.value.get(self.name) or [])}
        if {**after.value, self.name: after.value.get(self.name) or []} != meant:
            raise _cannot_edit(text, item)
        return edited


def _cannot_edit(text: str, item: Fields | None = None) -> CannotEdit:
    return CannotEdit(
        "the file is laid out in a way that this command cannot edit without touching more",
        remedy=f"write it there yourself: {_flow(item)}" if item is not None else "remove it there yourself",
    )


def _below(text: str, last: Item, item: Fields) -> _Edit:
    """Insert an item below the last one, laid out as that one is."""
    indent = text[line_start(text, last.start) : last.start]
    gap = text[last.start + 1 : last.value]
    dash = f"{indent}-{gap if gap and not gap.strip(' ') else ' '}"
    if last.is_mapping_block:
        fields = [f"{name}: {_scalar(value)}" for name, value in item.items()]
        lines = [dash + fields[0], *(" " * len(dash) + each for each in fields[1:])]
    else:
        lines = [dash + _flow(item)]
    return lines_below(text, last_comment_below(text, last.end, column(text, last.start)), lines)


def _first(layout: Layout, at: int, name: str, item: Fields) -> _Edit:
    """Insert the first item below the key of a list that has nothing yet, and below what is said there."""
    dash = column(layout.text, layout.key(name) or 0) + layout.dash_indent()
    return lines_below(
        layout.text, last_comment_below(layout.text, at, dash), [f"{' ' * dash}- {_flow(item)}"]
    )


def _into_brackets(text: str, found: ListLayout, item: Fields) -> list[_Edit]:
    if not found.items:
        return [(found.start, found.start, _flow(item))]
    last = found.items[-1]
    indent = text[line_start(text, last.start) : last.start]
    comma = "," if last.end > last.content_end else ""
    if indent.strip() or rest_of_line(text, last.end):
        return [(last.content_end, last.content_end, f", {_flow(item)}")]
    line = lines_below(
        text, last_comment_below(text, last.end, column(text, last.start)), [f"{indent}{_flow(item)}{comma}"]
    )
    return [line] if comma else [(last.content_end, last.content_end, ","), line]


def _out_of_brackets(text: str, found: ListLayout, index: int) -> list[_Edit]:
    item = found.items[index]
    comma_after = item.end > item.content_end
    before = found.items[index - 1] if index else None
    comma_before = [(before.end - 1, before.end, "")] if before is not None and not comma_after else []
    if not text[line_start(text, item.start) : item.start].strip() and not rest_of_line(text, item.end):
        return [*comma_before, (*_lines_of(text, found.items, index), "")]
    if before is None:
        blanks = len(text[item.end :]) - len(text[item.end :].lstrip(" ")) if len(found.items) > 1 else 0
        return [(item.start, item.end + blanks, "")]
    if "#" not in text[before.end : item.start]:
        return [(before.content_end, item.content_end, "")]
    return [*comma_before, (item.start, item.end, "")]


def _lines_of(text: str, items: tuple[Item, ...], index: int) -> tuple[int, int]:
    """Return the lines of an item that shares them with no other, and the comments that are clearly its own.

    Those are the lines right above it, unless they may be about the whole list or about the next item too,
    and lines right below it that are indented further than it is.
    """
    item = items[index]
    start = line_start(text, item.start)
    last = line_end(text, last_comment_below(text, item.end, column(text, item.start)))
    end = last[0] + len(last[1])
    about_the_next_too = index + 1 < len(items) and line_start(text, items[index + 1].start) == end
    if index > 0 and not about_the_next_too:
        start = comments_above(text, start, text[start : item.start])
    return start, end


def _flow(item: Fields) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value)}" for name, value in item.items()) + "}"


def _scalar(value: str | bool) -> str:
    """Return a value as YAML on one line, without quotes where it needs none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = _read(f"[{value}]") == [value] == _read(f"- {value}")
    return value if plain else json.dumps(value, ensure_ascii=False)


def _read(text: str) -> Any:
    try:
        root, _ = build_tree(text)
    except YamlError:
        return None
    return root.value if root is not None else None
