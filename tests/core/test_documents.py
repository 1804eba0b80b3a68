"""YAML documents: every value knows its place, and nothing that is in a file raises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from ari_app.core.documents import MAX_BYTES, Document, Schema, load_document, mistake, validate
from ari_app.core.durations import Duration, between
from ari_app.core.findings import Finding
from ari_app.core.yaml_tree import MAX_ALIASED_VALUES, MAX_DEPTH

Case = tuple[str | bytes, tuple[int, int], str, str, str, str]
"""A file, and what is said of it: line and column, then words of the message, found, expected and remedy."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.yaml"


def load(path: Path, content: str | bytes) -> Document:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    document, findings = load_document(path)
    assert findings == []
    assert document is not None
    return document


def one_finding(path: Path, content: str | bytes) -> Finding:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _, findings = load_document(path)
    (finding,) = findings
    return finding


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("20:00", "20:00"),
        ("2026-01-05", "2026-01-05"),
        ("2026-01-05T08:00", "2026-01-05T08:00"),
        ("25", 25),
        ("-3", -3),
        ("1.5", 1.5),
        ("0199001234", "0199001234"),
        ("+33199001234", "+33199001234"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ('"25"', "25"),
        ("!!str 25", "25"),
        ("9" * 40, "9" * 40),
    ],
)
def test_a_value_is_read_as_an_admin_means_it(path: Path, written: str, read: object) -> None:
    assert load(path, f"key: {written}\n").data == {"key": read}


def test_keys_are_always_text(path: Path) -> None:
    assert load(path, "{1: a, no: b, '*': c, 20:00: d}").data == {"1": "a", "no": "b", "*": "c", "20:00": "d"}


def test_every_value_and_key_knows_its_place(path: Path) -> None:
    document = load(path, "\ufeffa:\n  - {b: é, c: 2}\n  - 3\nd: &x {e: 1}\nf: *x\n")
    assert document.position(("a", 0, "b")) == (2, 9)
    assert document.position(("a", 0, "c")) == (2, 15)
    assert document.position(("a", 0, "c"), key=True) == (2, 12)
    assert document.position(("a", 1)) == (3, 5)
    assert document.position(("f",)) == (5, 4)
    assert document.position(("f", "e")) == (4, 11)


def test_what_is_absent_is_at_its_nearest_parent(path: Path) -> None:
    document = load(path, "a:\n  - {b: 1}\n")
    assert document.position(("a", 0, "missing")) == (2, 5)
    assert document.position(("a", 0, "UnionBranch", "b")) == (2, 9)
    assert document.position(("a", 7)) == (2, 3)


