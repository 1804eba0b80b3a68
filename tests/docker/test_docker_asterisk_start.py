"""What the Asterisk image tells Asterisk, from the variables that it is given."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from ari_app.core.errors import AstreinteError
from ari_app.pbx import MINIMUM, Installation, LineConfig, render

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def start_asterisk_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start_asterisk", ROOT / "docker" / "start_asterisk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "secrets").mkdir()
    return {"ASTREINTE_SECRETS": str(tmp_path / "secrets"), "ASTERISK_SIP_BIND": "127.0.0.9"}


def test_secrets_are_made_once_and_only_their_owner_reads_them(
    start_asterisk_script: ModuleType, environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"ASTERISK_PHONES": "alice, bruno", "ASTERISK_WEBRTC_PHONES": "chloe"}
    first = start_asterisk_script.configuration(environment, tmp_path)
    second = start_asterisk_script.configuration(environment, tmp_path)
    secrets = [first.ari_password, first.ami_password, *(phone.password for phone in first.phones.values())]
    assert len(set(secrets)) == 5
    assert (second.ari_password, second.ami_password, second.phones) == (
        first.ari_password,
        first.ami_password,
        first.phones,
    )
    assert {name: phone.webrtc for name, phone in first.phones.items()} == {
        "alice": False,
        "bruno": False,
        "chloe": True,
    }
    files = [*(tmp_path / "secrets").iterdir(), *(tmp_path / "phones").iterdir()]
    assert len(files) == 5
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_secret_that_the_admin_chose_is_used(
    start_asterisk_script: ModuleType, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "secrets" / "ASTREINTE_ARI__PASSWORD").write_text("chosen\n", "utf-8")
    assert start_asterisk_script.configuration(environment, tmp_path).ari_password == "chosen"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"ASTERISK_TRUNK_HOTS": "sip.example.net"}, "ASTERISK_TRUNK_HOST"),
        ({"ASTERISK_RTP_START": "ten"}, "whole number"),
        ({"ASTERISK_PHONES": "../../etc/passwd"}, "cannot be named"),
    ],
)
def test_a_wrong_variable_is_told_before_anything_is_written(
    wrong: dict[str, str],
    told: str,
    start_asterisk_script: ModuleType,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    with pytest.raises(AstreinteError, match=told):
        start_asterisk_script.configuration(environment | wrong, tmp_path)
    assert not (tmp_path / "phones").exists()


def test_a_variable_has_the_type_of_its_word(
    start_asterisk_script: ModuleType, environment: dict[str, str], tmp_path: Path
) -> None:
    given = {"ASTERISK_RTP_END": "10999", "ASTERISK_PERMIT": "127.0.0.0/8", "ASTERISK_TRUNK_HOST": ""}
    config = start_asterisk_script.configuration(environment | given, tmp_path)
    assert (config.rtp_end, config.permit, config.sip_port) == (10999, "127.0.0.0/8", 5060)
    assert config.trunk_host == LineConfig(run_dir=tmp_path).trunk_host


def test_every_variable_of_compose_is_known_and_reaches_asterisk(
    start_asterisk_script: ModuleType, environment: dict[str, str], tmp_path: Path
) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    named = compose["services"]["asterisk"]["environment"]
    given = {
        name: "20001" if name.endswith(("PORT", "START", "END")) else "192.0.2.7"
        for name in named
        if name.startswith("ASTERISK_")
    }
    config = start_asterisk_script.configuration(environment | given, tmp_path)
    installation = Installation(MINIMUM, tmp_path, tmp_path, tmp_path, tmp_path)
    etc = render(ROOT / "asterisk_conf", installation, config, overlay=ROOT / "docker/asterisk_conf") / "etc"
    rendered = "".join(path.read_text("utf-8") for path in etc.iterdir())
    assert "bind = 192.0.2.7:20001" in rendered
    assert "contact = sip:192.0.2.7:20001" in rendered
    assert "match = 192.0.2.7" in rendered
    assert "rtpstart = 20001" in rendered
    assert "[192.0.2.7](webrtc-phone)" in rendered or "[192.0.2.7](phone)" in rendered
    assert "console => notice,warning,error,security" in rendered
