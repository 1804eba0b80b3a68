"""All files read and checked for a running line: its settings, its books, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import AstreinteError
from ..core.findings import Finding, InvalidConfiguration
from ..core.settings import FILE, Settings, load_settings
from ..roster.files import KnownFiles
from .books import Books, read_books
from .files import look, settings_folders
from .reloading import waiting_for_a_restart

TRIES = 3
"""How often files that change while they are read are read again."""
MOST = 50
"""Findings that are handed over; `astreinte check` tells them all."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The settings file of a running line (None: `astreinte.yaml` here, if there is one), and what it said at
    the start."""

    path: Path | None
    at_start: Settings

    @property
    def file(self) -> Path:
        """Where it is, or would be."""
        return self.path or Path.cwd() / FILE


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and what was found; books only if there is no error.

    `problem` and `remedy` tell of what is in none of the files. `waiting` are the settings that changed and
    need a restart.
    """

    settings: Settings | None = None
    books: Books | None = None
    findings: Sequence[Finding] = ()
    errors: int = 0
    problem: str = ""
    remedy: str = ""
    waiting: Sequence[str] = ()


def read(asked: Settings | SettingsFile, known: KnownFiles | None = None) -> Reading:
    """Read and check everything, again if it changed meanwhile: half of a change is never what was meant.

    Roster files that are `known`, and hold the same, are not read again.
    """
    known = known or KnownFiles()
    for _ in range(TRIES):
        file = look([asked.file]) if isinstance(asked, SettingsFile) else {}
        try:
            settings = load_settings(asked.path) if isinstance(asked, SettingsFile) else asked
        except InvalidConfiguration as error:
            return Reading(findings=error.findings[:MOST], errors=len(error.findings))
        except AstreinteError as error:
            return Reading(problem=error.message, remedy=error.remedy)
        folders = settings_folders(settings)
        seen = file | look(folders)
        books, findings = read_books(settings, known=known)
        if seen == look([*map(Path, file), *folders]):
            return _reading(asked, settings, books, findings)
    problem = "the files keep changing while they are read"
    return Reading(problem=problem, remedy="see what writes them; they are read again at the next change")


def _reading(
    asked: Settings | SettingsFile, settings: Settings, books: Books | None, findings: list[Finding]
) -> Reading:
    findings.sort(key=lambda finding: finding.severity)  # errors first
    if books is not None:
        books.rosters.pack()
    return Reading(
        settings=settings,
        books=books,
        findings=findings[:MOST],
        errors=sum(finding.severity == "error" for finding in findings),
        waiting=waiting_for_a_restart(asked.at_start, settings) if isinstance(asked, SettingsFile) else (),
    )
