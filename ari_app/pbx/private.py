"""Programs unpacked from Debian's packages into a folder of their own, without root.

Each set of packages becomes one folder of the cache. It is built beside its final place and renamed when it
is whole, so a folder with the final name is always complete; what an interrupted run had unpacked is kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.paths import cache_folder
from .apt import AptFailed, Deb, PrivateApt, machine_architecture, missing_tools
from .apt_sources import AptSource, newest_sources
from .errors import WAYS_OUT, AsteriskUnavailable
from .installation import private_installation, root_command
from .lock import locked
from .progress import OnProgress, Progress, silent
from .version import MINIMUM, Version, parse_version, refusal

# Checkouts of different ages share the cache: raise it when what is unpacked, or how it is checked, changes.
_LAYOUT = 1
_MANIFEST = "astreinte.json"
_UNPACKED = ".unpacked"
# Never read when a program runs.
_LEFT_OUT = tuple(
    f"./usr/share/{name}" for name in ("bug", "doc", "info", "lintian", "locale", "man", "zoneinfo")
)
_EXPANSION = 4.0  # unpacked bytes for a downloaded one, measured 3.1


@dataclass(frozen=True, slots=True)
class PackageSet:
    """Packages that are unpacked together.

    `problem` says why what is in a folder must not be used, None when it may; `refuses` the same of the
    version of the first package, before anything is downloaded.
    """

    name: str
    packages: tuple[str, ...]
    problem: Callable[[Path], str | None]
    refuses: Callable[[Version | None], str | None] = lambda _version: None


def _asterisk_problem(root: Path) -> str | None:
    try:
        return refusal(private_installation(root).version)
    except OSError as error:
        return f"Asterisk does not start: {error}"


def _sipp_problem(root: Path) -> str | None:
    try:
        root_command(root, "sipp")
    except OSError as error:
        return f"no {error}"
    return None


ASTERISK = PackageSet(
    "asterisk",
    ("asterisk", "asterisk-core-sounds-fr-wav", "asterisk-core-sounds-en-wav"),
    _asterisk_problem,
    refusal,
)
SIPP = PackageSet("sipp", ("sip-tester",), _sipp_problem)


def unpack(wanted: PackageSet, progress: OnProgress = silent, *, cache: Path | None = None) -> Path:
    """Return the folder that the set is unpacked into; fetch and unpack it when it is not there or damaged.

    Blocking: the first time it downloads 10 to 100 MB. Raises `AsteriskUnavailable`.
    """
    cache = cache or cache_folder()
    root = cache / f"{wanted.name}-{_LAYOUT}"
    if _is_usable(wanted, root):
        return root
    with locked(cache / "lock", progress):
        if not _is_usable(wanted, root):  # another run may have done it while we waited
            _build(wanted, root, cache, progress)
    return root


def _is_usable(wanted: PackageSet, root: Path) -> bool:
    return is_whole(root) and wanted.problem(root) is None


def is_whole(root: Path) -> bool:
    """Say whether the folder has all files that were unpacked into it."""
    try:
        manifest = json.loads((root / _MANIFEST).read_text("utf-8"))
        return bool(manifest["files"] == _count(root))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _build(wanted: PackageSet, root: Path, cache: Path, progress: OnProgress) -> None:
    tried: list[str] = []
    missing = missing_tools()
    if missing:
        tried.append(f"unpacking Debian's packages: this machine has no {', no '.join(missing)}")
        raise _unavailable(wanted, tried)
    sources = newest_sources()
    if not sources:
        tried.append("looking for a Debian or Ubuntu mirror in /etc/apt: none there")
    for source in sources:
        apt = PrivateApt(cache / "apt", source)
        try:
            apt.update(progress)
            plan = apt.plan(wanted.packages)
            _check_version(wanted, plan)
            _check_space(cache, plan)
            apt.download(wanted.packages, plan, progress)
            _unpack_all(apt.archives, plan, root, progress)
            _finish(root, wanted, source, plan)
        except AptFailed as error:
            tried.append(f"packages of {source.suite} from {source.uri}: {error}")
        except OSError as error:
            tried.append(f"unpacking into {cache}: {error.strerror or error}")
        except subprocess.SubprocessError as error:
            tried.append(f"asking apt and dpkg: {error}")
        else:
            shutil.rmtree(cache / "apt", ignore_errors=True)  # 150 MB that nobody needs any more
            return
    raise _unavailable(wanted, tried)


def _unavailable(wanted: PackageSet, tried: Sequence[str]) -> AsteriskUnavailable:
    return AsteriskUnavailable(
        f"{wanted.name} is not on this machine and could not be fetched; what was tried:",
        tried=tried,
        remedy=WAYS_OUT.format(minimum=MINIMUM),
    )


def _check_version(wanted: PackageSet, plan: Sequence[Deb]) -> None:
    package = wanted.packages[0]
    # A file's name: asterisk_1%3a22.10.1+dfsg-1_amd64.deb, where 1%3a is the epoch.
    pattern = re.compile(rf"{re.escape(package)}_(?:\d+%3a)?([^_]+)_")
    found = next((match[1] for deb in plan if (match := pattern.match(deb.file))), "")
    why_not = wanted.refuses(parse_version(f"Asterisk {found}"))
    if why_not is not None:
        raise AptFailed(f"{package} there is {found}; {why_not}")


def _check_space(cache: Path, plan: Sequence[Deb]) -> None:
    needed = int(sum(deb.size for deb in plan) * (1 + _EXPANSION))
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise AsteriskUnavailable(
            f"{cache} has {free // 10**6} MB left, and {needed // 10**6} MB are needed",
            remedy="make room there, or name a folder on another disk with ASTREINTE_CACHE",
        )


def _unpack_all(archives: Path, plan: Sequence[Deb], root: Path, progress: OnProgress) -> None:
    partial = root.with_name(f"{root.name}.partial")
    done = partial / _UNPACKED
    wanted = {deb.file for deb in plan}
    if done.is_dir() and not {path.name for path in done.iterdir()} <= wanted:
        _remove(partial)  # begun on another day, with other versions
    done.mkdir(parents=True, exist_ok=True)
    for number, deb in enumerate(plan):
        progress(Progress("unpacking packages", number, len(plan), "packages"))
        if not (done / deb.file).exists():
            _unpack_one(archives / deb.file, partial)
            (done / deb.file).touch()
    progress(Progress("unpacking packages", len(plan), len(plan), "packages"))


def _unpack_one(deb: Path, into: Path) -> None:
    tar = ["tar", "-x", "-C", str(into), "--no-same-owner", "--no-same-permissions"]
    tar += [f"--exclude={path}" for path in _LEFT_OUT]
    reader = subprocess.Popen(  # noqa: S603 - fixed words and a path of ours, no shell
        ["dpkg-deb", "--fsys-tarfile", str(deb)],  # noqa: S607 - the machine's own dpkg
        stdout=subprocess.PIPE,
    )
    try:
        result = subprocess.run(  # noqa: S603 - as above
            tar, stdin=reader.stdout, capture_output=True, text=True, check=False
        )
    finally:
        if reader.stdout is not None:
            reader.stdout.close()  # so that the reader ends too when tar gave up
        reader.wait()
    if result.returncode or reader.returncode:
        raise OSError(f"{deb.name}: {result.stderr.strip() or 'not a Debian package'}")


def _finish(root: Path, wanted: PackageSet, source: AptSource, plan: Sequence[Deb]) -> None:
    partial = root.with_name(f"{root.name}.partial")
    _link_languages(partial / "usr/share/asterisk/sounds")
    problem = wanted.problem(partial)
    if problem is not None:
        _remove(partial)
        raise OSError(problem)
    _remove(partial / _UNPACKED)
    manifest = {
        "architecture": machine_architecture(),
        "suite": source.suite,
        "packages": [deb.file for deb in plan],
        "files": _count(partial),
    }
    # Written last, with everything else on the disk: a folder with this file is whole even after a power cut.
    os.sync()
    with (partial / _MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    _remove(root)
    partial.rename(root)


def _link_languages(sounds: Path) -> None:
    # Debian names a folder after its voice (fr_CA_f_June); Asterisk looks for the language (fr).
    if sounds.is_dir():
        for voice in sorted(sounds.glob("[a-z][a-z]_*")):
            link = sounds / voice.name[:2]
            if not link.exists():
                link.symlink_to(voice.name)


def _count(root: Path) -> int:
    return sum(len(files) for folder, _, files in os.walk(root) if folder != str(root))


def _remove(path: Path) -> None:
    # Renamed first: a folder with the final name is never half removed.
    if path.exists():
        doomed = path.with_name(f"{path.name}.removing")
        shutil.rmtree(doomed, ignore_errors=True)
        path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
