"""What can go wrong with FastAGI."""

from __future__ import annotations

from ..core.errors import AstreinteError


class AgiError(AstreinteError):
    """Anything that went wrong with FastAGI."""


class AgiAddressUnusable(AgiError):
    """The server cannot listen on its address: the port is taken, or the address is not this machine's."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host = host
        self.port = port
        super().__init__(
            f"FastAGI cannot listen on {host}:{port}: {why}",
            remedy="stop what holds the port (`ss -ltnp` names it), or set `agi.port` and use the same port "
            "in the dialplan's AGI(agi://...)",
        )


class InvalidAnswer(AgiError):
    """An answer that must not reach a dialplan, such as a dial string with a comma in it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this is no answer for a dialplan: {what}", remedy="mend it where the answer is made"
        )


class BadRequest(AgiError):
    """A request that we do not serve; its dialplan gets `ONCALL_STATUS=error`."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this FastAGI request is not served: {what}",
            remedy="write AGI(agi://HOST:PORT/oncall?team=TEAM&reason=REASON), "
            "each value through ${URIENCODE(...)}",
        )


class NotAsterisk(AgiError):
    """Who connected is no Asterisk, or has gone; there is nobody to answer."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no FastAGI peer: {what}", remedy="nothing, unless calls are missing an answer")


class CommandFailed(AgiError):
    """Asterisk answered a command with something else than 200; `reply` is its line."""

    def __init__(self, command: str, reply: str) -> None:
        self.command = command
        self.reply = reply
        super().__init__(
            f"Asterisk answered {command!r} with {reply!r}",
            remedy="look into Asterisk's own log (`agi set debug on` shows each line)",
        )
