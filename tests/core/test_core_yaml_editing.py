"""A list in a YAML text gains and loses items: every other character stays as it is."""
# ruff: noqa: E501 - the tables read one layout a line (and are not formatted, for the same reason)

from __future__ import annotations

from difflib import ndiff
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.core.yaml_editing import CannotEdit, EditableList
from ari_app.core.yaml_tree import build_tree

LIST = EditableList("items", before="steps", comment="the later wins")
NEW = {"id": "new", "reason": "congés"}
LINE = "{id: new, reason: congés}"


def data(text: str) -> Any:
    root, duplicates = build_tree(text)
    assert root is not None
    assert not duplicates
    return root.value


def is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)


# fmt: off
GAINED = {  # layout: (before, what it gains, at the beginning of what follows)
    "block": ("items:\n  - {id: a}\nsteps: [x]\n", f"  - {LINE}\n", "steps"),
    "block at the margin": ("items:\n- {id: a}\nsteps: [x]\n", f"- {LINE}\n", "steps"),
    "wide dashes": ("items:\n    -   {id: a}\nsteps: [x]\n", f"    -   {LINE}\n", "steps"),
    "one field a line": ("items:\n  - id: a\n    x: 1\nsteps: [x]\n", "  - id: new\n    reason: congés\n", "steps"),
    "a dash by itself": ("items:\n  -\n    id: a\nsteps: [x]\n", "  - id: new\n    reason: congés\n", "steps"),
    "a comment behind": ("items:\n  - {id: a}  # why\nsteps: [x]\n", f"  - {LINE}\n", "steps"),
    "a comment within": ("items:\n  - id: a\n    # why\n\nsteps: [x]\n", "  - id: new\n    reason: congés\n", "\nsteps"),
    "comments after": ("items:\n  - {id: a}\n  # to do\n\n# steps\nsteps: [x]\n", f"  - {LINE}\n", "  # to do"),
    "a list as the last": ("steps: [x]\nitems:\n  - {id: a}\n", f"  - {LINE}\n", ""),
    "no final line break": ("steps: [x]\nitems:\n  - {id: a}", f"\n  - {LINE}", ""),
    "CRLF": ("items:\r\n  - {id: a}\r\nsteps: [x]\r\n", f"  - {LINE}\r\n", "steps"),
    "CR": ("items:\r  - {id: a}\rsteps: [x]\r", f"  - {LINE}\r", "steps"),
    "brackets": ("items: [{id: a}]\nsteps: [x]\n", f", {LINE}", "]"),
    "brackets and a comma": ("items: [{id: a}, ]\nsteps: [x]\n", f", {LINE}", ", ]"),
    "empty brackets": ("items: []\nsteps: [x]\n", LINE, "]"),
    "empty brackets, wide": ("items: [ ]  # none\nsteps: [x]\n", LINE, " ]  # none"),
    "brackets, a line each, commas": ("items: [\n  {id: a}, # why\n]\nsteps: [x]\n", f"  {LINE},\n", "]"),
    "brackets in a flow mapping": ("{items: [{id: a}], steps: [x]}\n", f", {LINE}", "]"),
    "nothing": ("items:\nsteps:\n  - x\n", f"  - {LINE}\n", "steps"),
    "nothing, a comment": ("items:   # none\nsteps:\n- x\n", f"- {LINE}\n", "steps"),
    "nothing, at the end": ("steps: [x]\nitems:", f"\n  - {LINE}", ""),
    "all made comments": ("items:\n  # - {id: a}\nsteps: [x]\n", f"  - {LINE}\n", "  # - {id: a}"),
    "absent": ("a: b\n\n# in order\nsteps:\n  - x\n", f"items:  # the later wins\n  - {LINE}\n\n", "# in order"),
    "absent, close together": ("a: b\nsteps:\n- x\n", f"items:  # the later wins\n- {LINE}\n", "steps"),
    "absent, at the top": ("# whose?\nsteps: [x]\n", f"items:  # the later wins\n  - {LINE}\n", "steps"),
    "absent, indented": ("---\n  a: b\n  steps: [x]\n", f"  items:  # the later wins\n    - {LINE}\n", "  steps"),
    "anchors": ("a: &a {id: a}\nitems: &all\n  - *a\n  - &b {id: b}\nsteps: [*b]\n", f"  - {LINE}\n", "steps"),
    "a block of text": ("items:\n  - id: |-\n      a\n\nsteps: [x]\n", "  - id: new\n    reason: congés\n", "\nsteps"),
    "a document's end": ("items:\n  - {id: a}\nsteps: [x]\n...\n", f"  - {LINE}\n", "steps"),
}
LOST = {  # layout: (before, which goes, after)
    "the comment above goes along": ("items:\n  - {id: a}\n  # b's\n  - {id: b}\n  # c's\n  - {id: c}\n", 1,
                                     "items:\n  - {id: a}\n  # c's\n  - {id: c}\n"),
    "the comment behind and below goes along": ("items:\n  - {id: a}\n  - {id: b}  # x\n      # y\n  - {id: c}\n", 1,
                                                "items:\n  - {id: a}\n  - {id: c}\n"),
    "a heading of several stays": ("items:\n  - {id: a}\n  # summer\n  - {id: b}\n  - {id: c}\n", 1,
                                   "items:\n  - {id: a}\n  # summer\n  - {id: c}\n"),
    "the list's heading stays": ("items:\n  # all\n  - {id: a}\n  # b's\n  - {id: b}\n", 0,
                                 "items:\n  # all\n  # b's\n  - {id: b}\n"),
    "a comment apart stays": ("items:\n  - {id: a}\n  # summer\n\n  - {id: b}\n", 1, "items:\n  - {id: a}\n  # summer\n\n"),
    "what was made a comment stays": ("items:\n  - {id: a}\n  # - {id: x}\n  - {id: b}\n", 1,
                                      "items:\n  - {id: a}\n  # - {id: x}\n"),
    "one blank line stays": ("items:\n  - {id: a}\n\n  - {id: b}\n\nsteps: []\n", 1, "items:\n  - {id: a}\n\nsteps: []\n"),
    "fields on lines": ("items:\n  - id: a\n    x:\n      - 1\n  - id: b\nsteps: []\n", 0, "items:\n  - id: b\nsteps: []\n"),
    "the last without a line break": ("items:\r\n  - {id: a}\r\n  - {id: b}", 1, "items:\r\n  - {id: a}"),
    "the only one": ("items:   # mine\n  - {id: a}\nsteps: []\n", 0, "items:   # mine\nsteps: []\n"),
    "the first in brackets": ("items: [{id: a}, {id: b}]\n", 0, "items: [{id: b}]\n"),
    "the last in brackets": ("items: [{id: a}, {id: b}]\n", 1, "items: [{id: a}]\n"),
    "the middle in brackets": ("items: [{id: a}, {id: b}, {id: c}]\n", 1, "items: [{id: a}, {id: c}]\n"),
    "the only one in brackets": ("items: [ {id: a}, ]\n", 0, "items: [  ]\n"),
    "the first line in brackets": ("items: [\n  {id: a},  # x\n  {id: b}\n]\n", 0, "items: [\n  {id: b}\n]\n"),
    "the last line in brackets": ("items: [\n  {id: a},  # x\n  # y\n  {id: b}\n]\n", 1, "items: [\n  {id: a}  # x\n]\n"),
    "behind a comment in brackets": ("items: [{id: a}, # x\n  {id: b}]\n", 1, "items: [{id: a} # x\n  ]\n"),
    "an alias": ("a: &a {id: a}\nitems:\n  - *a\n  - {id: b}\n", 0, "a: &a {id: a}\nitems:\n  - {id: b}\n"),
}
REFUSED = {
    "an alias for the list": "a: &a [{id: a}]\nitems: *a\nsteps: [x]\n",
    "nothing, in so many words": "items: null\nsteps: [x]\n",
    "absent from a flow mapping": "{a: b, steps: [x]}\n",
    "nothing in a flow mapping": "{items: , steps: [x]}\n",
    "nothing to stand before": "a: b\n",
    "an anchor on a line of its own": "items:\n  &all\nsteps: [x]\n",
    "an alias for the key": "a: &key items\n*key : [{id: a}]\nsteps: [x]\n",
}
# fmt: on


