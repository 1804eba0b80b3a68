"""What holds of every file, however spoilt: findings at places that are in it, or something that works."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hypothesis import HealthCheck, settings

from ari_app.core.findings import Finding

bounded = settings(
    derandomize=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""A few seconds of the same examples every time; raise `max_examples` to look for more by hand."""
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def are_at_their_places(findings: Iterable[Finding], path: Path, content: bytes) -> None:
    """Check that each finding can be printed, says everything, and points to a place that is in its file."""
    lines = _LINE_END.split(content.decode("utf-8-sig", "replace"))
    for finding in findings:
        shown = str(finding)
        assert len(shown.splitlines()) == 4, shown
        shown.encode()  # no lone surrogates
        assert finding.message and finding.found and finding.expected and finding.remedy, shown
        if finding.file == path:
            assert 1 <= finding.line <= len(lines), shown
            assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1, shown
