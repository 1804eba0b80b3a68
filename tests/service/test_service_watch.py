"""Edited files are noticed, however they were edited, and taken together."""

from __future__ import annotations

import os
import queue
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ari_app.service.files import look
from ari_app.service.watching import LONGEST_WAIT, QUIET, Watch

PATIENCE = 30.0
"""Seconds; only a test that fails waits so long."""


class Site:
    """A folder of rosters, a settings file, and somebody who is told of changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rosters = folder / "rosters"
        self.settings = folder / "astreinte.yaml"
        self.told: queue.Queue[None] = queue.Queue()
        self.rosters.mkdir()
        (self.rosters / "support.yaml").write_text("team: support\n")

    def watch(self) -> Watch:
        files = [self.settings, self.rosters]
        return Watch(lambda: files, lambda: self.told.put(None), seen=look(files))

    def is_told(self) -> None:
        """Wait until a change was told."""
        self.told.get(timeout=PATIENCE)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    watch = site.watch()
    watch.start()
    yield site
    watch.stop()


def overwritten(site: Site) -> None:
    (site.rosters / "support.yaml").write_text("team: supports\n")


def saved_by_rename(site: Site) -> None:
    """As vim, and every editor that fears for the file, does."""
    unfinished = site.rosters / "4913~"
    unfinished.write_text("team: support\n")
    unfinished.rename(site.rosters / "support.yaml")


def added(site: Site) -> None:
    (site.rosters / "cartes.yml").write_text("team: cartes\n")


def deleted(site: Site) -> None:
    (site.rosters / "support.yaml").unlink()


def folder_deleted(site: Site) -> None:
    shutil.rmtree(site.rosters)


def folder_replaced(site: Site) -> None:
    site.rosters.rename(site.folder / "before")
    site.rosters.mkdir()
    (site.rosters / "support.yaml").write_text("team: support\n")


def settings_written(site: Site) -> None:
    site.settings.write_text("rosters: rosters\n")


def touched_long_ago(site: Site) -> None:
    """A copy that keeps the old file's time, such as one from a backup."""
    os.utime(site.rosters / "support.yaml", (0, 0))


CHANGES = (
    overwritten,
    saved_by_rename,
    added,
    deleted,
    folder_deleted,
    folder_replaced,
    settings_written,
    touched_long_ago,
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told(site: Site, change: Callable[[Site], None]) -> None:
    change(site)
    site.is_told()


def test_a_folder_that_comes_back_is_told(site: Site) -> None:
    folder_deleted(site)
    site.is_told()
    site.rosters.mkdir()
    added(site)
    site.is_told()


def test_a_volume_of_kubernetes_that_moves_to_its_next_version_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    volume = tmp_path / "volume"
    for version in ("..2026_11_23", "..2026_11_24"):
        (volume / version).mkdir(parents=True)
        (volume / version / "support.yaml").write_text("team: support\n")
    (volume / "..data").symlink_to("..2026_11_23")
    (volume / "support.yaml").symlink_to("..data/support.yaml")
    shutil.rmtree(site.rosters)
    site.rosters.symlink_to(volume)
    watch = site.watch()
    watch.start()
    (volume / "..data_tmp").symlink_to("..2026_11_24")
    (volume / "..data_tmp").rename(volume / "..data")
    site.is_told()
    watch.stop()


def test_what_was_changed_before_the_watch_began_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    watch = site.watch()
    overwritten(site)
    watch.start()
    site.is_told()
    watch.stop()


def test_what_a_line_does_not_read_is_not_looked_at(site: Site) -> None:
    before = look([site.rosters])
    for name in (".support.yaml.swp", "support.yaml~", "4913", "README.md", "#support.yaml#"):
        (site.rosters / name).write_text("draft")
    (site.rosters / "old").mkdir()
    (site.rosters / "old" / "support.yaml").write_text("team: support\n")
    assert look([site.rosters]) == before


def test_many_files_are_told_of_once_they_are_quiet(tmp_path: Path) -> None:
    site = Site(tmp_path)
    watch = site.watch()
    for number in range(100):
        (site.rosters / f"equipe-{number}.yaml").write_text(f"team: equipe-{number}\n")
    watch.start()
    site.is_told()
    settings_written(site)
    site.is_told()
    watch.stop()
    assert site.told.empty()


def test_a_link_to_nowhere_is_a_state_like_any_other(site: Site) -> None:
    link = site.rosters / "cartes.yaml"
    link.symlink_to("nowhere.yaml")
    site.is_told()
    assert look([site.rosters])[str(link)] is None
    (site.rosters / "nowhere.yaml").write_text("team: cartes\n")
    site.is_told()


def test_files_that_never_keep_quiet_are_told_all_the_same(site: Site) -> None:
    number = 0
    while site.told.empty():
        number += 1
        (site.rosters / "support.yaml").write_text(f"team: support-{number}\n")
    assert LONGEST_WAIT + QUIET < 2
