"""From a TCP port to an Asterisk that is up and has let us in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from panoramisk.message import Message

from .errors import (
    ActionRefused,
    AmiUnavailable,
    AuthenticationFailed,
    NotAnAmi,
    PermissionDenied,
)
from .protocol import ManagerProtocol

BANNER = "Asterisk Call Manager/"
EVENTS = "system,call"  # FullyBooted is of class system, DeviceStateChange of class call


async def connect(
    host: str, port: int, deadline: float, on_event: Callable[[Message], None]
) -> ManagerProtocol:
    """Open a connection and read who is there, each within `deadline` seconds.

    Raises `AmiUnavailable` when nobody is, `NotAnAmi` when it is someone else.
    """
    address = f"{host}:{port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(deadline):
            _, protocol = await loop.create_connection(lambda: ManagerProtocol(on_event), host, port)
    except TimeoutError:
        raise AmiUnavailable(address, f"no connection within {deadline:g} s") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise AmiUnavailable(address, why) from error
    try:
        await _read_banner(protocol, address, deadline)
    except BaseException:
        protocol.drop("not an AMI")
        raise
    return protocol


async def _read_banner(protocol: ManagerProtocol, address: str, deadline: float) -> None:
    try:
        async with asyncio.timeout(deadline):
            banner = await protocol.banner
    except TimeoutError:
        raise NotAnAmi(address, "nothing") from None
    if not banner and protocol.lost.done():
        raise AmiUnavailable(address, "the connection was closed without a greeting")
    if not banner.startswith(BANNER):
        raise NotAnAmi(address, banner)


async def log_in(
    protocol: ManagerProtocol, address: str, username: str, secret: str, deadline: float
) -> None:
    """Log in and ask for the events that we need. Raises `AuthenticationFailed`."""
    headers = {"Username": username, "Secret": secret, "Events": EVENTS}
    try:
        await protocol.exchange("Login", headers, deadline)
    except (ActionRefused, PermissionDenied) as error:
        raise AuthenticationFailed(address, username) from error


async def until_booted(protocol: ManagerProtocol, deadline: float) -> bool:
    """Wait until Asterisk says FullyBooted or the connection is lost; False after `deadline` seconds."""
    happenings: set[asyncio.Future[None] | asyncio.Future[str]] = {protocol.booted, protocol.lost}
    done, _ = await asyncio.wait(happenings, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)
