"""Addresses and ports that no other program on this machine uses."""

from __future__ import annotations

import secrets
import socket
from contextlib import closing

from .errors import PortTaken


def loopback_address() -> str:
    """Return an address in 127.0.0.0/8 that nobody else is likely to use, out of 15 million.

    Each Asterisk of a test or demo listens on one of its own, so that any number of them run side by side on
    the usual ports, with the whole range of ports for sound. Linux answers on every address of that network.
    """
    return f"127.{16 + secrets.randbelow(239)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"


def choose_port(host: str, preferred: int, *, udp: bool = False) -> int:
    """Return `preferred` when nothing listens there, else a free port that the system picks."""
    if why_taken(host, preferred, udp=udp) is None:
        return preferred
    with closing(_socket(host, udp=udp)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def check_free(purpose: str, host: str, port: int, *, udp: bool = False) -> None:
    """Raise `PortTaken` when Asterisk could not listen there."""
    reason = why_taken(host, port, udp=udp)
    if reason is not None:
        raise PortTaken(purpose, "UDP" if udp else "TCP", host, port, reason)


def why_taken(host: str, port: int, *, udp: bool = False) -> str | None:
    """Return why nobody can listen on that port now, None when one can."""
    try:
        with closing(_socket(host, udp=udp)) as probe:
            if not udp:
                # As Asterisk does: a connection of an earlier run in TIME_WAIT is no obstacle, a listener is.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            if not udp:
                probe.listen(1)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _socket(host: str, *, udp: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
