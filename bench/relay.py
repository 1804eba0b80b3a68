"""A place that SIP messages pass, unchanged, where they can be looked at and timed."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

Address = tuple[str, int]

SO_TIMESTAMPNS = 35
"""asm-generic/socket.h; Python has no name for it. The time of arrival, on the clock of `time.time_ns`."""
_TIMESPEC = struct.Struct("@qq")
_LARGEST = 65_535


class Relay:
    """Passes datagrams on from whoever writes to `front` to `target`, and the answers back."""

    def __init__(self, front: Address, target: Address) -> None:
        self.front = _udp(front)
        self.front.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.back = _udp((front[0], 0))
        self._target = target
        self._client: Address | None = None

    def forth(self) -> tuple[bytes, int]:
        """Pass one message on to the target; return it and when it arrived (ns); empty when there is none."""
        try:
            message, ancillary, _, self._client = self.front.recvmsg(_LARGEST, 64)
        except BlockingIOError:
            return b"", 0
        with suppress(BlockingIOError):
            self.back.sendto(message, self._target)
        seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
        return message, seconds * 1_000_000_000 + nanoseconds

    def back_again(self) -> bytes:
        """Pass one answer back; return it. Empty when there is none."""
        try:
            message = self.back.recv(_LARGEST)
        except BlockingIOError:
            return b""
        if self._client is not None:
            with suppress(BlockingIOError):
                self.front.sendto(message, self._client)
        return message


def _udp(address: Address) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(address)
    udp.setblocking(False)
    return udp
