"""New versions of the files, taken into use while calls go on: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..core.errors import AstreinteError
from ..core.findings import Finding
from ..core.logs import get_logger
from ..core.settings import Settings

log = get_logger(__name__)

LIVE = frozenset(
    {
        "rosters",
        "flows",
        "callers",
        "lines",
        "calendars",
        "dial",
        "keys",
        "limits",
        "notify",
        "messages",
        "callbacks",
    }
)
"""The settings that a running line takes over; the others hold from start to stop."""
TOLD = 20
"""Findings in one line of the log; `astreinte check` tells them all."""


@dataclass(slots=True)
class Version:
    """Which version of the files is in force, and what became of later ones."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    reloaded: int = 0
    rejected: int = 0
    findings: Sequence[Finding] = ()
    """What was found when the files were last read: warnings, and the errors if they were rejected."""
    rejection: Rejection | None = None
    """Why the files as they were last read are not in force; None when they are."""
    waiting: Sequence[str] = ()
    """The settings that changed and hold from the next start on."""

    def accept(self, findings: Sequence[Finding]) -> None:
        """Note that a new version is in force."""
        self.since = datetime.now(UTC)
        self.reloaded += 1
        self.findings = findings
        self.rejection = None

    def reject(self, rejection: Rejection, findings: Sequence[Finding] = (), *, again: bool = True) -> None:
        """Note, and log, that a new version is not taken into use.

        What was rejected for the same reasons before counts and is logged once, unless it is to be told
        `again`: somebody asked.
        """
        if rejection == self.rejection and not again:
            return
        self.rejected += 1
        self.findings = findings
        self.rejection = rejection
        log.error(
            "config.rejected",
            reason=rejection.reason,
            findings=rejection.findings,
            remedy=rejection.remedy,
            in_force_since=self.since.isoformat(timespec="seconds"),
        )

    def wait_for_a_restart(self, names: Sequence[str]) -> None:
        """Log, once, which settings hold from the next start on."""
        for name in names:
            if name not in self.waiting:
                log.warning("config.needs_restart", setting=name, remedy="restart the line to use it")
        self.waiting = names


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a version of the files was not taken into use, as it is logged."""

    reason: str
    remedy: str
    findings: Sequence[str] = ()

    @classmethod
    def of(cls, error: AstreinteError) -> Rejection:
        """Return what an error says."""
        return cls(error.message, error.remedy)

    @classmethod
    def by(cls, findings: Sequence[Finding], errors: int) -> Rejection:
        """Return what findings say, of which some are errors."""
        found = [brief(finding) for finding in findings if finding.severity == "error"]
        many = "1 error" if errors == 1 else f"{errors} errors"
        remedy = "run `astreinte check`, and mend what it names"
        return cls(f"{many} in the files", remedy, found[:TOLD])


def warn(findings: Sequence[Finding]) -> None:
    """Log what is odd in files that are in force all the same."""
    warnings = [finding for finding in findings if finding.severity == "warning"]
    for finding in warnings[:TOLD]:
        log.warning("config.warning", finding=brief(finding), remedy=finding.remedy)
    if len(warnings) > TOLD:
        log.warning("config.more_warnings", remedy="run `astreinte check`, which tells them all")


def brief(finding: Finding) -> str:
    """Return a finding in one line."""
    return f"{finding.file}:{finding.line}:{finding.column}: {finding.message}"


def taken_over(running: Settings, fresh: Settings) -> Settings:
    """Return the settings of a running line with those parts of `fresh` that it can take over."""
    return running.model_copy(update={name: getattr(fresh, name) for name in LIVE})


def waiting_for_a_restart(started_with: Settings, fresh: Settings) -> list[str]:
    """Return the names of the settings that changed and hold from the next start on."""
    return [
        name
        for name in Settings.model_fields
        if name not in LIVE and getattr(started_with, name) != getattr(fresh, name)
    ]
