"""However the settings are spoilt: findings with their places, or settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from ari_app.core.findings import InvalidConfiguration
from ari_app.core.settings import load_settings

from ..hostile import are_at_their_places, bounded
from ..mutations import spoilt_bytes, spoilt_values

GOOD = """\
rosters: rosters
flows: ivr_flows
data: var
database: "sqlite:///records.db"
lines: {default: accueil, "0199001234": nuit}
ari: {url: "http://127.0.0.1:8088/ari", username: astreinte, password: hush, app: astreinte}
ami: {host: 127.0.0.1, port: 5038, username: astreinte, password: hush}
agi: {host: 127.0.0.1, port: 4573}
asterisk:
  managed: true
  sip_address: 127.0.0.1
  sip_port: 5060
  templates: asterisk_conf
  phones: [alice, bruno]
  call_seconds: 10800
dial: {trunk: trunk, number_format: e164, caller_id: caller, accept_seconds: 10.0}
limits: {calls: 1000, drain_seconds: 30.0}
prompts: {engine: command, command: [say, "-w"], recordings: prompts, folder: var/prompts}
log: {format: auto, level: info, file: var/log, mask_numbers: true}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the settings are."""
    return tmp_path_factory.mktemp("settings") / "astreinte.yaml"


def is_withstood(path: Path, content: bytes) -> bool:
    """Check what becomes of such settings; tell whether they are good."""
    path.write_bytes(content)
    try:
        load_settings(path)
    except InvalidConfiguration as error:
        assert error.findings
        are_at_their_places(error.findings, path, content)
        return False
    return True


def test_what_is_spoilt_is_good_before_it_is_spoilt(path: Path) -> None:
    assert is_withstood(path, GOOD.encode())


@given(spoilt_values(GOOD))
@bounded
def test_no_value_in_any_field_makes_the_settings_fall_over(path: Path, content: bytes) -> None:
    is_withstood(path, content)


@given(spoilt_bytes(GOOD))
@bounded
def test_no_bytes_make_the_settings_fall_over(path: Path, content: bytes) -> None:
    is_withstood(path, content)
