"""Who is newly on call is told 15 days ahead, or one clear day where the circumstances are exceptional."""
# ruff: noqa: E501 - the table reads one case a line (and is not formatted, for the same reason)

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.core.findings import Finding
from ari_app.roster.book import load_rosters
from ari_app.roster.notice import Published

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
"""A Monday, 08:00 in Paris."""
EXCEPTIONAL = ", exceptional: true"
TEXT = """\
team: support
timezone: Europe/Paris
agents: {{alice: {{phones: [sip:alice]}}, bruno: {{phones: [sip:bruno]}}}}
layers:
  - id: nuit
    kind: {kind}
    rotation: {{members: [{member}]}}
overrides: [{override}]
escalation: [{{ring: on-call}}, {{ring: [alice, bruno]}}]
"""


@dataclass(frozen=True)
class Announced:
    """A shift as it was published."""

    start: datetime
    end: datetime
    agents: tuple[str, ...]


def too_late(
    folder: Path,
    override: str = "",
    *,
    member: str = "alice",
    kind: str = "astreinte",
    known_days: int = 60,
    told_at: datetime = NOW,
) -> list[Finding]:
    """Return what is told of a change since alice was published to be always on call."""
    (folder / "support.yaml").write_text(TEXT.format(kind=kind, member=member, override=override))
    until = NOW + timedelta(days=known_days)
    before = Published([Announced(NOW - timedelta(days=9), until, ("alice",))], until, told_at)
    book, findings = load_rosters(folder, NOW, published=lambda content: before if content else None)
    assert book is not None
    return [finding for finding in findings if "too late" in finding.message]


def away(start: str, end: str, more: str = "") -> str:
    return f"{{id: conge, from: {start}, to: {end}, replace: alice, with: bruno{more}}}"


# fmt: off
CASES = {
    # the override, added on 23 November → what is told too late
    "none": ("", None),
    "15 days ahead": (away("2026-12-08T00:00", "2026-12-09T00:00"), None),
    "an hour less": (away("2026-12-07T23:00", "2026-12-09T00:00"), "Mon 2026-12-07 23:00+01:00 to Tue 2026-12-08 00:00+01:00"),
    "tomorrow": (away("2026-11-24T20:00", "2026-11-25T08:00"), "Tue 2026-11-24 20:00+01:00 to Wed 2026-11-25 08:00+01:00"),
    "tomorrow, exceptionally": (away("2026-11-24T20:00", "2026-11-25T08:00", EXCEPTIONAL), "Tue 2026-11-24 20:00+01:00 to Wed 2026-11-25 00:00+01:00"),
    "the day after, exceptionally": (away("2026-11-25T00:00", "2026-11-26T08:00", EXCEPTIONAL), None),
    "the day after": (away("2026-11-25T00:00", "2026-11-26T08:00"), "Wed 2026-11-25 00:00+01:00 to Thu 2026-11-26 08:00+01:00"),
}
# fmt: on


@pytest.mark.parametrize("case", CASES)
def test_an_override_is_told_of_in_time_or_warned_of(tmp_path: Path, case: str) -> None:
    override, span = CASES[case]
    findings = too_late(tmp_path, override)
    assert [each.found for each in findings] == ([f"told on 2026-11-23 of {span}"] if span else [])
    for each in findings:
        assert each.message == "`bruno` is told too late of being on call"
        assert (each.line, TEXT.split("\n")[each.line - 1][:9]) == (8, "overrides")


def test_another_rotation_is_a_change_too_and_points_to_its_layer(tmp_path: Path) -> None:
    (finding,) = too_late(tmp_path, member="bruno")
    assert finding.found == "told on 2026-11-23 of Mon 2026-11-23 08:00+01:00 to Tue 2026-12-08 00:00+01:00"
    assert (finding.line, finding.column) == (5, 9)


def test_to_be_relieved_needs_no_notice(tmp_path: Path) -> None:
    (tmp_path / "support.yaml").write_text(TEXT.format(kind="astreinte", member="alice", override=""))
    both = [Announced(NOW, NOW + timedelta(days=60), ("alice", "bruno"))]
    before = Published(both, NOW + timedelta(days=60), NOW)
    _, findings = load_rosters(tmp_path, NOW, published=lambda _: before)
    assert "too late" not in str(findings)


def test_a_permanence_is_work_and_has_rules_of_its_own(tmp_path: Path) -> None:
    assert too_late(tmp_path, member="bruno", kind="permanence") == []


def test_what_was_not_published_yet_is_no_change(tmp_path: Path) -> None:
    assert too_late(tmp_path, away("2026-11-30T08:00", "2026-12-01T08:00"), known_days=5) == []


def test_what_is_in_force_already_was_told_when_it_came_into_force(tmp_path: Path) -> None:
    override = away("2026-12-01T08:00", "2026-12-02T08:00")
    assert too_late(tmp_path, override, told_at=NOW - timedelta(days=6)) != []
    assert too_late(tmp_path, override, told_at=NOW - timedelta(days=7)) == []
