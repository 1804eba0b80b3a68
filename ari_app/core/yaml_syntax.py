"""Where a text stops being YAML, said in an admin's words."""

from __future__ import annotations

import re

import yaml

from .yaml_lines import LINE_BREAK


class YamlError(Exception):
    """The text is no document: what is wrong at which place (line and column, from 1)."""

    def __init__(
        self, line: int, column: int, message: str, *, expected: str, remedy: str, found: str | None = None
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message
        self.expected = expected
        self.remedy = remedy
        self.found = found  # None: the line itself


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def unprintable(text: str) -> YamlError:
    """Return what is wrong with a text that has a character which YAML forbids."""
    match = _FORBIDDEN.search(text)
    at = match.start() if match is not None else 0
    return YamlError(
        *place_of(text, at),
        "a character that YAML forbids",
        found=f"U+{ord(text[at]):04X}" if text else "nothing",
        expected="printable text",
        remedy="delete the character; an editor that shows control characters helps",
    )


_SYNTAX = (  # libyaml's and PyYAML's words → ours: message, expected, remedy
    (
        "mapping values are not allowed",
        "a `:` where no field can begin",
        "one `key: value` a line, indented as its neighbours",
        "put quotes around text that holds `: `, and check the indentation of this line and the one before",
    ),
    (
        "could not find expected ':'",
        "a key without its `:`",
        "`key: value`",
        "add the `:` (and a space after it), or put quotes around text of several lines",
    ),
    (
        "end of stream",
        "the file ends before a quote or bracket is closed",
        "a closing quote, `]` or `}`",
        "close the quote or bracket that was opened; a file cut short while it is saved reads like this too",
    ),
    (
        "expected ',' or",
        "a list or mapping in brackets is not closed or lacks a comma",
        "`,` or the closing bracket",
        "add the missing comma or bracket",
    ),
    (
        "escape",
        "an unknown escape in double quotes",
        "an escape that YAML knows, such as `\\n` or `\\\\`",
        "use single quotes: there a backslash is only a backslash",
    ),
    (
        "did not find expected key",
        "a line that does not belong here",
        "a field, indented as its neighbours",
        "check the indentation of this line and the one before, and their quotes and brackets",
    ),
    (
        "expected '-' indicator",
        "a line that does not belong to the list before it",
        "`- item`, indented as its neighbours, or a field that is indented less",
        "check the indentation of this line and the one before",
    ),
    (
        "block sequence entries are not allowed",
        "a `-` where no list can begin",
        "`- item` on a line of its own",
        "begin a new line before the `-`, or put quotes around text that begins with it",
    ),
    (
        "expected node content",
        "a sign where a value is expected",
        "a value",
        "write the value that is missing, or put quotes around text that begins with a sign",
    ),
    (
        "alphabetic or numeric character",
        "an anchor or alias without a name",
        "`&name` or `*name`",
        "put quotes around text that begins with & or *",
    ),
    (
        "cannot start any token",
        "a character that cannot begin a value",
        "a value, or quotes around it",
        "put quotes around the text",
    ),
)


def syntax_error(text: str, error: yaml.MarkedYAMLError) -> YamlError:
    """Say a syntax error of the parser in an admin's words."""
    mark = error.problem_mark or error.context_mark
    line, column, index = (mark.line, mark.column, mark.index) if mark is not None else (0, 0, 0)
    words = error.problem or ""
    begin = text.rfind("\n", 0, index) + 1
    if "\t" in text[begin : index + 1] and not text[begin:index].strip():
        return YamlError(
            line + 1,
            text.index("\t", begin) - begin + 1,
            "a tab is used for indentation",
            found="a tab character",
            expected="spaces",
            remedy="replace the tab by spaces (two a level); most editors can do so for the whole file",
        )
    opened = error.context_mark
    if opened is not None and "expected ':'" in words:  # the parser notices on the next line
        line, column, opened = opened.line, opened.column, None
    elif not text[index:].strip():  # whatever the parser misses there, the file ends before it
        words = "end of stream" if "flow" in (error.context or "") else words
        line, column = _within(text, line, column)
    if "flow node" in (error.context or ""):  # it began where it is missing
        opened = None
    since = f" (begun at line {opened.line + 1}, column {opened.column + 1})" if opened is not None else ""
    for sign, message, expected, remedy in _SYNTAX:
        if sign in words:
            return YamlError(line + 1, column + 1, message + since, expected=expected, remedy=remedy)
    return YamlError(
        line + 1,
        column + 1,
        f"this is not YAML: {words or 'the parser gave no reason'}{since}",
        expected="`key: value` lines and `- item` lines, indented with spaces, evenly",
        remedy="check the indentation and the quotes of this line and the one before",
    )


def place_of(text: str, index: int) -> tuple[int, int]:
    """Return the line and column (from 1) of a character, counting lines as the parser does."""
    ends = [end.end() for end in LINE_BREAK.finditer(text, 0, index)]
    return len(ends) + 1, index - (ends[-1] if ends else 0) + 1


def line_at(text: str, line: int) -> str:
    """Return a line (from 1) without its end, nothing when there are not so many."""
    lines = LINE_BREAK.split(text, line)
    return lines[line - 1] if line <= len(lines) else ""


def _within(text: str, line: int, column: int) -> tuple[int, int]:
    """Return a place (from 0) that is in the text: the parser counts a line after one that is not ended."""
    lines = LINE_BREAK.split(text)
    if line < len(lines):
        return line, min(column, len(lines[line]))
    return len(lines) - 1, len(lines[-1])
