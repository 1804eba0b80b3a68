"""An Asterisk on this machine: where its program, its modules, its data and its sounds are."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .version import Version, parse_version

_VERSION_TIME = 30.0  # seconds; it takes 10 ms


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


def private_installation(root: Path) -> Installation:
    """Return the Asterisk of an unpacked folder. Raises `OSError` when it does not start."""
    command = root_command(root, "asterisk")
    moddir = next(iter(sorted(root.glob("usr/lib/*/asterisk/modules"))), None)
    if moddir is None:
        raise FileNotFoundError(f"{root}: no modules")
    datadir = root / "usr/share/asterisk"
    version = ask_version(command)
    return Installation(version, Path(command[-1]), moddir, datadir, datadir / "sounds", root)


def system_installation(program: Path) -> Installation:
    """Return the Asterisk that the machine has as `program`.

    Raises `OSError` when it does not start, or when its modules or data are in none of the usual places.
    """
    version = ask_version([str(program)])
    prefixes = [Path("/usr"), Path("/usr/local"), program.resolve().parent.parent]
    moddir = _first(
        "res_ari.so",
        *(
            path
            for prefix in prefixes
            for pattern in ("lib/asterisk/modules", "lib64/asterisk/modules", "lib/*/asterisk/modules")
            for path in sorted(prefix.glob(pattern))
        ),
    )
    state = Path("/var/lib/asterisk")
    datadir = _first("rest-api", *(prefix / "share/asterisk" for prefix in prefixes), state)
    sounds = next((path / "sounds" for path in (datadir, state) if (path / "sounds").is_dir()), datadir)
    return Installation(version, program, moddir, datadir, sounds)


def _first(holding: str, *folders: Path) -> Path:
    for folder in folders:
        if (folder / holding).exists():
            return folder
    raise FileNotFoundError(f"{holding} is in none of {', '.join(map(str, folders)) or 'the usual folders'}")


def ask_version(command: list[str]) -> Version:
    """Return the release of an Asterisk. Raises `OSError` when it names none, or does not start."""
    try:
        result = subprocess.run(  # noqa: S603 - the words are ours, no shell
            [*command, "-V"], capture_output=True, text=True, timeout=_VERSION_TIME, check=False
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"no answer to -V in {_VERSION_TIME:.0f} s") from None
    if result.returncode != 0:
        raise OSError(result.stderr.strip() or f"-V ended with code {result.returncode}")
    version = parse_version(result.stdout)
    if version is None:
        raise OSError(f"it names no release: {result.stdout.strip()!r}")
    return version
