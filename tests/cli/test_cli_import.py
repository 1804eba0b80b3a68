"""`astreinte import`: files that are written or printed, a report, and nothing overwritten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ari_app.cli.import_ import FilesInTheWay, UnknownSource
from ari_app.cli.main import app
from ari_app.roster.book import load_rosters

EXPORTS = Path(__file__).parent.parent / "imports" / "exports"
CALENDARS = Path(__file__).parent.parent / "roster" / "calendars"
runner = CliRunner()


def test_the_files_are_printed_and_the_report_is_apart() -> None:
    result = runner.invoke(app, ["import", "pagerduty", str(EXPORTS / "pagerduty.json")])
    assert result.exit_code == 0
    assert result.stdout.startswith("# agents.yaml\n")
    assert "# support-n1.yaml\n" in result.stdout
    assert "What has no equivalent" in result.stderr
    assert "Without a telephone: bruno-petit, chloe-durand" in result.stderr


def test_nothing_is_overwritten_and_then_nothing_is_written(tmp_path: Path) -> None:
    words = ["import", "goalert", str(EXPORTS / "goalert.json"), "--output", str(tmp_path / "new")]
    assert runner.invoke(app, words).exit_code == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert set(written) == {"agents.yaml", "support.yaml"}
    (tmp_path / "new/agents.yaml").unlink()
    with pytest.raises(FilesInTheWay, match=r"support\.yaml"):
        runner.invoke(app, words, catch_exceptions=False)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["support.yaml"]


@pytest.mark.parametrize("sample", sorted(path.name for path in CALENDARS.iterdir()))
def test_a_calendar_becomes_a_team_whose_layer_it_is(tmp_path: Path, sample: str) -> None:
    words = ["import", "pagerduty", str(CALENDARS / sample), "-o", str(tmp_path)]
    assert runner.invoke(app, words, catch_exceptions=False).exit_code == 0
    agents = tmp_path / "agents.yaml"
    agents.write_text(agents.read_text().replace("phones: []", "phones: [sip:none]"))
    _, findings = load_rosters(tmp_path, at=datetime(2026, 11, 23, tzinfo=UTC))
    assert [str(each) for each in findings if each.severity == "error" or "unknown" in each.message] == []


def test_an_unknown_product_and_a_missing_file_are_told() -> None:
    with pytest.raises(UnknownSource, match="pagerdutty") as told:
        runner.invoke(app, ["import", "pagerdutty", "x.json"], catch_exceptions=False)
    assert told.value.remedy == "did you mean `pagerduty`?"
    result = runner.invoke(app, ["import", "pagerduty", "nowhere.json"])
    assert isinstance(result.exception, FileNotFoundError)  # which `main` tells in one line
