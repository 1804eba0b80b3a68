"""What can go wrong while Asterisk is found, installed, configured or started."""

from __future__ import annotations

from collections.abc import Sequence

from ari_app.core.errors import AstreinteError

WAYS_OUT = (
    "give this machine an Asterisk of at least {minimum}, in any of these ways: "
    "install your distribution's package when it is that new (Debian sid: `apt install asterisk`); "
    "run the Docker image (`docker compose up`, see README.md); "
    "or name an apt source that has it, for example "
    "ASTREINTE_APT_SOURCE='deb [signed-by=/path/to/keyring.gpg] MIRROR sid main', and run this again"
)


class AsteriskUnavailable(AstreinteError):
    """No Asterisk that is new enough is here, and none could be unpacked; `tried` says what was tried."""

    def __init__(self, message: str, *, tried: Sequence[str] = (), remedy: str) -> None:
        self.tried = tuple(tried)
        super().__init__("\n".join([message, *(f"  - {line}" for line in self.tried)]), remedy=remedy)


class PortTaken(AstreinteError):
    """Another program listens where Asterisk was about to."""

    def __init__(self, purpose: str, protocol: str, host: str, port: int, reason: str) -> None:
        self.purpose, self.protocol, self.host, self.port = purpose, protocol, host, port
        super().__init__(
            f"cannot listen on {protocol} {host}:{port}, which is the {purpose} of this line: {reason}",
            remedy=f"stop the program that uses it (`ss -lnp | grep :{port}` names it), "
            "or give the line another port in its settings",
        )


class InvalidTemplate(AstreinteError):
    """A template names a value that does not exist."""


class AsteriskFailed(AstreinteError):
    """Asterisk did not start, or died; `errors` are the error lines of its own log."""

    def __init__(self, message: str, *, errors: Sequence[str] = (), remedy: str) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join([message, *(f"  | {line}" for line in self.errors)]), remedy=remedy)
