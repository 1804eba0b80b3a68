"""Debian packages fetched by apt for us alone: nothing of the machine's own package state is read or changed.

apt checks the mirror's signature and every download's hash; an interrupted download goes on where it stopped.
It works as any user, root or not, because every folder that apt writes to is ours.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .apt_sources import AptSource
from .children import dies_with_us
from .progress import OnProgress, Progress

# What Asterisk's packages ask for only to create users and to run their installation scripts, which we
# do not run, and large libraries of modules that we do not load. apt is told that they are there: 27 MB less.
_NOT_NEEDED = (
    *("adduser", "debconf", "dirmngr", "gnupg", "passwd", "perl", "python3", "tzdata"),
    *("libcodec2-1.2", "libgmime-3.0-0t64", "libjack-jackd2-0", "libsnmp45"),
)
_INSTALL = ("--yes", "--no-install-recommends")
_POLL = 0.2  # seconds between two looks at how much has been downloaded


class AptFailed(Exception):
    """apt said no; the message is its own last words."""


@dataclass(frozen=True, slots=True)
class Deb:
    """One package file that apt wants: its name in apt's cache, its size in bytes, its SHA-256."""

    file: str
    size: int
    sha256: str


class PrivateApt:
    """apt with folders of its own under `folder`, and one source."""

    def __init__(self, folder: Path, source: AptSource) -> None:
        self.source = source
        self.archives = folder / "archives"
        self._folder = folder
        self._environment = {**os.environ, "LC_ALL": "C", "APT_CONFIG": str(folder / "apt.conf")}

    def update(self, progress: OnProgress) -> None:
        """Fetch the suite's list of packages. Raises `AptFailed`."""
        self._prepare()
        progress(Progress(f"reading the package list of {self.source.suite}"))
        self._run(["update"])

    def plan(self, packages: Sequence[str]) -> list[Deb]:
        """Return all that the packages need, themselves included. Raises `AptFailed`."""
        # apt leaves out what its archive folder already has: it is shown an empty one.
        empty = f"Dir::Cache::archives={self._folder / 'empty'}"
        output = self._run(["install", "--print-uris", "-o", empty, *_INSTALL, *packages])
        lines = re.findall(r"^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})$", output, re.MULTILINE)
        if not lines:
            raise AptFailed(f"apt plans nothing for {' '.join(packages)}: {_last_words(output)}")
        return [Deb(file, int(size), sha256) for file, size, sha256 in lines]

    def download(self, packages: Sequence[str], plan: Sequence[Deb], progress: OnProgress) -> None:
        """Download what is not here yet. Raises `AptFailed`, also for a file whose hash is not the plan's."""
        wanted = {deb.file for deb in plan}
        for path in self.archives.glob("*.deb"):
            if path.name not in wanted:
                path.unlink()  # of another day
        total = sum(deb.size for deb in plan)

        def report() -> None:
            progress(Progress("downloading packages", sum(map(self._have, plan)), total, "B"))

        for deb in plan:
            self._discard_damaged(deb)
        report()
        self._run(["install", "--download-only", *_INSTALL, *packages], while_it_runs=report)
        report()
        missing = [deb.file for deb in plan if self._discard_damaged(deb) or not self._is_here(deb)]
        if missing:
            raise AptFailed(f"not downloaded as the mirror's list describes them: {', '.join(missing)}")

    def _have(self, deb: Deb) -> int:
        for path in (self.archives / deb.file, self.archives / "partial" / deb.file):
            try:
                return min(path.stat().st_size, deb.size)
            except FileNotFoundError:
                continue
        return 0

    def _is_here(self, deb: Deb) -> bool:
        return (self.archives / deb.file).is_file()

    def _discard_damaged(self, deb: Deb) -> bool:
        # apt checks the hash of what it downloads, but only the size of what is already here.
        path = self.archives / deb.file
        if not path.is_file():
            return False
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == deb.sha256:
                return False
        path.unlink()
        return True

    def _prepare(self) -> None:
        for name in ("lists/partial", "archives/partial", "log", "empty", "sources"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        architecture = machine_architecture()
        sources = self._folder / "sources" / "astreinte.sources"
        sources.write_text(self.source.deb822(architecture), "utf-8")
        (self._folder / "status").write_text(
            "".join(
                f"Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\n"
                "Multi-Arch: allowed\nVersion: 99:0\n\n"
                for name in _NOT_NEEDED
            ),
            "utf-8",
        )
        configuration = self._folder / "apt.conf"
        configuration.touch(0o600)
        configuration.chmod(0o600)  # a proxy's password may be among the machine's settings
        configuration.write_text(_machine_settings() + self._settings(architecture), "utf-8")

    def _settings(self, architecture: str) -> str:
        folder = self._folder
        settings = {
            "Dir::Etc::main": "/dev/null",  # no hooks of the machine's after an update
            "Dir::Etc::parts": folder / "empty",
            "Dir::Etc::preferences": "/dev/null",  # no pins either
            "Dir::Etc::preferencesparts": folder / "empty",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources",
            "Dir::State": folder,
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder,
            "Dir::Log": folder / "log",
            "APT::Architecture": architecture,
            "APT::Sandbox::User": "root"
            if os.geteuid() == 0
            else "",  # the cache is not open to the user _apt
            "Acquire::Languages": "none",
            "Acquire::ForceHash": "SHA256",
            "Acquire::GzipIndexes": "false",  # as some images have it: twice as slow
            "Acquire::Retries": "2",
            "APT::Update::Error-Mode": "any",  # a mirror that does not answer is no mere warning
            "Debug::NoLocking": "true",  # our own lock is held
        }
        lines = [f'{name} "{value}";\n' for name, value in settings.items() if str(value)]
        return "".join([*lines, f'APT::Architectures {{ "{architecture}"; }};\n'])

    def _run(self, words: list[str], while_it_runs: Callable[[], None] | None = None) -> str:
        log = self._folder / "log" / "apt-get.txt"
        with log.open("w+", encoding="utf-8", errors="replace") as output:
            process = subprocess.Popen(  # noqa: S603 - fixed words, package names of ours, no shell
                # Nothing may go on in the folder once our lock is gone.
                [*dies_with_us(), "apt-get", *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                while True:
                    try:
                        process.wait(_POLL)
                        break
                    except subprocess.TimeoutExpired:
                        if while_it_runs is not None:
                            while_it_runs()
            finally:
                if process.poll() is None:  # interrupted: what is downloaded stays for the next run
                    process.terminate()
                    process.wait()
            output.seek(0)
            said = output.read()
        if process.returncode != 0:
            raise AptFailed(_last_words(said))
        return said


def machine_architecture() -> str:
    """Return Debian's name of this machine's architecture: amd64, arm64, ..."""
    return subprocess.run(
        ["dpkg", "--print-architecture"],  # noqa: S607 - the machine's own dpkg
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def missing_tools() -> list[str]:
    """Return which of the programs that are needed here this machine lacks."""
    return [
        name for name in ("apt-get", "apt-config", "dpkg", "dpkg-deb", "tar") if shutil.which(name) is None
    ]


def _machine_settings() -> str:
    # The machine's way to its mirror (proxy, certificates, time-outs), and nothing else of its settings.
    dump = subprocess.run(
        ["apt-config", "dump"],  # noqa: S607 - the machine's own apt
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout
    kept = [
        line
        for line in dump.splitlines()
        if line.startswith("Acquire::")
        and not line.startswith(("Acquire::Languages", "Acquire::IndexTargets"))
    ]
    return "".join(f"{line}\n" for line in kept)


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "W:", "Err:"))]
    return " / ".join(dict.fromkeys((errors or lines)[-4:])) or "apt-get failed without a word"