@pytest.mark.parametrize(
    "case",
    [
        ("a: [1, 2\nb: 3\n", (2, 2), "not closed", "b: 3", "closing bracket", "bracket"),
        ("a: 'x\n", (2, 1), "ends before", "end of the file", "closing quote", "cut short"),
        ("a: b: c\n", (1, 5), "`:` where no field", "a: b: c", "key: value", "quotes"),
        ("a: 1\nb\nc: 2\n", (2, 1), "key without its `:`", "b", "key: value", "add the `:`"),
        ("a:\n\t- b\n", (2, 1), "a tab", "a tab character", "spaces", "replace the tab"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "does not belong here", "c: 2", "indented", "indentation"),
        ("- a\n b: 1\n", (2, 3), "no field can begin", "b: 1", "key: value", "indentation"),
        ("- a: 1\nb: 2\n", (2, 1), "not belong to the list", "b: 2", "- item", "indentation"),
        ("a: - b\n", (1, 4), "no list can begin", "a: - b", "line of its own", "new line"),
        ("a: }\n", (1, 4), "sign where a value", "a: }", "a value", "quotes"),
        ("a: *\n", (1, 5), "without a name", "a: *", "`*name`", "quotes"),
        ("a: [1, {b: ", (1, 12), "ends before", "a: [1", "closing quote", "cut short"),
        ("a: [\n", (2, 1), "ends before", "the end of the file", "closing quote", "cut short"),
        ('a: "\\q"\n', (1, 5), "unknown escape", "a:", "escape", "single quotes"),
        ("a: @b\n", (1, 4), "cannot begin a value", "a: @b", "quotes", "quotes"),
        ("a: *b\n", (1, 4), "names nothing", "a: *b", "`&b` before it", "write the value out"),
        ("a: &b [*b]\n", (1, 8), "inside what it names", "a:", "`&b` before it", "write the value out"),
        ("a: !include b\n", (1, 4), "`!include`", "a: !include b", "without tags", "remove the tag"),
        ("a: !!python/object:os.system b\n", (1, 4), "python/object", "a:", "plain YAML", "remove the tag"),
        ("{[a]: b}\n", (1, 2), "used as a key", "{[a]: b}", "a word", "quotes"),
        ("a: 1\n---\nb: 2\n", (2, 1), "second document", "---", "one document", "remove"),
        ("a: \x07\n", (1, 4), "YAML forbids", "U+0007", "printable", "delete"),
        ("", (1, 1), "is empty", "blanks", "YAML mapping", "fill it"),
        ("# a comment\n", (1, 1), "is empty", "blanks", "YAML mapping", "fill it"),
        (b"a: d\xe9j\xe0\n", (1, 5), "not UTF-8", "0xE9", "UTF-8", "iconv"),
        ("a: é\nb: ".encode() + b"\xff", (2, 4), "not UTF-8", "0xFF", "UTF-8", "iconv"),
        (b"\xef\xbb\xbfa: 1\r\nb: \xe9\r\n", (2, 4), "not UTF-8", "0xE9", "UTF-8", "iconv"),
        ("a: 1\rb: \0\r", (2, 4), "YAML forbids", "U+0000", "printable", "delete"),
        ("a: 1\r\nb: }\r\n", (2, 4), "sign where a value", "b: }", "a value", "quotes"),
        ("a: 1\n".encode("utf-16"), (1, 1), "not UTF-8", "0xFF", "UTF-8", "iconv"),
        ("a: 1\n".encode("utf-16-le"), (1, 2), "YAML forbids", "U+0000", "printable", "delete"),
        (
            "a: 1\nb:\n  c: 1\n  c: 2\n",
            (4, 3),
            "`c` is there twice",
            "`c` again",
            "line 3, column 3",
            "remove",
        ),
        ("a: &x {b: 1}\na: *x\n", (2, 1), "`a` is there twice", "`a` again", "line 1, column 1", "remove"),
    ],
)
def test_what_is_not_a_document_is_found_with_its_place(path: Path, case: Case) -> None:
    content, place, message, found, expected, remedy = case
    finding = one_finding(path, content)
    assert (finding.file, finding.line, finding.column) == (path, *place)
    assert message in finding.message
    assert found in finding.found
    assert expected in finding.expected
    assert remedy in finding.remedy


def test_the_first_of_a_duplicate_key_counts_and_the_rest_is_still_checked(path: Path) -> None:
    path.write_text("a: 1\na: 2\nb: 3\nb: 4\n")
    document, findings = load_document(path)
    assert document is not None
    assert document.data == {"a": 1, "b": 3}
    assert [(each.line, each.column) for each in findings] == [(2, 1), (4, 1)]


def test_a_file_nested_too_deeply_is_refused(path: Path) -> None:
    assert load(path, "[" * MAX_DEPTH + "]" * MAX_DEPTH).data is not None
    finding = one_finding(path, "[" * 100_000)
    assert (finding.line, finding.column) == (1, MAX_DEPTH + 1)
    assert "nested too deeply" in finding.message