@pytest.mark.parametrize("layout", GAINED)
def test_an_item_is_added_as_its_neighbours_are_laid_out_and_nothing_else_changes(layout: str) -> None:
    before, gained, following = GAINED[layout]
    after = LIST.with_item(before, NEW)
    assert (
        after == before.replace(following, gained + following, 1) if following else after == before + gained
    )
    assert data(after)["items"] == [*(data(before).get("items") or []), NEW]


@pytest.mark.parametrize("layout", GAINED)
def test_removing_what_was_added_gives_the_very_text_back(layout: str) -> None:
    before = GAINED[layout][0]
    added = LIST.with_item(before, NEW)
    again = LIST.with_item(added, NEW)
    assert LIST.without_item(again, len(data(again)["items"]) - 1) == added
    assert LIST.without_item(added, len(data(added)["items"]) - 1) == before


def test_in_brackets_with_a_line_each_the_line_before_only_gains_its_comma() -> None:
    before = "items: [\n  {id: a},\n  {id: b}  # why\n]\nsteps: [x]\n"
    after = LIST.with_item(before, NEW)
    assert after == f"items: [\n  {{id: a}},\n  {{id: b}},  # why\n  {LINE}\n]\nsteps: [x]\n"
    assert LIST.without_item(after, 2) == before


@pytest.mark.parametrize("layout", LOST)
def test_an_item_is_removed_with_what_is_clearly_its_own(layout: str) -> None:
    before, index, after = LOST[layout]
    assert LIST.without_item(before, index) == after


