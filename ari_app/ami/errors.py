"""What can go wrong with AMI, each as a type with the facts as attributes."""

from __future__ import annotations

from ..core.errors import AstreinteError


class AmiError(AstreinteError):
    """Anything that went wrong with AMI."""


class AmiUnavailable(AmiError):
    """Nobody answers at the AMI's address, or the connection was lost."""

    def __init__(self, address: str, why: str) -> None:
        self.address = address
        super().__init__(
            f"AMI at {address} is not available: {why}",
            remedy="check that Asterisk runs and that manager.conf has `enabled = yes` with this `bindaddr` "
            "and `port` (`asterisk -rx 'manager show settings'`); the client keeps trying",
        )


class NotAnAmi(AmiError):
    """Something answers at the AMI's address, and it does not speak AMI. `said` is what it said first."""

    def __init__(self, address: str, said: str) -> None:
        self.address = address
        self.said = said
        super().__init__(
            f"what answers at {address} is not Asterisk's manager interface: it said {said!r}",
            remedy="another program may hold the port (`ss -ltnp` names it); "
            "the right one is `port` in manager.conf, 5038 unless changed",
        )


class AuthenticationFailed(AmiError):
    """Asterisk refused the user name or the secret, or the address that we come from."""

    def __init__(self, address: str, username: str) -> None:
        self.address = address
        self.username = username
        super().__init__(
            f"Asterisk at {address} refused to log the AMI user {username!r} in",
            remedy=f"compare the password with `secret` under [{username}] in manager.conf, and check that "
            "`permit`, `deny` and `acl` there allow this machine; Asterisk's own log says which it was",
        )


class AsteriskNotBooted(AmiError):
    """Asterisk let us in but has not said FullyBooted."""

    def __init__(self, address: str, username: str) -> None:
        self.address = address
        super().__init__(
            f"Asterisk at {address} has not said that it is fully booted",
            remedy=f"wait until it has started; if it has, give [{username}] in manager.conf "
            "`read = system,call` and let its `eventfilter` pass FullyBooted",
        )


class PermissionDenied(AmiError):
    """The AMI user may not do this `action`."""

    def __init__(self, action: str) -> None:
        self.action = action
        super().__init__(
            f"the AMI user may not do {action}",
            remedy="give it `write = system,reporting` in manager.conf, then `asterisk -rx 'manager reload'`",
        )


class ActionRefused(AmiError):
    """Asterisk answered an `action` with an error; `reason` is its message."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        remedy = "look into Asterisk's own log"
        if reason.startswith("Invalid/unknown command"):
            remedy = (
                "load the module that brings it (DeviceStateList: res_manager_devicestate.so) in modules.conf"
            )
        super().__init__(f"Asterisk refused {action}: {reason}", remedy=remedy)


class ActionNotSent(AmiError):
    """There is no connection, so the `action` was never sent: it certainly did not happen."""

    def __init__(self, action: str, trouble: AmiError | None) -> None:
        self.action = action
        super().__init__(
            f"{action} was not sent: there is no AMI connection",
            remedy=trouble.message if trouble else "call start() first",
        )


class OutcomeUnknown(AmiError):
    """The `action` was sent and no answer came, so it may have happened. It is never sent again by itself."""

    def __init__(self, action: str, why: str) -> None:
        self.action = action
        super().__init__(
            f"{action} was sent and its outcome is not known: {why}",
            remedy="read the value back once AMI is ready, or do it again if twice does no harm",
        )


class InvalidValue(AmiError):
    """A value that AMI cannot carry unchanged; nothing was sent."""

    def __init__(self, header: str, why: str) -> None:
        self.header = header
        super().__init__(
            f"AMI cannot carry this {header}: {why}", remedy="change the value where it comes from"
        )
