"""Templates become a private run folder."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from ari_app.pbx import AsteriskConfig, Installation, InvalidTemplate, LineConfig, Phone, render
from ari_app.pbx.render import fill

TEMPLATES = Path(__file__).parents[2] / "asterisk_conf"
HERE = Path("pjsip.conf")


def config(run_dir: Path, **words: object) -> LineConfig:
    return LineConfig(run_dir=run_dir, sip_port=5060, http_port=8088, ami_port=5038, **words)  # type: ignore[arg-type]  # fields by name, each test its own


def test_files_with_secrets_are_readable_by_their_owner_alone(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    run_dir = render(TEMPLATES, asterisk_installation, config(tmp_path / "run", phones={"alice": Phone()}))
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    files = [*(run_dir / "etc").iterdir(), run_dir / "astreinte.json"]
    assert {path.name for path in TEMPLATES.glob("*.conf")} <= {path.name for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_secrets_are_new_each_time_and_never_shown(tmp_path: Path) -> None:
    one, other = (config(tmp_path / "run", phones={"alice": Phone()}) for _ in range(2))
    secrets = [
        secret
        for c in (one, other)
        for secret in (c.ari_password, c.ami_password, c.phones["alice"].password)
    ]
    assert len(set(secrets)) == 6
    assert all(len(secret) >= 43 for secret in secrets)  # 256 bits in base64
    assert not [secret for secret in secrets if secret in f"{one!r} {other!r}"]


def test_other_programs_find_the_line_by_its_run_folder(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    written = config(tmp_path / "run", phones={"alice": Phone(webrtc=True)}, trunk_host="192.0.2.1")
    render(TEMPLATES, asterisk_installation, written)
    assert LineConfig.load(tmp_path / "run") == written


def test_rendering_again_keeps_what_asterisk_wrote(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    run_dir = render(TEMPLATES, asterisk_installation, config(tmp_path / "run"))
    (run_dir / "lib" / "astdb.sqlite3").write_text("kept")
    render(TEMPLATES, asterisk_installation, config(tmp_path / "run"))
    assert (run_dir / "lib" / "astdb.sqlite3").read_text() == "kept"


def test_file_of_the_overlay_takes_the_place_of_the_templates(
    tmp_path: Path, asterisk_installation: Installation
) -> None:
    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "rtp.conf").write_text("[general]\nrtpstart = @rtp_start@\n")
    run_dir = render(
        TEMPLATES,
        asterisk_installation,
        AsteriskConfig(run_dir=tmp_path / "run"),
        overlay=overlay_of(overlay),
    )
    assert (run_dir / "etc/rtp.conf").read_text() == "[general]\nrtpstart = 10000\n"


def overlay_of(folder: Path) -> Path:
    # AsteriskConfig has none of the line's own words: those files are replaced too.
    for name in ("pjsip.conf", "extensions.conf"):
        (folder / name).write_text("[general]\n")
    return folder


def test_word_without_a_value_is_named_with_its_place() -> None:
    with pytest.raises(InvalidTemplate, match=r"pjsip\.conf:2: @sip_prot@ has no value"):
        fill("[transport]\nbind = @sip_prot@\n", {"sip_port": "5060"}, HERE)


@pytest.mark.parametrize("value", ["192.0.2.1\nallow = all", "192.0.2.1\rx", "192.0.2.1;x"])
def test_value_cannot_break_out_of_its_line(value: str) -> None:
    with pytest.raises(InvalidTemplate, match="line break or `;`"):
        fill("match = @trunk_match@\n", {"trunk_match": value}, HERE)


def test_comments_keep_the_words_that_they_explain() -> None:
    text = "; @phones@ one block a phone\n@phones@\n"
    assert fill(text, {"phones": "[alice]\ntype = endpoint"}, HERE) == (
        "; @phones@ one block a phone\n[alice]\ntype = endpoint\n"
    )


@pytest.mark.parametrize("name", ["trunk", "global", "a b", "é", "", "x\n[y]", "-a", "phone"])
def test_phone_name_that_asterisk_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidTemplate, match="cannot be named"):
        config(tmp_path, phones={name: Phone()})


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.conf")), ids=lambda path: path.name)
def test_each_word_of_a_template_is_explained_at_its_head(path: Path) -> None:
    head, _, rest = path.read_text("utf-8").partition("\n\n")
    settings = [line for line in rest.splitlines() if not line.lstrip().startswith(";")]
    words = set(re.findall(r"@([a-z0-9_]+)@", "\n".join(settings)))
    assert words - set(re.findall(r"@([a-z0-9_]+)@", head)) == set()


def test_empty_folder_is_no_template(tmp_path: Path, asterisk_installation: Installation) -> None:
    with pytest.raises(InvalidTemplate, match=r"holds no \*\.conf file"):
        render(tmp_path, asterisk_installation, config(tmp_path / "run"))
