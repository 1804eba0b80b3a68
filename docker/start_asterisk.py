"""Starts Asterisk in its container: fills in `asterisk_conf/`, makes secrets once, becomes Asterisk.

The words of the templates come from the environment: `@trunk_host@` is `ASTERISK_TRUNK_HOST`, and so on for
every field of `ari_app.pbx.LineConfig` in `WORDS`. Phones are named in `ASTERISK_PHONES` and
`ASTERISK_WEBRTC_PHONES`, with commas. The passwords of ARI and AMI are files in `$ASTREINTE_SECRETS`, where
the application finds them too; a phone's is the file `phones/<name>` in the working folder. One that is not
there is made, at random, readable by this user alone.

Standard library only: the image has nothing else.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ari_app.core.errors import AstreinteError
from ari_app.core.suggest import nearest
from ari_app.pbx import LineConfig, Phone, render
from ari_app.pbx.config import new_secret, write_private
from ari_app.pbx.errors import AsteriskUnavailable
from ari_app.pbx.installation import system_installation
from ari_app.pbx.ports import check_free
from ari_app.pbx.version import refusal

PROGRAM = Path("/usr/sbin/asterisk")
TEMPLATES = Path("/etc/astreinte/asterisk_conf")
OVERLAY = Path(__file__).resolve().parent / "asterisk_conf"
PREFIX = "ASTERISK_"
# What this image decides by itself.
_OURS = {"run_dir", "socket_dir", "ari_user", "ari_password", "ami_user", "ami_password", "phones"}
WORDS: Mapping[str, type[str] | type[int]] = {
    field.name: int if field.type in (int, "int") else str
    for field in dataclasses.fields(LineConfig)
    if field.name not in _OURS
}
PHONES, WEBRTC_PHONES = "phones", "webrtc_phones"


def main() -> None:
    """Become Asterisk; on the way, `--check` only tells whether the image's Asterisk may be used."""
    installation = system_installation(PROGRAM)
    why_not = refusal(installation.version)
    if why_not is not None:
        raise AsteriskUnavailable(
            f"{PROGRAM}: {why_not}", remedy="build the image again, on a newer state of its Debian suite"
        )
    if sys.argv[1:] == ["--check"]:
        return
    config = configuration(os.environ, Path.cwd())
    for purpose, host, port, udp in config.listeners():
        check_free(purpose, host, port, udp=udp)
    etc = render(TEMPLATES, installation, config, overlay=OVERLAY) / "etc"
    os.execv(PROGRAM, ["asterisk", "-f", "-C", str(etc / "asterisk.conf")])  # noqa: S606 - no shell is meant


def configuration(environment: Mapping[str, str], run_dir: Path) -> LineConfig:
    """Return what Asterisk is told. Raises `AstreinteError` for a variable that is unknown or does not fit.

    An empty variable counts as not there: compose.yaml hands on what is not in `.env` so.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value.strip()
        for name, value in environment.items()
        if name.startswith(PREFIX) and value.strip()
    }
    phones = {
        name: webrtc
        for field, webrtc in ((PHONES, False), (WEBRTC_PHONES, True))
        for name in named(given, field)
    }
    ports = {"sip_port": 5060, "http_port": 8088, "ami_port": 5038}  # else each start would choose free ones
    words = ports | {name: word(name, value) for name, value in given.items()}
    secrets = Path(environment["ASTREINTE_SECRETS"])
    config = LineConfig(
        run_dir=run_dir,
        ari_password=kept_secret(secrets / "ASTREINTE_ARI__PASSWORD"),
        ami_password=kept_secret(secrets / "ASTREINTE_AMI__PASSWORD"),
        phones={name: Phone(webrtc=webrtc) for name, webrtc in phones.items()},
        **words,  # type: ignore[arg-type]  # each has the type that WORDS says
    )
    for name, phone in config.phones.items():  # only now is each name known to be safe as a file's
        phone.password = kept_secret(run_dir / "phones" / name)
    return config


def named(given: dict[str, str], field: str) -> list[str]:
    """Take a list with commas out of what was given."""
    return [name for part in given.pop(field, "").split(",") if (name := part.strip())]


def word(name: str, value: str) -> str | int:
    """Return a template's word in its type."""
    variable = PREFIX + name.upper()
    if name not in WORDS:
        known = [PREFIX + each.upper() for each in (*WORDS, PHONES, WEBRTC_PHONES)]
        meant = nearest(variable, known)
        remedy = f"did you mean {meant}?" if meant else f"use one of {', '.join(known)}"
        raise AstreinteError(f"{variable} is no variable of this image", remedy=remedy)
    try:
        return WORDS[name](value)
    except ValueError:
        raise AstreinteError(f"{variable} is {value!r}", remedy="write a whole number") from None


def kept_secret(path: Path) -> str:
    """Return the secret of a file; make the file, readable by its owner alone, if it is not there."""
    try:
        secret = path.read_text("utf-8").strip()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        secret = new_secret()
        write_private(path, f"{secret}\n")
    if not secret:
        raise AstreinteError(f"{path} is empty", remedy="write the secret into it, or remove it")
    return secret


if __name__ == "__main__":
    try:
        main()
    except (AstreinteError, OSError) as error:
        sys.exit(f"astreinte: {error}")
