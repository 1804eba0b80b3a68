"""The YAML files that admins write: read with the place of every value, checked against a schema.

`load_document` reads one, `validate` holds it against a pydantic model. Neither raises for what is in the
file: everything wrong is a `Finding` with file, line, column, what was found, what was expected, what to do.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .findings import Finding, Severity
from .mistakes import Mistake, describe, mistake, mistakes_of
from .yaml_syntax import YamlError, line_at, place_of
from .yaml_tree import Node, build_tree

__all__ = ["Document", "Loc", "Schema", "load_document", "mistake", "read_content", "validate"]

MAX_BYTES = 1_048_576
"""The longest file that is read: 1 MiB holds some ten thousand lines."""
M = TypeVar("M", bound=BaseModel)
Loc = Sequence[str | int]
"""The way to a value: `("layers", 0, "window", "from")`."""


class Schema(BaseModel):
    """Base of the models that files are held against: unknown fields are errors, values never change.

    The text below a field is what editors show of it (`astreinte schema`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Document:
    """One YAML file: its plain data, and the place of each part of it."""

    __slots__ = ("_root", "path")

    def __init__(self, path: Path, root: Node) -> None:
        self.path = path
        self._root = root

    @property
    def data(self) -> Any:
        """The file as plain Python. Keys are always text; times and dates are text as written."""
        return self._root.value

    @property
    def root(self) -> Node:
        """The data as a tree that knows its places."""
        return self._root

    def position(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Return the line and column (from 1) of the value at `loc`, or of its key; of the nearest parent
        when it is absent. Steps that are not in the file (pydantic names union branches) are passed over."""
        node, at = self._root, (self._root.line, self._root.column)
        for step in loc:
            child = node.child(step)
            if child is None:
                continue
            at = (child.line, child.column)
            if key and node.fields is not None:
                name = node.fields[str(step)][0]
                at = (name.line, name.column)
            node = child
        return at

    def finding(
        self,
        loc: Loc,
        message: str,
        *,
        expected: str,
        remedy: str,
        found: str | None = None,
        key: bool = False,
        severity: Severity = "error",
    ) -> Finding:
        """Return a finding about the value at `loc` (or its key); `found` defaults to that value."""
        place = self.position(loc, key=key)
        if found is None:
            node = self._root
            for step in loc:
                node = node.child(step) or node
            found = describe(node.value)
        return _finding(self.path, place, (message, found, expected, remedy), severity)


def read_content(path: Path) -> bytes | Finding:
    """Return what a file holds, or why it is not to be had: the `draft` of `load_document`."""
    return _read(path, None)


def load_document(path: Path, draft: bytes | None = None) -> tuple[Document | None, list[Finding]]:
    """Read a YAML file. The document is None when there is nothing to go on with.

    With a `draft`, it is read as if that were the file's content: a version that is not saved yet.
    A duplicate key is a finding, but the document is still there (the first one counts), so that one run
    shows everything wrong in a file.
    """
    content = _read(path, draft)
    if isinstance(content, Finding):
        return None, [content]
    text = _decode(path, content)
    if isinstance(text, Finding):
        return None, [text]
    try:
        root, duplicates = build_tree(text)
    except YamlError as problem:
        return None, [_not_yaml(path, problem, text)]
    findings = [_not_yaml(path, problem, text) for problem in duplicates]
    if root is None or root.value is None:
        findings.append(
            Finding(
                path,
                1,
                1,
                "the file is empty",
                "nothing but blanks and comments",
                "a YAML mapping, `key: value` lines",
                "fill it (`docs/` has the fields), or delete it",
            )
        )
        return None, findings
    return Document(path, root), findings


def validate(document: Document, model: type[M]) -> tuple[M | None, list[Finding]]:
    """Hold a document against a model: the model if it fits, and every mistake otherwise."""
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        mistakes = mistakes_of(error, document.root, model)
    return None, sorted(_mistaken(document, one) for one in mistakes)


def _mistaken(document: Document, one: Mistake) -> Finding:
    place = document.position(one.loc, key=one.key)
    return _finding(document.path, place, (one.message, one.found, one.expected, one.remedy))


def _not_yaml(path: Path, error: YamlError, text: str) -> Finding:
    found = error.found
    if found is None:
        line = line_at(text, error.line).strip()
        found = describe(line) if line else "the end of the file"
    return _finding(path, (error.line, error.column), (error.message, found, error.expected, error.remedy))


def _finding(
    path: Path, place: tuple[int, int], words: Iterable[str], severity: Severity = "error"
) -> Finding:
    """Return a finding whose words fit a terminal: a file may hold control characters, or a novel."""
    message, found, expected, remedy = map(_one_line, words)
    return Finding(path, *place, message, found, expected, remedy, severity)


def _one_line(words: str) -> str:
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in words[:400])
    return shown if len(words) <= 400 else f"{shown}…"


def _read(path: Path, draft: bytes | None) -> bytes | Finding:
    try:
        return _regular_file(path) if draft is None else _within_limits(draft)
    except FileNotFoundError:
        link = path.is_symlink()
        message = "the file is a symbolic link to nowhere" if link else "the file is missing"
        found = f"a link to {path.readlink()}" if link else "no such file"
        remedy = "mend the link or remove it" if link else "create it, or correct the path that names it"
    except PermissionError:
        message, found = "the file cannot be read", "no permission"
        remedy = "let the user that runs Astreinte read it"
    except _TooLargeError:
        message, found = "the file is too large", "more than 1 MiB (1,048,576 bytes)"
        remedy = "split it: rosters and flows may be many files"
    except _NotAFileError as error:
        message, found = "the file cannot be read", f"{error}, not a file"
        remedy = "move it elsewhere, or correct the path that names it"
    except OSError as error:
        message, found = "the file cannot be read", error.strerror or str(error)
        remedy = "mend what the system says"
    except ValueError as error:  # a path that no system has
        message, found = "the file cannot be read", str(error)
        remedy = "correct the path that names it"
    return Finding(path, 1, 1, message, found, "a YAML file of 1 MiB at most", remedy)


class _NotAFileError(Exception):
    """There is something, but it is no file."""


class _TooLargeError(Exception):
    """The file is longer than `MAX_BYTES`."""


def _regular_file(path: Path) -> bytes:
    """Return the file's bytes. Opens without blocking: a named pipe would wait for a writer for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise _NotAFileError("a folder" if stat.S_ISDIR(mode) else "a pipe or a device")
        content = b""
        while chunk := os.read(descriptor, MAX_BYTES + 1):
            content = _within_limits(content + chunk)
        return content
    finally:
        os.close(descriptor)


def _within_limits(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise _TooLargeError
    return content


def _decode(path: Path, content: bytes) -> str | Finding:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        read = error.object  # without the byte order mark
        before = read[: error.start].decode()
        line, column = place_of(before, len(before))
        return Finding(
            path,
            line,
            column,
            "the file is not UTF-8 text",
            f"the byte 0x{read[error.start]:02X}",
            "UTF-8 (é is the bytes 0xC3 0xA9)",
            "save it as UTF-8: `iconv -f ISO-8859-1 -t UTF-8 OLD > NEW` if it is in an old encoding",
        )
