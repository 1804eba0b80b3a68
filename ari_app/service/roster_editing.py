"""Changes of a roster by commands: drafted, checked among all the files, and only then written.

The YAML stays as the admin wrote it: see `core.yaml_editing`.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import unified_diff
from pathlib import Path

from ..core.documents import load_document
from ..core.errors import AstreinteError
from ..core.findings import Finding, InvalidConfiguration
from ..core.replacing import FileIsChanging, only_editor, replace_content
from ..core.suggest import nearest, one_of
from ..core.yaml_editing import CannotEdit, EditableList
from ..roster.book import RosterBook, UnknownTeamError, check_files
from ..roster.calendars import Feeds, no_feeds
from ..roster.files import RosterFiles, TeamSource, read_folder

OVERRIDES = EditableList("overrides", before="escalation", comment="beat every layer")
_LONGEST_ID = 40


class UnknownOverride(AstreinteError):
    """The team has no override of that id."""

    def __init__(self, team: str, override: str, known: Sequence[str]) -> None:
        near = nearest(override, known)
        meant = f"did you mean `{near}`? " if near else ""
        super().__init__(
            f"`{team}` has no override `{override[:80]}`",
            remedy=f"{meant}It has {one_of(known) or 'none'}",
        )


class WouldNotLoad(InvalidConfiguration):
    """With the change, the files would hold the errors of `findings`; their places are in the draft."""


@dataclass(frozen=True, slots=True)
class NewOverride:
    """An override to add. `start` and `end` are what a clock on the wall shows."""

    id: str
    start: datetime
    end: datetime
    absent: str
    stand_in: str
    reason: str | None = None
    exceptional: bool = False

    def fields(self) -> dict[str, str | bool]:
        """Return it as it is written, in the order in which it is."""
        fields: dict[str, str | bool] = {
            "id": self.id,
            "from": self.start.isoformat(timespec="minutes"),
            "to": self.end.isoformat(timespec="minutes"),
            "replace": self.absent,
            "with": self.stand_in,
        }
        if self.reason is not None:
            fields["reason"] = self.reason
        if self.exceptional:
            fields["exceptional"] = True
        return fields


@dataclass(frozen=True, slots=True)
class Draft:
    """A new version of one file that is not saved yet. `warnings` are those that it brings."""

    path: Path
    before: bytes
    after: bytes
    rosters: RosterBook
    warnings: Sequence[Finding]

    def changed_lines(self) -> list[str]:
        """Return the lines that are new (`+`) and those that are no longer there (`-`), in order."""
        old, new = (each.decode("utf-8-sig").splitlines() for each in (self.before, self.after))
        lines = list(unified_diff(old, new, n=0, lineterm=""))[2:]
        return [line for line in lines if not line.startswith("@@")]

    def save(self) -> None:
        """Write it. Raises `FileIsChanging` and `CannotReplace`; then the file is as it was."""
        replace_content(self.path, self.before, self.after)


class RosterEditor:
    """The rosters of a folder, as they are while one command edits them (see `editing`)."""

    def __init__(self, folder: Path, at: datetime, feeds: Feeds = no_feeds) -> None:
        self._folder = folder
        self._at = at
        self._feeds = feeds
        self.files: RosterFiles = read_folder(folder, feeds=feeds)
        rosters, self._findings = check_files(self.files, at)
        if rosters is None:
            raise InvalidConfiguration([each for each in self._findings if each.severity == "error"])
        self.rosters: RosterBook = rosters

    def source(self, team: str) -> TeamSource:
        """Return the file of a team. Raises `UnknownTeamError`."""
        for source in self.files.teams:
            if source.file.team == team:
                return source
        raise UnknownTeamError(team, self.rosters.teams)

    def free_id(self, team: str, wanted: str, *, besides: Iterable[str] = ()) -> str:
        """Return `wanted`, or the first of `wanted-2`, `wanted-3` … that no override of the team has.

        Those of `besides` are about to be taken.
        """
        taken = {override.id for override in self.source(team).file.overrides} | set(besides)
        names = (f"{wanted[: _LONGEST_ID - len(tail)]}{tail}" for tail in _tails())
        return next(name for name in names if name not in taken)

    def with_overrides(self, team: str, overrides: Sequence[NewOverride]) -> Draft:
        """Draft a team's file with overrides more. Raises `WouldNotLoad` and `CannotEdit`."""

        def edit(text: str) -> str:
            for override in overrides:
                text = OVERRIDES.with_item(text, override.fields())
            return text

        return self._draft(self.source(team), edit)

    def without_override(self, team: str, override: str) -> Draft:
        """Draft a team's file without one override. Raises `UnknownOverride` too."""
        source = self.source(team)
        known = [each.id for each in source.file.overrides]
        if override not in known:
            raise UnknownOverride(team, override, known)
        return self._draft(source, lambda text: OVERRIDES.without_item(text, known.index(override)))

    def _draft(self, source: TeamSource, edit: Callable[[str], str]) -> Draft:
        path = source.document.path
        before = path.read_bytes()
        document, _ = load_document(path, before)
        if document is None or document.data != source.document.data:
            raise FileIsChanging(path, "was changed meanwhile")
        mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
        try:
            after = mark + edit(before.decode("utf-8-sig")).encode()
        except CannotEdit as error:
            raise CannotEdit(f"{path}: {error.message}", remedy=error.remedy) from error
        rosters, findings = check_files(read_folder(self._folder, {path: after}, self._feeds), self._at)
        if rosters is None:
            raise WouldNotLoad([each for each in findings if each.severity == "error"])
        known = {_anywhere(each) for each in self._findings}
        return Draft(
            path, before, after, rosters, [each for each in findings if _anywhere(each) not in known]
        )


@contextmanager
def editing(folder: Path, at: datetime, feeds: Feeds = no_feeds) -> Iterator[RosterEditor]:
    """Give an editor of the rosters of a folder; other commands wait until the block ends.

    Raises `InvalidConfiguration` when they hold errors already, and `FileIsChanging`.
    """
    with only_editor(folder):
        yield RosterEditor(folder, at, feeds)


def _tails() -> Iterator[str]:
    yield ""
    number = 2
    while True:
        yield f"-{number}"
        number += 1


def _anywhere(finding: Finding) -> Finding:
    """Return a finding without its place, which moves with the lines above it."""
    return replace(finding, line=0, column=0)
