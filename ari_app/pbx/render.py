"""Templates of Asterisk's configuration become a run folder that Asterisk starts from."""

from __future__ import annotations

import re
from pathlib import Path

from .config import AsteriskConfig, write_private
from .errors import InvalidTemplate
from .installation import Installation

_WORD = re.compile(r"@([a-z][a-z0-9_]*)@")
_PRIVATE = 0o700
_LANGUAGES = ("en", "fr")


def render(
    templates: Path, installation: Installation, config: AsteriskConfig, *, overlay: Path | None = None
) -> Path:
    """Make `config.run_dir` from the `*.conf` files of a folder; return it.

    A file of the same name in `overlay` is used instead of the one in `templates`, which also has the hold
    music, in `moh`.

    The folder is 0700 and its files 0600, for they hold secrets. What Asterisk wrote there before (its
    database, recordings, logs) stays. Raises `InvalidTemplate` for a word that has no value, `OSError` for
    the disk.
    """
    names = sorted(templates.glob("*.conf"))
    if not names:
        raise InvalidTemplate(
            f"{templates} holds no *.conf file",
            remedy="name the folder with Asterisk's templates, `asterisk_conf` in this project",
        )
    words = config.words(installation)
    paths = {path.name: path for path in (*names, *(overlay.glob("*.conf") if overlay else ()))}
    texts = {name: fill(path.read_text("utf-8"), words, path) for name, path in paths.items()}
    run_dir = config.run_dir
    for folder in ("", "etc", "data/sounds", "lib/keys", "spool/recording", "spool/tmp", "log/cdr-csv"):
        (run_dir / folder).mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    for folder in ("", "etc"):
        (run_dir / folder).chmod(_PRIVATE)
    for name, text in texts.items():
        write_private(run_dir / "etc" / name, text)
    _link_data(installation, run_dir / "data")
    _link(run_dir / "data/moh", (templates / "moh").absolute())
    config.save()
    return run_dir


def fill(text: str, words: dict[str, str], path: Path) -> str:
    """Return the text with each `@word@` replaced. Comments stay as they are.

    Raises `InvalidTemplate` for a word without a value, or a value that would break out of its line.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(";"):
            lines.append(line)
            continue

        def value(
            match: re.Match[str], number: int = number, alone: bool = _WORD.fullmatch(line) is not None
        ) -> str:
            word = match[1]
            if word not in words:
                raise InvalidTemplate(
                    f"{path}:{number}: @{word}@ has no value",
                    remedy=f"use one of {', '.join(sorted(words))}",
                )
            # A word alone on its line stands for whole blocks; any other must not start a line or a comment.
            if not alone and re.search(r"[\r\n;]", words[word]):
                raise InvalidTemplate(
                    f"{path}:{number}: the value of @{word}@ holds a line break or `;`",
                    remedy="remove it from that setting",
                )
            return words[word]

        lines.append(_WORD.sub(value, line))
    return "\n".join(lines) + "\n"


def _link_data(installation: Installation, data: Path) -> None:
    # A data folder of our own: the installation's may be read-only, and may call French fr_CA_f_June.
    for name in ("documentation", "rest-api"):
        _link(data / name, installation.datadir / name)
    for language in _LANGUAGES:
        voices = [installation.sounds / language, *sorted(installation.sounds.glob(f"{language}_*"))]
        found = next((voice for voice in voices if voice.is_dir()), None)
        if found is not None:
            _link(data / "sounds" / language, found)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    if target.exists():
        link.symlink_to(target)
