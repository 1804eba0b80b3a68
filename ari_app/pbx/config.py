"""What an Asterisk of ours is told: addresses, ports, secrets, phones."""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from .errors import InvalidTemplate
from .installation import Installation
from .passwords import ari_password
from .ports import choose_port

_PHONE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_FACTS = "astreinte.json"
# unix(7): sun_path has 108 bytes, the last one is a NUL.
_LONGEST_SOCKET_PATH = 107
_SOCKET_NAME = "asterisk.ctl"


def new_secret() -> str:
    """Return a random password of 256 bits, in letters, digits, - and _."""
    return secrets.token_urlsafe(32)


@dataclass(kw_only=True)
class AsteriskConfig:
    """One Asterisk's folder, addresses, ports and secrets; a port that is 0 becomes a free one.

    Every field is a `@word@` for the templates. Subclasses add fields for templates of their own.
    """

    run_dir: Path
    sip_bind: str = "127.0.0.1"
    sip_port: int = 0
    control_bind: str = "127.0.0.1"
    http_port: int = 0
    ami_port: int = 0
    rtp_start: int = 10_000
    rtp_end: int = 20_000
    max_files: int = 8192
    permit: str = "127.0.0.0/8,::1"  # the networks that may use ARI and AMI
    socket_dir: Path = Path()
    ari_user: str = "astreinte"
    ari_password: str = field(default_factory=new_secret, repr=False)
    ami_user: str = "astreinte"
    ami_password: str = field(default_factory=new_secret, repr=False)

    def __post_init__(self) -> None:
        self.run_dir = Path(self.run_dir).absolute()
        self.sip_port = self.sip_port or choose_port(self.sip_bind, 5060, udp=True)
        self.http_port = self.http_port or choose_port(self.control_bind, 8088)
        self.ami_port = self.ami_port or choose_port(self.control_bind, 5038)
        if self.socket_dir == Path():
            self.socket_dir = self.run_dir / "run"
            if len(bytes(self.socket_dir / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
                self.socket_dir = Path(tempfile.gettempdir()) / f"astreinte-{secrets.token_hex(8)}"

    @property
    def sip_address(self) -> str:
        """`host:port` of SIP over UDP."""
        return f"{self.sip_bind}:{self.sip_port}"

    @property
    def ari_url(self) -> str:
        """The URL that ARI's resources begin with, `http://127.0.0.1:8088/ari`."""
        return f"http://{self.ari_host}:{self.http_port}/ari"

    @property
    def ari_host(self) -> str:
        """The address that ARI is reached at from this machine."""
        return reachable(self.control_bind)

    @property
    def ami_host(self) -> str:
        """The address that AMI is reached at from this machine."""
        return reachable(self.control_bind)

    @property
    def control_socket(self) -> Path:
        """The socket of Asterisk's command line."""
        return self.socket_dir / _SOCKET_NAME

    def listeners(self) -> list[tuple[str, str, int, bool]]:
        """Return what Asterisk will listen on: purpose, host, port, whether UDP."""
        return [
            ("SIP port", self.sip_bind, self.sip_port, True),
            ("ARI port (HTTP)", self.control_bind, self.http_port, False),
            ("AMI port", self.control_bind, self.ami_port, False),
        ]

    def words(self, installation: Installation) -> dict[str, str]:
        """Return the value of every `@word@` of the templates."""
        password_format, password_hash = ari_password(self.ari_password)
        return {
            **{f.name: str(getattr(self, f.name)) for f in dataclasses.fields(self)},
            "module_dir": str(installation.moddir),
            "moh_dir": str(self.run_dir / "data/moh"),
            "ari_password_format": password_format,
            "ari_password_hash": password_hash,
        }

    def save(self) -> None:
        """Write the facts, secrets included, into the run folder (mode 0600), for `load`."""
        facts = dataclasses.asdict(self)
        write_private(self.run_dir / _FACTS, json.dumps(facts, default=str, indent=1) + "\n")

    @classmethod
    def load(cls, run_dir: Path) -> Self:
        """Return what the Asterisk of that run folder was told. Raises `OSError` when there is none."""
        facts: dict[str, Any] = json.loads((run_dir / _FACTS).read_text("utf-8"))
        facts["run_dir"], facts["socket_dir"] = Path(facts["run_dir"]), Path(facts["socket_dir"])
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in facts.items() if name in known})


@dataclass(kw_only=True)
class Phone:
    """An agent's phone as a PJSIP endpoint.

    `contact` is where it is when it does not register, as `sip:alice@127.0.0.3:5060`.
    """

    password: str = field(default_factory=new_secret, repr=False)
    contact: str = ""
    webrtc: bool = False


@dataclass(kw_only=True)
class LineConfig(AsteriskConfig):
    """The Asterisk that the line's calls go through, for the templates in `asterisk_conf/`."""

    trunk_host: str = "127.0.0.2"
    trunk_port: int = 5060
    trunk_match: str = ""  # addresses that the trunk's calls come from; empty: `trunk_host`
    qualify_trunk: int = 60  # seconds; 0: never ask
    qualify_phone: int = 30  # seconds; 0: never ask
    phones: dict[str, Phone] = field(default_factory=dict)
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    max_call_seconds: int = 3 * 3600
    fallback_ring_seconds: int = 35
    # "If that is right, press one", to the agent; the application has better words, of its own.
    accept_prompt: str = "if-correct-press&digits/1"
    # "Sorry. Nobody is available. Please call again later. Goodbye", in the voices that come with Asterisk.
    apology: str = "sorry&vm-nobodyavail&please-try-call-later&goodbye"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.trunk_match = self.trunk_match or self.trunk_host
        self.phones = {
            name: phone if isinstance(phone, Phone) else Phone(**phone) for name, phone in self.phones.items()
        }
        for name in self.phones:
            if not _PHONE_NAME.fullmatch(name) or name in {
                "trunk",
                "global",
                "system",
                "phone",
                "webrtc-phone",
            }:
                raise InvalidTemplate(
                    f"a phone cannot be named {name!r}",
                    remedy="use letters, digits, `-`, `_` and `.`, and none of the names of pjsip.conf",
                )

    def words(self, installation: Installation) -> dict[str, str]:
        return {
            **super().words(installation),
            "phones": "\n".join(_phone(name, phone) for name, phone in self.phones.items()),
        }


def _phone(name: str, phone: Phone) -> str:
    lines = [
        f"[{name}]({'webrtc-phone' if phone.webrtc else 'phone'})",
        f"aors = {name}",
        f"auth = {name}",
        f"[{name}](phone-auth)",
        f"username = {name}",
        f"password = {phone.password}",
        f"[{name}](phone-aor)",
    ]
    if phone.contact:
        lines.append(f"contact = {phone.contact}")
    return "\n".join(lines) + "\n"


def reachable(bind: str) -> str:
    """Return an address to connect to for one that is listened on."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - compared, not bound


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, never for a moment anybody else."""
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text(text, "utf-8")
