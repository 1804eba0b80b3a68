"""What the telephone network's Asterisk is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ..pbx import AsteriskConfig, Installation, LineConfig, loopback_address

TEMPLATES = Path(__file__).parent / "conf"
"""What differs from `asterisk_conf/`, which serves for the rest."""


@dataclass(kw_only=True)
class NetworkConfig(AsteriskConfig):
    """A carrier at `sip_bind`, and the agents' phones at `phones_bind`; both call the line's SIP address."""

    phones_bind: str = ""
    line_host: str = "127.0.0.1"
    line_port: int = 5060
    phones: dict[str, str] = field(default_factory=dict, repr=False)
    """Name → password of each phone that registers with the line."""

    @classmethod
    def beside(cls, line: LineConfig, run_dir: Path) -> Self:
        """Return a network with addresses of its own that `line`'s trunk and phones belong to."""
        return cls(
            run_dir=run_dir,
            sip_bind=line.trunk_host,
            sip_port=line.trunk_port,
            control_bind=line.trunk_host,
            phones_bind=loopback_address(),
            line_host=line.sip_bind,
            line_port=line.sip_port,
            phones={name: phone.password for name, phone in line.phones.items()},
        )

    def words(self, installation: Installation) -> dict[str, str]:
        """Return the value of every `@word@` of the templates."""
        registrations = "\n".join(self._registration(*phone) for phone in self.phones.items())
        return {**super().words(installation), "registrations": registrations}

    def _registration(self, name: str, password: str) -> str:
        return f"""
[{name}]
type = registration
transport = transport-phones
outbound_auth = {name}
server_uri = sip:{self.line_host}:{self.line_port}
client_uri = sip:{name}@{self.line_host}:{self.line_port}
contact_user = {name}
max_random_initial_delay = 0
retry_interval = 2
forbidden_retry_interval = 2
fatal_retry_interval = 2
expiration = 3600

[{name}]
type = auth
auth_type = digest
username = {name}
password = {password}
"""
