"""A file is replaced at once and for good, and keeps what it is apart from its content."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from ari_app.core import replacing
from ari_app.core.replacing import CannotReplace, FileIsChanging, only_editor, replace_content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "team.yaml"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_of_the_file_stays(file: Path, mode: int) -> None:
    file.chmod(mode)
    replace_content(file, b"old", b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert names(file.parent) == ["team.yaml"]


def test_the_owner_of_the_file_stays(file: Path) -> None:
    if os.geteuid() != 0:  # somebody else's file cannot be made here
        owner = (file.stat().st_uid, file.stat().st_gid)
    else:
        owner = (12345, 23456)
        os.chown(file, *owner)
    replace_content(file, b"old", b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == owner


def test_extended_attributes_stay(file: Path) -> None:
    try:
        os.setxattr(file, "user.why", b"because")
    except OSError as error:
        assert error.errno in {errno.ENOTSUP, errno.EPERM}  # this file system has none to keep
        return
    replace_content(file, b"old", b"new")
    assert os.getxattr(file, "user.why") == b"because"


def test_a_symbolic_link_stays_one_and_its_target_is_replaced(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rosters"
    folder.mkdir()
    (folder / "a.yaml").symlink_to("b.yaml")
    (folder / "b.yaml").symlink_to("../team.yaml")
    replace_content(folder / "a.yaml", b"old", b"new")
    assert file.read_bytes() == b"new"
    assert [str((folder / name).readlink()) for name in ("a.yaml", "b.yaml")] == ["b.yaml", "../team.yaml"]
    assert names(folder) == ["a.yaml", "b.yaml"]


def test_a_file_that_somebody_else_changed_is_left_as_they_made_it(file: Path) -> None:
    file.write_bytes(b"theirs")
    with pytest.raises(FileIsChanging):
        replace_content(file, b"old", b"new")
    assert file.read_bytes() == b"theirs"
    assert names(file.parent) == ["team.yaml"]


def test_a_file_that_is_gone_is_not_made_anew(file: Path) -> None:
    file.unlink()
    with pytest.raises(CannotReplace):
        replace_content(file, b"old", b"new")
    assert names(file.parent) == []


def test_a_full_disk_leaves_the_file_as_it_was(file: Path) -> None:
    """The limit of a process on its files' size fails a write as a full disk does."""
    program = (
        "import resource, signal; from pathlib import Path; from ari_app.core.replacing import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"path = Path({str(file)!r})\n"
        "try: replace_content(path, b'old', b'x' * 5000)\n"
        "except CannotReplace as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["team.yaml"]


def test_readers_see_the_old_version_or_the_new_one_and_nothing_between(file: Path) -> None:
    versions = [bytes([65 + number]) * 200_000 for number in range(20)]
    file.write_bytes(versions[0])
    seen, done = set[bytes](), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for old, new in pairwise(versions):
        replace_content(file, old, new)
    done.set()
    reader.join()
    assert seen <= set(versions)


def test_one_editor_waits_for_the_other_and_sees_what_it_wrote(file: Path) -> None:
    file.write_bytes(b"")

    def edit() -> None:
        for _ in range(10):
            with only_editor(file.parent):
                content = file.read_bytes()
                replace_content(file, content, content + b"x")

    editors = [threading.Thread(target=edit) for _ in range(4)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert file.read_bytes() == b"x" * 40


def test_an_editor_that_does_not_end_is_told_of_not_waited_for_for_ever(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "PATIENCE", 0.05)
    second = only_editor(file.parent)
    with only_editor(file.parent), pytest.raises(FileIsChanging, match="being edited"):
        second.__enter__()


def test_an_editor_that_dies_lets_the_next_one_in(file: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from ari_app.core.replacing import *\n"
        f"with only_editor(Path({str(file.parent)!r})): print('in', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        other.send_signal(signal.SIGKILL)
        with only_editor(file.parent):
            replace_content(file, b"old", b"new")
    assert names(file.parent) == ["team.yaml"]
