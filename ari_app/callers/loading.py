"""Reads `callers.yaml` and the lists beside it, and tells every mistake with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.documents import Document, Loc, load_document, validate
from ..core.findings import Finding, Severity
from ..core.suggest import nearest, one_of
from .book import CallerBook, Numbers, Rules
from .lists import read_list
from .numbering import Numbering
from .schema import LONGEST_NAME, BlockedEntry, CallersFile, RulesEntry, VipEntry, is_name, is_pattern

FILE = "callers.yaml"
TOLD = 20
"""Mistakes of one list that are told: the file of somebody else's program may be all wrong."""


@dataclass(frozen=True, slots=True)
class _Written:
    """One number as somebody wrote it, and the name beside it."""

    pattern: str
    name: str
    place: tuple[Path, int, int]


def load_callers(folder: Path, known_lines: Collection[str]) -> tuple[CallerBook | None, list[Finding]]:
    """Return what a folder says of callers (None when there is an error), and the findings.

    `known_lines` are those of the settings.
    """
    document, findings = load_document(folder / FILE)
    if document is None:
        return None, findings
    file, more = validate(document, CallersFile)
    findings += more
    if file is None:
        return None, findings
    numbering = Numbering(file.country)
    reader = _Reader(document, numbering)
    everywhere = reader.rules(file, ())
    lines = {line: reader.rules(entry, ("lines", line)) for line, entry in file.lines.items()}
    findings += reader.findings + [
        _no_line(document, line, known_lines) for line in file.lines if line not in known_lines
    ]
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    return CallerBook(numbering, everywhere, lines), findings


def _no_line(document: Document, line: str, known: Collection[str]) -> Finding:
    near = nearest(line, known)
    return document.finding(
        ("lines", line),
        f"there is no line `{line}`",
        found=f"`{line}`",
        expected=f"a line of the settings: {one_of(known)}",
        remedy=f"did you mean `{near}`?"
        if near
        else "name it in `lines` of the settings, too, with its flow",
        key=True,
    )


class _Reader:
    """Makes rules of what was written; `findings` tells what is wrong with it."""

    def __init__(self, document: Document, numbering: Numbering) -> None:
        self._document = document
        self._numbering = numbering
        self.findings: list[Finding] = []

    def rules(self, entry: RulesEntry, loc: Loc) -> Rules:
        blocked = self._numbers(entry.blocked, (*loc, "blocked"))
        vip = self._numbers(entry.vip, (*loc, "vip"))
        self._on_one_list(blocked, vip, loc)
        return Rules(blocked, entry.blocked.answer, vip, entry.anonymous, entry.limit)

    def _numbers(self, entry: BlockedEntry | VipEntry, loc: Loc) -> Numbers:
        numbers = Numbers()
        named = isinstance(entry, VipEntry)
        here = (*loc, "numbers")
        wrong = [self._add(numbers, each, named=named) for each in self._written(entry, here)]
        self.findings += [finding for finding in wrong if finding]
        for place, name in enumerate(entry.lists):
            lines, unreadable = read_list(path := self._document.path.with_name(name))
            if unreadable:
                self.findings.append(self._missing(unreadable, (*loc, "lists", place)))
            written = (_Written(line.pattern, line.name, (path, line.number, 1)) for line in lines)
            self._add_list(numbers, written, named=named)
        return numbers

    def _written(self, entry: BlockedEntry | VipEntry, loc: Loc) -> Iterator[_Written]:
        path = self._document.path
        if isinstance(entry, VipEntry):
            for pattern, name in entry.numbers.items():
                place = self._document.position((*loc, pattern), key=True)
                yield _Written(pattern, name or "", (path, *place))
        else:
            for index, pattern in enumerate(entry.numbers):
                yield _Written(pattern, "", (path, *self._document.position((*loc, index))))

    def _add_list(self, numbers: Numbers, written: Iterable[_Written], *, named: bool) -> None:
        wrong = [finding for each in written if (finding := self._add(numbers, each, named=named))]
        self.findings += wrong[:TOLD]
        if len(wrong) > TOLD:
            first = wrong[TOLD]
            more = f"{len(wrong) - TOLD} more lines of this list have something wrong"
            errors = any(each.severity == "error" for each in wrong[TOLD:])
            self.findings.append(
                Finding(
                    first.file,
                    first.line,
                    1,
                    more,
                    "",
                    "a number a line",
                    "mend those above first",
                    "error" if errors else "warning",
                )
            )

    def _add(self, numbers: Numbers, written: _Written, *, named: bool) -> Finding | None:
        """Take in a number; return what is wrong with it."""
        pattern = written.pattern
        if named and written.name and not is_name(written.name):
            return _finding(
                written,
                "this is not a name that can be said and shown",
                written.name,
                "shorten it, or leave such signs out",
                expected=f"1 to {LONGEST_NAME} printable characters",
            )
        if pattern.endswith("*"):
            number, known = self._numbering.of_beginning(pattern[:-1]), numbers.beginnings
        else:
            number, known = self._numbering.of_entry(pattern), numbers.whole
        if number is None or not is_pattern(pattern):
            return self._no_number(written)
        if number in known:
            return _finding(
                written,
                f"{number} is there twice",
                pattern,
                "remove one of the two",
                expected="each number once",
                severity="warning",
            )
        known[number] = written.name if named else ""
        return None

    def _no_number(self, written: _Written) -> Finding:
        bare = not written.pattern.startswith("+") and self._numbering.country is None
        return _finding(
            written,
            "this is not a telephone number",
            written.pattern,
            "begin with `+` and the country's code, or say `country: FR` for numbers without it"
            if bare and is_pattern(written.pattern)
            else "count its digits; put `*` behind it if numbers begin so",
        )

    def _missing(self, finding: Finding, loc: Loc) -> Finding:
        """Tell of a list that is not there where it is named; of one that cannot be read, in it."""
        if finding.file.exists():
            return finding
        return self._document.finding(
            loc,
            "there is no such list",
            expected=f"a file beside {FILE}",
            remedy=f"create {finding.file}, or correct the name",
        )

    def _on_one_list(self, blocked: Numbers, vip: Numbers, loc: Loc) -> None:
        both = [
            *(blocked.whole.keys() & vip.whole.keys()),
            *(f"{each}*" for each in blocked.beginnings.keys() & vip.beginnings.keys()),
        ]
        for number in sorted(both)[:TOLD]:
            self.findings.append(
                self._document.finding(
                    (*loc, "vip"),
                    f"{number} is blocked and a VIP",
                    found="the same number on both lists",
                    expected="one of the two",
                    remedy="remove it from `blocked` or from `vip`",
                    key=True,
                )
            )


def _finding(
    written: _Written,
    message: str,
    found: str,
    remedy: str,
    *,
    expected: str = 'a number such as "+33199001234", or how numbers begin, such as "+33899*"',
    severity: Severity = "error",
) -> Finding:
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in found[:60])
    return Finding(
        *written.place,
        message,
        f"`{shown}`",
        expected,
        remedy,
        severity,
    )
