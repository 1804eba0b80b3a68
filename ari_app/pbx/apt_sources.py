"""Where this machine gets its Debian or Ubuntu packages from.

The formats are those of sources.list(5): one line an entry, or deb822 paragraphs in `.sources` files.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Suites that are Debian's own. A third party's repository may use such a name too: apt then finds no `sid`
# there, or a signature by another key, and the next source is tried.
_DEBIAN_SUITES = {
    *("buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid"),
    *("oldoldstable", "oldstable", "stable", "testing", "unstable"),
}
_USABLE = re.compile(r"^(https?|file|copy|mirror(\+[a-z]+)*|tor(\+https?)?):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AptSource:
    """A suite of packages on a mirror, and the key that signs it.

    `signed_by` is a path, the text of a key, or empty for the keys that the machine trusts for everything.
    """

    uri: str
    suite: str
    components: str
    signed_by: str = ""

    def deb822(self, architecture: str) -> str:
        """Return it as a paragraph of a `.sources` file."""
        lines = [
            "Types: deb",
            f"URIs: {self.uri}",
            f"Suites: {self.suite}",
            f"Components: {self.components}",
            f"Architectures: {architecture}",
        ]
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        return "\n".join(lines) + "\n"


def newest_sources(
    etc_apt: Path = Path("/etc/apt"), os_release: Path = Path("/etc/os-release")
) -> list[AptSource]:
    """Return the sources that may hold the newest Asterisk, best first.

    They are the mirrors of this machine's own sources with the suite replaced: Debian's by `sid`, Ubuntu's
    by `devel` (its name for the release in preparation). `$ASTREINTE_APT_SOURCE`, one line as in
    sources.list(5), beats them all.
    """
    named = os.environ.get("ASTREINTE_APT_SOURCE", "").strip()
    if named:
        return list(_one_line(named))
    debian, ubuntu = [], []
    release = _os_release(os_release)
    is_ubuntu = "ubuntu" in f"{release.get('ID')} {release.get('ID_LIKE')}".split()
    codenames = {release.get("VERSION_CODENAME"), release.get("UBUNTU_CODENAME")}
    for source in machine_sources(etc_apt):
        if source.suite in _DEBIAN_SUITES and "main" in source.components.split():
            debian.append(AptSource(source.uri, "sid", "main", source.signed_by))
        elif is_ubuntu and source.suite in codenames:
            ubuntu.append(AptSource(source.uri, "devel", "main universe", source.signed_by))
    return list(dict.fromkeys([*debian, *ubuntu]))


def machine_sources(etc_apt: Path) -> list[AptSource]:
    """Return every enabled binary source of this machine, one for each mirror and suite."""
    files = [etc_apt / "sources.list"]
    files += sorted((etc_apt / "sources.list.d").glob("*.list"))
    found: list[AptSource] = []
    for path in files:
        for line in _text(path).splitlines():
            found.extend(_one_line(line))
    for path in sorted((etc_apt / "sources.list.d").glob("*.sources")):
        for paragraph in re.split(r"\n\s*\n", _text(path)):
            found.extend(_paragraph(paragraph))
    return [source for source in found if _USABLE.match(source.uri)]


def _one_line(line: str) -> Iterator[AptSource]:
    match = re.match(r"^\s*deb\s+(?:\[([^\]]*)\]\s+)?([^#]*)", line)
    if match is None:
        return
    options = dict(word.split("=", 1) for word in (match[1] or "").split() if "=" in word)
    words = match[2].split()
    if len(words) >= 2:
        signed_by = options.get("signed-by", "").split(",")[0]
        yield AptSource(words[0], words[1], " ".join(words[2:]), signed_by)


def _paragraph(text: str) -> Iterator[AptSource]:
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in " \t" and name:
            fields[name] += "\n" + line  # a key written out keeps its lines
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in {
        "no",
        "false",
        "0",
    }:
        return
    for uri in fields.get("uris", "").split():
        for suite in fields.get("suites", "").split():
            components = " ".join(fields.get("components", "").split())
            yield AptSource(uri, suite, components, fields.get("signed-by", ""))


def _os_release(path: Path) -> dict[str, str]:
    words = (
        line.split("=", 1) for line in _text(path).splitlines() if "=" in line and not line.startswith("#")
    )
    return {name: "".join(shlex.split(value)) for name, value in words}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
