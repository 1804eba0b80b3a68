"""What an admin is warned of at the instant of a check."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ari_app.core.findings import Finding
from ari_app.roster.book import load_rosters

DATED = """\
team: support
timezone: Europe/Paris
agents: {alice: {phones: [sip:alice]}, bruno: {phones: [sip:bruno]}}
layers:
  - id: ete
    rotation: {members: [alice]}
    effective: {from: 2026-06-01, until: 2026-09-01}
  - id: hiver
    rotation: {anchor: 2026-12-01T08:00, every: {weeks: 1}, members: [alice, bruno]}
escalation: [{ring: on-call}, {ring: [alice]}]
"""


def warnings_at(folder: Path, at: str | None) -> list[Finding]:
    (folder / "support.yaml").write_text(DATED)
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    book, findings = load_rosters(folder, at=instant)
    assert book is not None
    assert all(finding.severity != "error" for finding in findings)
    return [finding for finding in findings if "the layer" in finding.message]


def test_a_layer_that_is_over_is_warned_of(tmp_path: Path) -> None:
    assert "ete" not in str(warnings_at(tmp_path, "2026-08-31T21:59"))
    over, _ = warnings_at(tmp_path, "2026-08-31T22:00")  # midnight in Paris
    assert (over.line, over.column) == (7, 42)
    assert over.message == "the layer `ete` is over"


def test_a_layer_whose_first_handoff_is_to_come_is_warned_of(tmp_path: Path) -> None:
    (ahead,) = warnings_at(tmp_path, "2026-08-01T00:00")
    assert (ahead.line, ahead.column) == (9, 24)
    assert ahead.message == "the layer `hiver` has nobody before its first handoff"
    assert "hiver" not in str(warnings_at(tmp_path, "2026-12-01T07:00"))


def test_without_an_instant_nothing_is_said_of_dates(tmp_path: Path) -> None:
    assert warnings_at(tmp_path, None) == []
