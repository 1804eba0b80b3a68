"""Where the newest Asterisk is looked for, on machines of many kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.pbx.apt_sources import AptSource, newest_sources

DEBIAN = 'ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
UBUNTU = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n"
MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n'
KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"

DEBIAN_822 = f"""\
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main contrib
Signed-By: {KEY}

Types: deb
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components: main
Signed-By: {KEY}
"""

SID = AptSource("http://mirror.example/debian", "sid", "main", KEY)
DEVEL = AptSource("http://ubuntu.example/ubuntu/", "devel", "main universe", "/k.gpg")


def machine(tmp_path: Path, os_release: str, **files: str) -> list[AptSource]:
    apt = tmp_path / "apt"
    (apt / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        folder = apt if name == "sources_list" else apt / "sources.list.d"
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    release = tmp_path / "os-release"
    release.write_text(os_release, "utf-8")
    return newest_sources(apt, release)


def test_debian_mirror_of_the_machine_is_asked_for_sid(tmp_path: Path) -> None:
    assert machine(tmp_path, DEBIAN, debian_sources=DEBIAN_822) == [SID]


@pytest.mark.parametrize(
    "line",
    [
        f"deb [signed-by={KEY}] http://mirror.example/debian trixie main",
        f"deb [arch=amd64 signed-by={KEY}]   http://mirror.example/debian   stable  main contrib # ours",
        f"  deb [ signed-by={KEY} arch=amd64 ] http://mirror.example/debian bookworm main",
    ],
)
def test_one_line_sources_are_understood(tmp_path: Path, line: str) -> None:
    assert machine(tmp_path, DEBIAN, sources_list=f"# comment\n\n{line}\n") == [SID]


def test_source_without_a_key_of_its_own_keeps_to_the_keys_that_the_machine_trusts(tmp_path: Path) -> None:
    found = machine(tmp_path, DEBIAN, sources_list="deb http://mirror.example/debian trixie main\n")
    assert found == [AptSource("http://mirror.example/debian", "sid", "main")]
    assert "Signed-By" not in found[0].deb822("amd64")


def test_key_that_is_written_out_is_kept_line_by_line(tmp_path: Path) -> None:
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----"
    text = (
        f"Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nSigned-By:{key}\nComponents: main"
    )
    (source,) = machine(tmp_path, DEBIAN, debian_sources=text)
    assert source.signed_by == key
    assert source.deb822("arm64").endswith(f"Signed-By: {key}\n")


def test_two_suites_of_one_mirror_are_one_place_to_look(tmp_path: Path) -> None:
    line = f"deb [signed-by={KEY}] http://mirror.example/debian trixie main\n"
    assert machine(tmp_path, DEBIAN, sources_list=line + line.replace("trixie", "forky")) == [SID]


@pytest.mark.parametrize(
    "text",
    [
        "deb-src http://mirror.example/debian trixie main\n",
        "#deb http://mirror.example/debian trixie main\n",
        "deb http://third.example/apt trixie-pgdg main\n",
        "deb http://third.example/linux/debian trixie stable\n",
        "deb cdrom:[Debian 13]/ trixie main\n",
        "deb http://mirror.example/debian\n",
        "",
    ],
)
def test_what_is_no_debian_mirror_is_left_alone(tmp_path: Path, text: str) -> None:
    assert machine(tmp_path, DEBIAN, sources_list=text) == []


def test_source_that_is_switched_off_is_left_alone(tmp_path: Path) -> None:
    assert machine(tmp_path, DEBIAN, debian_sources=DEBIAN_822.replace("Types:", "Enabled: no\nTypes:")) == []


@pytest.mark.parametrize("release", [UBUNTU, MINT])
def test_ubuntu_is_asked_for_its_release_in_preparation(tmp_path: Path, release: str) -> None:
    text = "deb [signed-by=/k.gpg] http://ubuntu.example/ubuntu/ noble main universe\n"
    assert machine(tmp_path, release, sources_list=text) == [DEVEL]


def test_ubuntu_with_a_debian_mirror_looks_there_first(tmp_path: Path) -> None:
    text = "deb [signed-by=/k.gpg] http://ubuntu.example/ubuntu/ noble main\n"
    found = machine(tmp_path, UBUNTU, sources_list=text, debian_sources=DEBIAN_822)
    assert found == [SID, DEVEL]


def test_source_that_the_admin_names_beats_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTREINTE_APT_SOURCE", f"deb [signed-by={KEY}] http://near.example/debian sid main")
    found = machine(tmp_path, DEBIAN, debian_sources=DEBIAN_822)
    assert found == [AptSource("http://near.example/debian", "sid", "main", KEY)]
