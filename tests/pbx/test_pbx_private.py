"""Packages are unpacked for us alone, however often it is interrupted and however many do it at once.

They come from this machine's own mirror, through the same code as Asterisk's; only the packages are smaller.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ari_app.pbx import AsteriskUnavailable, Installation, Progress, find_asterisk
from ari_app.pbx.apt import PrivateApt
from ari_app.pbx.apt_sources import newest_sources
from ari_app.pbx.pip_wheel import PIP
from ari_app.pbx.private import PackageSet, is_whole, unpack

SMALL = PackageSet("small", ("asterisk-config", "netbase"), lambda _root: None)


class Watcher:
    """Keeps what progress was told; interrupts as Ctrl-C does when something of the step `stop` is done."""

    def __init__(self, stop: str = "") -> None:
        self.told: list[Progress] = []
        self._stop = stop

    def __call__(self, progress: Progress) -> None:
        self.told.append(progress)
        if self._stop and progress.step.startswith(self._stop) and progress.done:
            raise KeyboardInterrupt

    def first(self, step: str) -> Progress:
        return next(progress for progress in self.told if progress.step.startswith(step))


@pytest.fixture(scope="module")
def package_lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mirror's list of packages: apt asks it only whether it has changed since."""
    folder = tmp_path_factory.mktemp("lists")
    PrivateApt(folder, newest_sources()[0]).update(lambda progress: None)
    return folder / "lists"


@pytest.fixture
def cache(package_lists: Path, tmp_path: Path) -> Path:
    """A cache folder where nothing is unpacked yet."""
    shutil.copytree(package_lists, tmp_path / "a cache/apt/lists", copy_function=os.link)
    return tmp_path / "a cache"


@pytest.fixture
def unpacked(cache: Path) -> Path:
    return unpack(SMALL, cache=cache)


def test_set_is_unpacked_once_and_anew_when_a_file_of_it_is_lost(
    unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {path.name for path in unpacked.parent.iterdir()} == {"small-1", "lock"}  # nothing else is kept
    packages = json.loads((unpacked / "astreinte.json").read_text())["packages"]
    assert {name.split("_")[0] for name in packages} == {"asterisk-config", "netbase"}

    file = unpacked / "etc/asterisk/extensions.conf"
    with monkeypatch.context() as without_programs:
        without_programs.setenv("PATH", "/nowhere")
        assert unpack(SMALL, cache=unpacked.parent) == unpacked

    file.unlink()
    assert not is_whole(unpacked)
    unpack(SMALL, cache=unpacked.parent)
    assert file.is_file()


def test_interrupted_set_up_goes_on_where_it_stopped_and_trusts_no_damaged_file(cache: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        unpack(SMALL, Watcher("downloading"), cache=cache)
    assert not (cache / "small-1").exists()

    second = Watcher("unpacking")
    with pytest.raises(KeyboardInterrupt):
        unpack(SMALL, second, cache=cache)
    assert second.first("downloading").done > 0
    assert not (cache / "small-1").exists()
    (unpacked,) = (cache / "small-1.partial/.unpacked").iterdir()
    first_unpacked = unpacked.stat().st_mtime_ns

    for path in (cache / "apt/archives").glob("*.deb"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF  # of the same size: apt itself would take it
        path.write_bytes(content)
    third, marks = Watcher(), set()

    def look(progress: Progress) -> None:
        third(progress)
        if progress.step.startswith("unpacking") and unpacked.exists():
            marks.add(unpacked.stat().st_mtime_ns)

    assert is_whole(unpack(SMALL, look, cache=cache))
    assert third.first("downloading").done == 0
    assert marks == {first_unpacked}  # never unpacked again


RACER = """
import sys
from pathlib import Path
from ari_app.pbx.private import PackageSet, unpack

steps = []
small = PackageSet("small", ("asterisk-config", "netbase"), lambda _root: None)
print(unpack(small, lambda progress: steps.append(progress.step), cache=Path(sys.argv[1])))
print("downloaded" if any(step.startswith("downloading") for step in steps) else "waited")
"""


def test_two_that_race_do_it_once_and_both_have_it(cache: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(cache)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [racer.communicate(timeout=120) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], said
    assert {out.splitlines()[0] for out, _ in said} == {str(cache / "small-1")}
    assert sorted(out.splitlines()[1] for out, _ in said) == ["downloaded", "waited"]
    assert is_whole(cache / "small-1")


def test_packages_that_hold_something_unusable_are_not_kept(cache: Path) -> None:
    bad = PackageSet("bad", ("netbase",), lambda _root: "it does not start")
    with pytest.raises(AsteriskUnavailable, match="it does not start"):
        unpack(bad, cache=cache)
    assert {path.name for path in cache.iterdir()} <= {"lock", "apt"}


def test_version_that_is_too_old_is_not_even_downloaded(cache: Path) -> None:
    watcher = Watcher()
    old = PackageSet("old", ("asterisk-config",), lambda _root: None, lambda version: f"it is {version}")
    with pytest.raises(AsteriskUnavailable, match=r"asterisk-config there is 2\d\..*; it is 2\d\."):
        unpack(old, watcher, cache=cache)
    assert not [progress for progress in watcher.told if progress.step.startswith("downloading")]


def test_pip_can_be_had_without_root(cache: Path) -> None:
    (wheel,) = (unpack(PIP, cache=cache) / "usr/share/python-wheels").glob("pip-*.whl")
    result = subprocess.run(
        [sys.executable, f"{wheel}/pip", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("pip ")


def test_mirror_that_does_not_answer_is_told_with_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTREINTE_APT_SOURCE", "deb http://127.0.0.9:1/debian sid main")
    with pytest.raises(AsteriskUnavailable) as unavailable:
        unpack(SMALL, cache=tmp_path)
    message = str(unavailable.value)
    assert "http://127.0.0.9:1/debian" in message
    assert "Connection refused" in message
    for way_out in ("apt install asterisk", "docker compose", "ASTREINTE_APT_SOURCE"):
        assert way_out in unavailable.value.remedy


def test_machine_without_apt_is_told_with_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AsteriskUnavailable, match="no apt-get, no apt-config") as unavailable:
        unpack(SMALL, cache=tmp_path / "cache")
    assert "docker compose" in unavailable.value.remedy


def test_cache_that_cannot_be_written_is_named() -> None:
    with pytest.raises(AsteriskUnavailable, match="/proc/astreinte") as unavailable:
        unpack(SMALL, cache=Path("/proc/astreinte"))
    assert "ASTREINTE_CACHE" in unavailable.value.remedy


def asterisk_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> Path:
    program = tmp_path / "asterisk"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


def test_old_asterisk_on_the_path_is_refused_with_the_reason_and_another_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asterisk_installation: Installation
) -> None:
    program = asterisk_on_path(tmp_path, monkeypatch, "Asterisk 20.6.0~dfsg")
    watcher = Watcher()
    found = find_asterisk(watcher)
    assert found.program != program
    assert found.version >= (22, 10, 1)
    told = watcher.told[0].step
    assert told.startswith(f"{program}: it is 20.6.0; 22.10.1 or newer is required")
    assert "GHSA-wcvv-g26m-wx5c" in told


def test_old_asterisk_and_no_way_to_another_says_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = asterisk_on_path(tmp_path, monkeypatch, "Asterisk 18.1.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AsteriskUnavailable) as unavailable:
        find_asterisk(cache=tmp_path / "cache")
    assert len(unavailable.value.tried) == 2
    assert str(program) in unavailable.value.tried[0]
    assert "no apt-get" in unavailable.value.tried[1]
