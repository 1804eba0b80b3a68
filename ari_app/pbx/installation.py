"""An Asterisk on this machine: where its program, its modules, its data and its sounds are."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .version import Version, parse_version


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk that can be started.

    `root` is the folder that the private one was unpacked into, None for an Asterisk of the system.
    `datadir` has `documentation` and `rest-api`; `sounds` has the folders of the languages.
    """

    version: Version
    program: Path
    moddir: Path
    datadir: Path
    sounds: Path
    root: Path | None = None

    def command(self, program: str = "asterisk") -> list[str]:
        """Return the words that start `program`, a name or path inside this installation.

        Programs of a private root run through the root's own loader with the root's own libraries, so
        that the machine's C library may be older or newer. Raises `FileNotFoundError` for no such program.
        """
        if self.root is not None:
            return root_command(self.root, program)
        if program == "asterisk":
            return [str(self.program)]
        found = shutil.which(program)
        if found is None:
            raise FileNotFoundError(program)
        return [found]


def root_command(root: Path, program: str) -> list[str]:
    """Return the words that start a program of a folder that Debian packages were unpacked into."""
    paths = [root / folder / program for folder in ("usr/sbin", "usr/bin", "sbin", "bin")]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(program)
    loaders = sorted(root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"))
    if not loaders:
        raise FileNotFoundError(f"{root}: no ld-linux")
    libraries = loaders[0].parent
    # Some libraries live one folder deeper (pulseaudio's, blas'): the loader does not look there by itself.
    folders = [libraries, *sorted({path.parent for path in libraries.glob("*/lib*.so.*")})]
    return [
        str(loaders[0]),
        "--inhibit-cache",  # never mix in a library of the machine that happens to have the right name
        "--library-path",
        ":".join(map(str, folders)),
        str(path),
    ]


def private_installation(root: Path) -> Installation | None:
    """Return the Asterisk of a folder that packages were unpacked into, None when it does not start."""
    try:
        command = root_command(root, "asterisk")
    except FileNotFoundError:
        return None
    version = _ask_version(command)
    moddir = next(iter(sorted(root.glob("usr/lib/*/asterisk/modules"))), None)
    datadir = root / "usr/share/asterisk"
    if version is None or moddir is None:
        return None
    return Installation(version, Path(command[-1]), moddir, datadir, datadir / "sounds", root)


def system_installation(program: Path) -> tuple[Installation | None, Version | None]:
    """Return the Asterisk that is installed on the machine as `program`, and its release.

    The installation is None when the release or the modules cannot be found.
    """
    version = _ask_version([str(program)])
    prefixes = [Path("/usr"), Path("/usr/local"), program.resolve().parent.parent]
    moddirs = [
        path
        for prefix in prefixes
        for pattern in ("lib/asterisk/modules", "lib64/asterisk/modules", "lib/*/asterisk/modules")
        for path in sorted(prefix.glob(pattern))
        if (path / "res_ari.so").is_file()
    ]
    datadirs = [
        path
        for path in [*(prefix / "share/asterisk" for prefix in prefixes), Path("/var/lib/asterisk")]
        if (path / "rest-api").is_dir()
    ]
    if version is None or not moddirs or not datadirs:
        return None, version
    datadir = datadirs[0]
    sounds = next(
        (path / "sounds" for path in [datadir, Path("/var/lib/asterisk")] if (path / "sounds").is_dir()),
        datadir / "sounds",
    )
    return Installation(version, program, moddirs[0], datadir, sounds), version


def _ask_version(command: list[str]) -> Version | None:
    try:
        result = subprocess.run(  # noqa: S603 - the words are ours, no shell
            [*command, "-V"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(result.stdout) if result.returncode == 0 else None
