"""What an admin should know about the next weeks, of files that hold no error: one rule a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from ..core.findings import Finding
from .clashes import backups_that_are_no_others, two_teams_at_once
from .files import RosterFiles
from .gaps import times_without_anybody
from .notice import Published, notice_findings
from .odd_lengths import shifts_of_odd_length
from .outlook import Outlook
from .rest import too_little_rest
from .shares import unfair_shares
from .stand_ins import overrides_without_effect
from .team import Team

RULES: tuple[Callable[[Outlook], Iterable[Finding]], ...] = (
    times_without_anybody,
    two_teams_at_once,
    backups_that_are_no_others,
    overrides_without_effect,
    unfair_shares,
    shifts_of_odd_length,
    too_little_rest,
)


def look_ahead(
    files: RosterFiles, teams: Mapping[str, Team], at: datetime, published: Published | None = None
) -> list[Finding]:
    """Return the warnings and notes about the 60 days after an instant.

    With what was `published` before, also about changes since that come too late.
    """
    outlook = Outlook(files, teams, at)
    findings = [finding for rule in RULES for finding in rule(outlook)]
    if published is not None:
        findings += notice_findings(published, outlook)
    return findings