@pytest.mark.parametrize("layout", REFUSED)
def test_a_text_that_cannot_be_edited_in_place_is_refused_with_what_to_write(layout: str) -> None:
    with pytest.raises(CannotEdit) as refused:
        LIST.with_item(REFUSED[layout], NEW)
    assert LINE in refused.value.remedy


def test_an_item_whose_anchor_is_used_elsewhere_is_not_removed() -> None:
    with pytest.raises(CannotEdit):
        LIST.without_item("items:\n  - &a {id: a}\n  - {id: b}\nsteps: [*a]\n", 0)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"]), max_size=80))
def test_any_line_of_text_is_written_so_that_it_is_read_as_it_was_meant(reason: str) -> None:
    for text in ("items: []\nsteps: [x]\n", "items:\n  - id: a\nsteps: [x]\n"):
        after = LIST.with_item(text, {"id": "no", "reason": reason, "exceptional": True})
        assert data(after)["items"][-1] == {"id": "no", "reason": reason, "exceptional": True}


_BLANK = st.sampled_from(["", "\n", "\n\n", "   \n"])
_COMMENT = st.sampled_from(["", "# a: [\n", "  # - {id: x}\n", "# é 'x\n", "      # deep\n"])
_BEHIND = st.sampled_from(["", " ", "  # why", " # , ] }"])
_BETWEEN = st.lists(_BLANK | _COMMENT, max_size=2).map("".join)
_VALUE = st.sampled_from(
    ["a", "'it''s'", '"# no"', "2026-12-24T18:00", "[1, {b: c}]", "{x: [], y: }", "null", "&a v"]
)


@st.composite
def _block(draw: st.DrawFn, margin: str) -> str:
    dash = margin + "-" + draw(st.sampled_from([" ", "   "]))
    lines = []
    for number in range(draw(st.integers(1, 3))):
        fields = [
            f"id: i{number}",
            *(f"{key}: {draw(_VALUE)}" for key in draw(st.sampled_from(["", "x", "xy"]))),
        ]
        if draw(st.booleans()):
            lines.append(f"{dash}{{{', '.join(fields)}}}")
        else:
            fold = draw(
                st.sampled_from(["", "t: |-\n" + " " * 12 + "text # text\n\n", "t: a\n" + " " * 12 + "b"])
            )
            lines.append(dash + f"\n{' ' * len(dash)}".join([*fields, *filter(None, [fold])]))
        lines[-1] += draw(_BEHIND) + "\n" + draw(_BETWEEN)
    return f"{draw(_BEHIND)}\n{draw(_BETWEEN)}{''.join(lines)}"


@st.composite
def _flow(draw: st.DrawFn) -> str:
    gap = st.sampled_from(["", " ", "\n    ", "  # why\n   ", "\n\n  # x ]\n    "])
    items = [f"{{id: i{number}, x: {draw(_VALUE)}}}" for number in range(draw(st.integers(0, 3)))]
    text = "".join(f"{draw(gap)}{item}{draw(gap)}," for item in items)
    if len(items) > 0 and draw(st.booleans()):
        text = text[:-1]
    return f" [{text}{draw(gap)}]{draw(_BEHIND)}\n"


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Files with a list in every layout that people and programs give it."""
    margin = draw(st.sampled_from(["", "  ", "    "]))
    items = draw(
        st.none()
        | _block(margin).map("items:".__add__)
        | _flow().map("items:".__add__)
        | _BEHIND.map(lambda behind: f"items:{behind}\n")
    )
    fields = [f"name: {draw(_VALUE)}{draw(_BEHIND)}\n", f"steps:\n{margin}- x\n{margin}- {{y: z}}\n"]
    if items is not None:
        fields.insert(draw(st.integers(0, 2)), items)
    text = draw(_BETWEEN) + "".join(field + draw(_BETWEEN) for field in fields)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r", "\u2028"])))


@settings(deadline=None)
@given(_texts())
def test_adding_only_inserts_and_removing_it_gives_the_very_text_back(text: str) -> None:
    added = LIST.with_item(text, NEW)
    before, after = data(text), data(added)
    assert after == {**before, "items": [*(before.get("items") or []), NEW]}
    assert is_subsequence(text, added)
    assert LIST.without_item(added, len(after["items"]) - 1) == text


@settings(deadline=None)
@given(_texts(), st.data())
def test_removing_only_deletes_and_leaves_the_other_items(text: str, draws: st.DataObject) -> None:
    before = data(text)
    items = before.get("items") or []
    if not items:
        return
    index = draws.draw(st.integers(0, len(items) - 1))
    try:
        removed = LIST.without_item(text, index)
    except CannotEdit:
        assert "&a" in text
        return
    assert is_subsequence(removed, text)
    assert (data(removed).get("items") or []) == items[:index] + items[index + 1 :]
    gone = [line for line in ndiff(text.splitlines(), removed.splitlines()) if line.startswith("- ")]
    assert any(f"id: i{index}" in line for line in gone)
