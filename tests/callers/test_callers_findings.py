"""Every mistake in `callers.yaml` and its lists is told with its place, and keeps the files out of force."""
# ruff: noqa: E501 - the table reads one mistake a line (and is not formatted, for the same reason)

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ari_app.callers.loading import load_callers
from ari_app.core.findings import Finding

DOCUMENT = Path(__file__).parents[2] / "docs/callers.md"
GOOD = """\
country: FR
blocked:
  answer: decline
  numbers: ["0199006666", "0899*"]
  lists: [list.txt]
vip:
  numbers:
    "+33199001234": Clinique du Parc
anonymous: allow
limit: {calls: 5, within: 10m, answer: say}
lines:
  "+33199000100": {anonymous: say}
"""


def findings_of(folder: Path, text: str, listed: str = "0199007777\n") -> list[Finding]:
    (folder / "callers.yaml").write_text(text, "utf-8")
    (folder / "list.txt").write_text(listed, "utf-8")
    book, findings = load_callers(folder, ("default", "+33199000100"))
    assert (book is None) == any(finding.severity == "error" for finding in findings)
    return findings


def test_the_good_file_has_no_findings(tmp_path: Path) -> None:
    assert findings_of(tmp_path, GOOD) == []


def test_the_example_in_the_docs_has_no_findings(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)[1]
    for name in ("blocked.txt", "crm.csv"):
        (tmp_path / name).write_text("")
    assert findings_of(tmp_path, example) == []


# fmt: off
MISTAKES = {
    # what is wrong: (good text, bad text, where the finding points, words of its message, words of its remedy)
    "no country": ("country: FR", "country: France", "France", "not a country", "write the country"),
    "no number": ('"0199006666"', '"harcèlement"', '"harc', "not a telephone number", "between quotes"),
    "number too short": ('"0199006666"', '"01990066"', '"01990066"', "not a telephone number", "count its digits"),
    "star in the middle": ('"0899*"', '"08*99"', '"08*99"', "not a telephone number", "at the end"),
    "beginning of no country's numbers": ('"0899*"', '"+0899*"', '"+0899*"', "not a telephone number", "count its digits"),
    "unknown answer": ("answer: decline", "answer: engaged", "engaged", "", ""),
    "no such list": ("list.txt]", "lst.txt]", "lst.txt", "no such list", "create"),
    "list elsewhere": ("list.txt]", "../list.txt]", "../list.txt", "not the name of a list", "without a folder"),
    "name with signs of SIP": ("Clinique du Parc", "'Clinique <du Parc>'", "'Clinique <", "not a name", "leave those signs out"),
    "both blocked and VIP": ('"+33199001234":', '"+33199006666":', "vip", "is blocked and a VIP", "remove it"),
    "a limit of nothing": ("calls: 5", "calls: 0", "0, within", "", ""),
    "a limit for ever": ("within: 10m", "within: 48h", "48h", "too long", "shorter"),
    "unknown line": ('"+33199000100": {a', '"+33199000101": {a', '"+33199000101"', "no line", "did you mean `+33199000100`"),
    "unknown answer to withheld numbers": ("anonymous: say", "anonymous: refuse", "refuse", "", ""),
    "misspelt field": ("blocked:", "bloked:", "bloked", "", "blocked"),
}
# fmt: on


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_where_it_is(tmp_path: Path, what: str) -> None:
    good, bad, where, message, remedy = MISTAKES[what]
    assert good in GOOD
    text = GOOD.replace(good, bad, 1)
    (finding,) = [each for each in findings_of(tmp_path, text) if each.severity == "error"]
    before = text[: text.index(where)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert (finding.line, finding.column) == (line, column)
    assert message in finding.message
    assert remedy in finding.remedy


def test_numbers_without_a_plus_need_a_country(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, GOOD.replace("country: FR\n", ""))
    assert [(each.file.name, each.found) for each in findings] == [
        ("callers.yaml", "`0199006666`"),
        ("callers.yaml", "`0899*`"),
        ("list.txt", "`0199007777`"),
    ]
    assert all("country: FR" in each.remedy for each in findings)


@pytest.mark.parametrize(
    ("listed", "line", "message", "severity"),
    [
        ("0199007777\nnobody\n", 2, "not a telephone number", "error"),
        ("# ok\n\n0199000\n", 3, "not a telephone number", "error"),
        ("0199007777\n+33 1 99 00 77 77\n", 2, "is there twice", "warning"),
        ("0199006666\n", 1, "is there twice", "warning"),
    ],
)
def test_a_mistake_in_a_list_is_told_with_its_line(
    tmp_path: Path, listed: str, line: int, message: str, severity: str
) -> None:
    (finding,) = findings_of(tmp_path, GOOD, listed)
    assert (finding.file.name, finding.line, finding.severity) == ("list.txt", line, severity)
    assert message in finding.message


def test_a_list_that_is_all_wrong_is_told_in_few_words(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, GOOD, "x\n" * 100_000)
    assert len(findings) == 21
    assert findings[-1].message == "99980 more lines of this list have something wrong"


@pytest.mark.parametrize("content", [b"0199007777\n\xe9t\xe9\n", b"\xff" * 100])
def test_a_list_that_is_no_text_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "callers.yaml").write_text(GOOD)
    (tmp_path / "list.txt").write_bytes(content)
    _, (finding,) = load_callers(tmp_path, ("default", "+33199000100"))
    assert (finding.file.name, finding.message) == ("list.txt", "the list cannot be read")


def test_a_folder_without_the_file_is_a_mistake(tmp_path: Path) -> None:
    book, (finding,) = load_callers(tmp_path, ("default",))
    assert book is None
    assert finding.file == tmp_path / "callers.yaml"
