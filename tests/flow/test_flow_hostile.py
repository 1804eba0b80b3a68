"""However a flow is spoilt: findings with their places, or a book of flows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from ari_app.flow.book import load_flows

from ..hostile import are_at_their_places, bounded
from ..mutations import spoilt_bytes, spoilt_values

SHIPPED = (Path(__file__).parents[2] / "ivr_flows" / "accueil.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only flow of a folder."""
    return tmp_path_factory.mktemp("flows") / "accueil.yaml"


def is_withstood(path: Path, content: bytes) -> bool:
    """Check what becomes of a folder with such a flow; tell whether it is a good one."""
    path.write_bytes(content)
    book, findings = load_flows(path.parent)
    are_at_their_places(findings, path, content)
    assert (book is None) == any(finding.severity == "error" for finding in findings)
    if book is not None:
        assert book.prompts()
        assert book.reasons_wanted()
    return book is not None


def test_what_is_spoilt_is_good_before_it_is_spoilt(flow: Path) -> None:
    assert is_withstood(flow, SHIPPED.encode())


@given(spoilt_values(SHIPPED))
@bounded
def test_no_value_in_any_field_makes_a_flow_fall_over(flow: Path, content: bytes) -> None:
    is_withstood(flow, content)


@given(spoilt_bytes(SHIPPED))
@bounded
def test_no_bytes_make_a_flow_fall_over(flow: Path, content: bytes) -> None:
    is_withstood(flow, content)