def test_a_billion_laughs_are_refused(path: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    finding = one_finding(path, "\n".join(lines))
    assert "aliases repeat too many values" in finding.message
    assert str(MAX_ALIASED_VALUES) in finding.expected


def test_a_file_too_large_is_refused(path: Path) -> None:
    assert "too large" in one_finding(path, "# " + "x" * MAX_BYTES).message


def test_a_missing_file_is_said_to_be_missing(path: Path) -> None:
    assert "the file is missing" in load_document(path)[1][0].message


def test_a_symbolic_link_to_nowhere_is_said_to_be_one(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")
    (finding,) = load_document(path)[1]
    assert "symbolic link to nowhere" in finding.message
    assert "nowhere" in finding.found


def test_what_is_no_file_is_refused_without_waiting_for_it(path: Path) -> None:
    os.mkfifo(path)
    loop, link = path.with_name("loop.yaml"), path.with_name("link.yaml")
    loop.symlink_to(loop)
    link.symlink_to(path.parent)
    for other, found in [
        (path, "a pipe or a device, not a file"),
        (path.parent, "a folder, not a file"),
        (link, "a folder, not a file"),
        (loop, "Too many levels of symbolic links"),
        (Path("/dev/zero"), "a pipe or a device, not a file"),
        (Path("nul\0byte"), "null byte"),
    ]:
        document, (finding,) = load_document(other)
        assert document is None
        assert "cannot be read" in finding.message
        assert found in finding.found


def test_a_file_that_may_not_be_read_is_said_to_be_one(path: Path) -> None:
    path.write_text("a: 1\n")
    path.chmod(0)
    with _as_an_ordinary_user():
        document, (finding,) = load_document(path)
    assert document is None
    assert (finding.message, finding.found) == ("the file cannot be read", "no permission")


@contextmanager
def _as_an_ordinary_user() -> Iterator[None]:
    """Be nobody for a while: root may read everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_no_bytes_make_loading_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(content)
    document, findings = load_document(path)
    assert document is not None or findings
    for finding in findings:
        assert finding.line >= 1
        assert finding.column >= 1
        assert "\n" not in finding.message + finding.found + finding.expected + finding.remedy


@given(st.text(alphabet="ab:-[]{},&*!|>'\"#% \n\t?@~1", max_size=60))
def test_no_signs_of_yaml_make_loading_raise(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "signs.yaml"
    path.write_text(text)
    document, findings = load_document(path)
    assert document is not None or findings


class Say(Schema):
    do: Literal["say"]
    text: str


class Ask(Schema):
    do: Literal["ask"]
    keys: dict[Annotated[str, Field(pattern="^[0-9*#]$")], str]
    wait: Annotated[Duration, between(1, 30)] = 5.0


def _even(value: int) -> int:
    if value % 2:
        raise mistake("this number is odd", expected="an even number", remedy=f"write {value + 1}")
    return value


class Flow(Schema):
    nodes: dict[str, Annotated[Say | Ask, Field(discriminator="do")]] = Field(default_factory=dict)
    steps: Annotated[list[Say | Literal["stop", "again"]], Field(min_length=1)] = Field(default_factory=list)
    number: int = 0
    password: str = ""


def mistakes(path: Path, content: str) -> list[Finding]:
    model, findings = validate(load(path, content), Flow)
    assert (model is None) == bool(findings)
    return findings


@pytest.mark.parametrize(
    "case",
    [
        ("numbre: 1\n", (1, 1), "unknown field `numbre` in this file", "`numbre`", "`number`", "`number`?"),
        ("nodes: {a: {do: say}}\n", (1, 12), "`text` is missing", "no `text`", "`text`", "add `text:`"),
        (
            "nodes: {a: {do: say, txt: b}}\n",
            (1, 22),
            "unknown field `txt` in `a`",
            "`txt`",
            "`do` or",
            "`text`?",
        ),
        ("nodes: {a: {do: asks}}\n", (1, 17), "`do` knows no such word", '"asks"', "`say`, `ask`", "`ask`?"),
        ("nodes: {a: {}}\n", (1, 12), "wrong kind", "an empty mapping", "the field `do`", ""),
        ("nodes: {a: {do: ask, keys: {x: b}}}\n", (1, 29), "key below `x`", 'the key "x"', "[0-9*#]", ""),
        ("nodes: {a: {do: ask, keys: {1: [b]}}}\n", (1, 32), "wrong kind", "a list of 1", "text", ""),
        ("nodes: {a: {do: ask, keys: {}, wait: 5}}\n", (1, 38), "not a duration", "5", "`25s`", "`5s`"),
        ("nodes: {a: {do: ask, keys: {}, wait: 2m}}\n", (1, 38), "too long", '"2m"', "1s and 30s", "`30s`"),
        ("nodes: []\n", (1, 8), "wrong kind", "an empty list", "a mapping", ""),
        ("steps: []\n", (1, 8), "`steps` is empty", "an empty list", "1 or more", "add"),
        ("steps: [stopp]\n", (1, 9), "no such word", '"stopp"', "`stop`", "`stop`?"),
        ("steps: [12]\n", (1, 9), "wrong kind", "12", "a mapping: `key: value` lines or `stop` or", "one of"),
        (
            "steps: [{do: say, text: [a]}]\n",
            (1, 25),
            "`text` is of the wrong kind",
            "a list of 1",
            "text",
            "",
        ),
        ("steps: [{do: say, text: a, x: 1}]\n", (1, 28), "unknown field `x` in `steps`", "`x`", "`text`", ""),
        ("number: one\n", (1, 9), "`number` is not valid", '"one"', "a whole number", ""),
        ("password: 1234\n", (1, 11), "wrong kind", "not shown", "text", "quotes"),
        ("- a\n", (1, 1), "the file is of the wrong kind", "a list of 1", "a mapping", ""),
        ("just text\n", (1, 1), "the file is of the wrong kind", '"just text"', "a mapping", ""),
    ],
)
def test_one_mistake_is_one_finding_at_its_place(path: Path, case: Case) -> None:
    content, place, message, found, expected, remedy = case
    assert isinstance(content, str)
    (finding,) = mistakes(path, content)
    assert (finding.line, finding.column) == place
    assert message in finding.message
    assert found in finding.found
    assert expected in finding.expected
    assert remedy in finding.remedy


def test_all_mistakes_are_found_in_one_run_in_the_order_of_the_file(path: Path) -> None:
    findings = mistakes(path, "steps: [stopp, 12]\nnumber: one\nnodes: {a: {do: say, txt: b}, b: 1}\n")
    assert [(each.line, each.column) for each in findings] == [(1, 9), (1, 16), (2, 9), (3, 22), (3, 34)]


def test_a_message_shows_the_file_on_one_line_each(path: Path) -> None:
    (finding,) = mistakes(path, '"nu\\nmb\\e[31mer": 1\n')
    assert len(str(finding).splitlines()) == 4
    assert "\x1b" not in str(finding)


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["do", "say", "ask", "text", "keys", "wait", "nodes", "steps"]), inner
        )
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_no_data_makes_validating_raise(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "data.yaml"
    path.write_text(_as_yaml({"nodes": {"a": data}, "steps": data}))
    document, findings = load_document(path)
    if document is not None:
        model, findings = validate(document, Flow)
        assert (model is None) == bool(findings)
        assert all(finding.remedy and finding.expected and finding.found for finding in findings)


def _as_yaml(data: Any) -> str:
    import json

    return json.dumps(data)  # JSON is YAML


def test_a_file_that_is_all_wrong_is_told_of_within_bounds(path: Path) -> None:
    findings = mistakes(path, "".join(f"field{number}: 1\n" for number in range(3000)))
    assert len(findings) == 1001
    assert "2000 more mistakes are not shown" in {finding.message for finding in findings}
    path.write_text("a: 1\n" * 3000)
    assert len(load_document(path)[1]) == 1000
