"""Strategies that spoil a good YAML file in every way that people, editors and disks do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import yaml
from hypothesis import strategies as st

Path = tuple[str | int, ...]


class Raw(str):
    """YAML as it is to be written, not text to be quoted."""

    __slots__ = ()


# fmt: off
RAW = tuple(map(Raw, (
    "", "~", "null", "true", "no", "0", "-1", "08", "1e400", "-1.5", ".inf", ".NaN", "0x1F", "1_000",
    "9" * 17, "9" * 40, "9" * 5000, "1." + "9" * 5000, "+33199001202", "20:00", "24:00", "0:00:00",
    "2026-02-30", "0000-01-01T00:00", "9999-12-31T23:59", "2026-01-05T08:00Z", "1970-01-01T00:00",
    "2199-12-31T23:59", "2026-01-05T08:00+01:00[Europe/Paris]", "2026-01-05 08:00:00", "2026-W01-1",
    "&a x", "*a", "&a [*a]", "!!binary aGVsbG8=", "!include x", "!!python/object:os.system x", "<<: x",
    "'", '"', "[", "{", "]", "}", "- a", "a: b", "? a", "|", ">", "@x", "`x", "%x", "# x", "---", "...",
    "[" * 40 + "]" * 40, "{a: " * 40 + "x" + "}" * 40, "[" * 5000, "x" * 100_000,
    '"\\ud800"', '"\\0"', '"\\u202e"', '"\\U0001F4DE"', "\U0001f4de", "é", "e\u0301", "\u00a0", "\ufeff",
    "{}", "[]", "[[]]", "[{}]", "[null]", "{null: null}", "{1: 2}", "{'': ''}", "{<<: {a: b}}",
    "on-call", "voicemail", "alice", "[alice]", "sip:alice", "tel:+33199001201", "25s", "99999999h",
    "{hours: 1}", "{months: 120}", "{weeks: 520}", "Europe/Paris", "UTC", "../../etc/passwd", "localtime",
)))
"""Values that are anything but what a field expects."""
JUNK_BYTES = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x93\x9e", b"\xc3", b"\xc0\x80", b"\x1b[31m",
    b"\t", b"\r", b"\r\n", b"\n", b"\xc2\x85", b"\xe2\x80\xa8", b"\x0b", b"\x0c", b" ", b"  ", b"\x7f",
    b"'", b'"', b"[", b"]", b"{", b"}", b":", b": ", b"- ", b"#", b"&", b"*", b"!", b"|", b">", b"%", b"@",
    b",", b"\x1a", b"\n---\n", b"\n...\n", b"\n  ", b"<<<<<<< HEAD\n", b"<<: *a", b"&a ", b"*a",
)
# fmt: on


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Return the way to every value of a document, to itself first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, below in items for deeper in paths(below, (*path, key)))]


def at(value: Any, path: Path) -> Any:
    """Return the value that a way leads to."""
    for step in path:
        value = value[step]
    return value


def changed(value: Any, path: Path, change: Callable[[Any, str | int], None]) -> Any:
    """Return a copy in which the parent of what a way leads to was changed: `change(parent, last step)`."""
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        change(copy, path[0])
    else:
        copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


def _replace(new: Any) -> Callable[[Any, str | int], None]:
    def change(parent: Any, step: Any) -> None:
        parent[step] = new

    return change


def _delete(parent: Any, step: Any) -> None:
    del parent[step]


def _rename(name: str) -> Callable[[Any, str | int], None]:
    def change(parent: Any, step: Any) -> None:
        if isinstance(parent, dict):
            items = [(name if key == step else key, value) for key, value in parent.items()]
            parent.clear()
            parent.update(items)
        else:
            parent[step] = name

    return change


def _repeat(times: int) -> Callable[[Any, str | int], None]:
    def change(parent: Any, step: Any) -> None:
        if isinstance(parent, list):
            parent[step:step] = [parent[step]] * times
        else:
            parent[Raw(json.dumps(step))] = parent[step]  # the same key once more

    return change


def _written(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=isinstance(value, str) and not value.isprintable())


def _document(value: Any) -> str:
    """Return a document as YAML: its fields are lines, so that what breaks one leaves the others."""
    if isinstance(value, Raw) or not isinstance(value, dict):
        return _written(value) + "\n"
    return "".join(f"{_written(key)}: {_written(below)}\n" for key, below in value.items())


def spoilt_values(good: str) -> st.SearchStrategy[bytes]:
    """Return files like `good`, with values replaced, deleted, repeated, renamed, swapped."""
    data = yaml.load(good, Loader=yaml.BaseLoader)
    words = st.sampled_from(sorted({str(path[-1]) for path in paths(data) if path}))
    parts = st.sampled_from(paths(data)).map(lambda path: at(data, path))
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words
    junk = st.one_of(
        st.sampled_from(RAW),
        parts,
        st.recursive(
            scalars,
            lambda below: (
                st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8) | words, below, max_size=3)
            ),
            max_leaves=5,
        ),
    )

    @st.composite
    def spoil(draw: st.DrawFn) -> bytes:
        document = data
        for _ in range(draw(st.integers(1, 3))):
            known = paths(document)[1:]
            if not known:
                break
            path = draw(st.sampled_from(known))
            change = draw(
                st.one_of(
                    junk.map(_replace),
                    junk.map(_replace),
                    st.just(_delete),
                    words.map(_rename),
                    st.text(max_size=5).map(_rename),
                    st.integers(1, 3).map(_repeat),
                    st.sampled_from([at(document, other) for other in known]).map(_replace),
                    st.just(_replace([at(document, path)])),
                    st.just(_replace({"x": at(document, path)})),
                )
            )
            document = changed(document, path, change)
        return _document(document).encode("utf-8", "surrogatepass")

    return spoil()


_ZONES = ("Europe/Paris", "America/Chicago", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC")
_EVER = st.datetimes(datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2199-12-31T23:59"))
_NEAR = st.datetimes(datetime.fromisoformat("2026-11-01"), datetime.fromisoformat("2027-02-01"))
_LIKE: tuple[tuple[str, st.SearchStrategy[str]], ...] = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d", (_EVER | _NEAR).map(lambda wall: wall.isoformat("T", "minutes"))),
    (r"\d{4}-\d\d-\d\d", (_EVER | _NEAR).map(lambda wall: wall.date().isoformat())),
    (r"\d\d:\d\d", st.times().map(lambda time: f"{time:%H:%M}")),
    (r"\d+", st.integers(1, 9).map(str)),
    (r"\d+s", st.integers(16, 300).map("{}s".format)),
    (r"\w+/\w+", st.sampled_from(_ZONES)),
    (r"mon|tue|wed|thu|fri|sat|sun", st.sampled_from(["mon", "fri", "sat", "sun"])),
    (r"alice|bruno|chloe|david", st.sampled_from(["alice", "bruno", "chloe", "david"])),
)


def varied(good: str) -> st.SearchStrategy[bytes]:
    """Return files like `good` with other dates, times, lengths, zones and people: most are good too."""
    data = yaml.load(good, Loader=yaml.BaseLoader)
    likes = [
        (path, like)
        for path in paths(data)
        for form, like in _LIKE
        if isinstance(at(data, path), str) and re.fullmatch(form, at(data, path))
    ]

    @st.composite
    def vary(draw: st.DrawFn) -> bytes:
        document = data
        for path, like in draw(st.lists(st.sampled_from(likes), min_size=1, max_size=8)):
            document = changed(document, path, _replace(draw(like)))
        return _document(document).encode()

    return vary()


def spoilt_bytes(good: str) -> st.SearchStrategy[bytes]:
    """Return files like `good`, with bytes in them that are not theirs, cut short, or in another encoding."""
    content = good.encode()
    anywhere = st.integers(0, len(content))

    @st.composite
    def spoil(draw: st.DrawFn) -> bytes:
        spoilt = content
        for _ in range(draw(st.integers(1, 3))):
            start = draw(anywhere)
            junk = draw(st.sampled_from(JUNK_BYTES) | st.binary(max_size=6))
            spoilt = spoilt[:start] + junk + spoilt[start + draw(st.integers(0, 20)) :]
        return spoilt

    return st.one_of(
        spoil(),
        anywhere.map(lambda length: content[:length]),  # half-written
        anywhere.map(
            lambda length: content[:length] + b"\0" * (len(content) - length)
        ),  # a crash while saving
        anywhere.map(lambda length: content + content[:length]),  # a shorter version over a longer one
        st.sampled_from(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp037", "utf-7"]).map(
            lambda encoding: good.encode(encoding, "replace")
        ),
        st.sampled_from([b"\r\n", b"\r", b"\xe2\x80\xa8"]).map(lambda end: content.replace(b"\n", end)),
    )
