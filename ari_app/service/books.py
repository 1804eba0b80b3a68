"""The files that admins write, read together: rosters, flows, and what each asks of the other."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.findings import Finding, InvalidConfiguration
from ..core.settings import Settings
from ..flow.book import FlowBook, load_flows
from ..roster.book import RosterBook, load_rosters


@dataclass(frozen=True, slots=True)
class Books:
    """One version of all the files, checked as a whole."""

    rosters: RosterBook
    flows: FlowBook


def read_books(settings: Settings) -> tuple[Books | None, list[Finding]]:
    """Read and check every roster and flow; without an error there are books, and the rest are warnings."""
    rosters, findings = load_rosters(settings.rosters)
    flows, more = load_flows(settings.flows)
    findings = [*findings, *more]
    if rosters is not None and flows is not None:
        findings += rosters.check_reasons(flows.reasons_wanted())
        findings += _lines_without_a_flow(settings, flows)
    errors = [finding for finding in findings if finding.severity == "error"]
    if rosters is None or flows is None or errors:
        return None, sorted(findings)
    return Books(rosters, flows), sorted(findings)


def _lines_without_a_flow(settings: Settings, flows: FlowBook) -> list[Finding]:
    return [
        Finding(
            file=settings.flows,
            line=1,
            column=1,
            message=f"the line `{line}` is served by a flow that does not exist",
            found=f"lines: {line}: {name}",
            expected="one of " + ", ".join(sorted(flows.flows)),
            remedy=f"write {settings.flows / name}.yaml, or name another flow under `lines` in the settings",
        )
        for line, name in settings.lines.items()
        if name not in flows.flows
    ]


def open_books(settings: Settings) -> tuple[Books, list[Finding]]:
    """Return the books and the warnings. Raises `InvalidConfiguration` with every error."""
    books, findings = read_books(settings)
    if books is None:
        raise InvalidConfiguration([each for each in findings if each.severity == "error"])
    return books, findings
