"""New versions of the files, taken into use while calls go on: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..core.errors import AstreinteError
from ..core.findings import Finding, InvalidConfiguration
from ..core.logs import get_logger
from ..core.settings import Settings

log = get_logger(__name__)

LIVE = frozenset({"rosters", "flows", "lines", "dial", "limits"})
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

    def accept(self, findings: Sequence[Finding]) -> None:
        """Note that a new version is in force."""
        self.since = datetime.now(UTC)
        self.reloaded += 1
        self.findings = findings

    def reject(self, error: AstreinteError, findings: Sequence[Finding] = ()) -> None:
        """Note, and log, that a new version is not taken into use."""
        if isinstance(error, InvalidConfiguration):
            findings = error.findings
        self.rejected += 1
        self.findings = findings
        errors = [finding for finding in findings if finding.severity == "error"]
        log.error(
            "config.rejected",
            reason=f"{len(errors)} errors in the files" if errors else error.message,
            findings=[brief(finding) for finding in errors[:TOLD]],
            remedy="run `astreinte check`, mend what it names, then reload again" if errors else error.remedy,
            in_force_since=self.since.isoformat(timespec="seconds"),
        )


def warn(findings: Sequence[Finding]) -> None:
    """Log what is odd in files that are in force all the same."""
    for finding in findings:
        if finding.severity == "warning":
            log.warning("config.warning", finding=brief(finding), remedy=finding.remedy)


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
