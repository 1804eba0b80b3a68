"""A country in the settings is one that has telephone numbers, or whoever wrote it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.core.findings import InvalidConfiguration
from ari_app.core.settings import load_settings


@pytest.mark.parametrize("country", ["FR", "GB", "RE"])
def test_a_country_is_taken_by_its_code(country: str, tmp_path: Path) -> None:
    path = tmp_path / "astreinte.yaml"
    path.write_text(f"callbacks: {{country: {country}}}\n")
    assert load_settings(path).callbacks.country == country


@pytest.mark.parametrize("country", ["UK", "fr", "FRA", "France", "33", "[FR]"])
def test_a_country_that_is_none_is_found_and_not_taken_for_one_without_numbers(
    country: str, tmp_path: Path
) -> None:
    path = tmp_path / "astreinte.yaml"
    path.write_text(f"callbacks: {{country: {country}}}\n")
    with pytest.raises(InvalidConfiguration) as caught:
        load_settings(path)
    (finding,) = caught.value.findings
    assert (finding.line, finding.column, finding.message) == (1, 22, "this is not a country")
    assert "`GB`, not `UK`" in finding.remedy
