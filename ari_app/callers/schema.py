"""What may stand in `callers.yaml`. `docs/callers.md` explains it to admins."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from ..core.country import Country
from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.one_or_more import OneOrMore
from ..core.settings_fields import LineNumber

Answer = Literal["busy", "decline", "say"]
"""What becomes of a caller who is not let in: the tone of a busy line, a refusal (both cost nothing and are
not answered), or words."""
MOST_CALLS = 100

_PATTERN = r"\+?[0-9][0-9 .()/-]{0,30}\*?"
_LIST = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\.(txt|csv)"
LONGEST_NAME = 60


def is_pattern(text: str) -> bool:
    """Tell whether a text looks like a number, or the beginning of numbers."""
    return re.fullmatch(_PATTERN, text) is not None


def is_name(text: str) -> bool:
    """Tell whether a text can be shown as a caller's name: no sign that has a meaning in SIP."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and not set(text) & set('"\\<>{}')


def _pattern(value: Any) -> str:
    if isinstance(value, str) and is_pattern(value):
        return value
    raise mistake(
        "this is not a telephone number",
        expected='a number such as `"+33199001234"`, or how numbers begin, such as `"+33899*"`',
        remedy="write its digits, between quotes; `*` at the end stands for any digits",
    )


def _name(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if is_name(text):
        return text
    raise mistake(
        "this is not a name that can be said and shown",
        expected=f'1 to {LONGEST_NAME} printable characters without ", \\, <, >, {{ and }}',
        remedy="shorten it, or leave those signs out",
    )


def _list_name(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(_LIST, value):
        return value
    raise mistake(
        "this is not the name of a list",
        expected="a file beside this one that ends in .txt or .csv, such as `blocked.txt`",
        remedy="write the file's name alone, without a folder",
    )


Pattern = Annotated[
    str, BeforeValidator(_pattern), WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$"})
]
"""A number, or the beginning of numbers, as it is written."""
CallerName = Annotated[
    str,
    BeforeValidator(_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}),
]
ListName = Annotated[
    str, BeforeValidator(_list_name), WithJsonSchema({"type": "string", "pattern": f"^{_LIST}$"})
]


class BlockedEntry(Schema):
    """Who is not let in."""

    answer: Answer = "busy"
    """What becomes of their calls: `busy` and `decline` refuse without answering, `say` tells them why."""
    numbers: tuple[Pattern, ...] = ()
    """Numbers, or how numbers begin (`"+33899*"`), each between quotes."""
    lists: Annotated[tuple[ListName, ...], OneOrMore()] = ()
    """Files beside this one with a number on each line."""


class VipEntry(Schema):
    """Who is a VIP."""

    numbers: dict[Pattern, CallerName | None] = Field({})
    """Number, or how numbers begin → the name that agents see and hear; none if it is left empty."""
    lists: Annotated[tuple[ListName, ...], OneOrMore()] = ()
    """Files beside this one with a number on each line, and then a comma and a name, if there is one."""


class LimitEntry(Schema):
    """How often somebody may call."""

    calls: Annotated[int, Field(ge=1, le=MOST_CALLS)]
    """So many calls of one number are let in …"""
    within: Annotated[Duration, between(1, 86400)]
    """… in so long a time, a day at most."""
    answer: Answer = "say"
    """What becomes of one more: `busy`, `decline`, or `say` why."""


class RulesEntry(Schema):
    """Who is let in."""

    blocked: BlockedEntry = BlockedEntry()
    """Callers who are not let in."""
    vip: VipEntry = VipEntry()
    """Callers who matter more."""
    anonymous: Literal["allow", "busy", "decline", "say"] | None = None
    """What becomes of callers who withhold their number; `allow`: they are let in."""
    limit: LimitEntry | None = None
    """How often one number may call. VIPs may as often as they like."""


class CallersFile(RulesEntry):
    """`callers.yaml`: who is let in on every line, and what is otherwise on some."""

    country: Country | None = None
    """The country (ISO 3166) of numbers without `+`, here and as the carrier sends them."""
    lines: dict[LineNumber, RulesEntry] = Field({})
    """Line → what holds there: numbers in addition to all others, `anonymous` and `limit` instead."""
