"""The document that tells how calls end, held against the code."""

from __future__ import annotations

import re
from pathlib import Path

from ari_app.call.outcome import leg_result
from ari_app.records.facts import LegResult, Outcome

DOCUMENT = (Path(__file__).parents[2] / "docs/outcomes.md").read_text("utf-8")
TABLES = {
    title: set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE))
    for title, table in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
}


def test_every_outcome_is_explained() -> None:
    assert TABLES["Outcomes of calls"] == set(Outcome)


def test_every_result_of_an_attempt_is_explained() -> None:
    assert TABLES["Results of attempts"] == set(LegResult)


def test_every_sip_status_leads_to_the_result_that_is_written() -> None:
    for result in ("busy", "declined", "unreachable"):
        row = re.search(rf"^\| `{result}` \| SIP ([0-9, or]+)", DOCUMENT, re.MULTILINE)
        assert row is not None
        for status in re.findall(r"\d{3}", row[1]):
            assert leg_result("", None, int(status)) == result
