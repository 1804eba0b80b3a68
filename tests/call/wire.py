"""A caller who writes their own SIP (RFC 3261): what no well-behaved telephone would send."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ari_app.core.ids import new_id
from ari_app.pbx import LineConfig

from .people import PATIENCE

CRLF = b"\r\n"
PACKET_SECONDS = 0.02
VOICE, KEY = 8, 101
"""Payload types: A-law (RFC 3551), and keys (RFC 4733) as our SDP says."""
END_OF_KEY = 0x80


class WireCaller(asyncio.DatagramProtocol):
    """One call, in bytes of one's own, from the address that the line's trunk is known by.

    `request_uri_user`, `sender` (the From header, without its tag) and `more` (whole header lines) are sent
    as they are. It hears nothing: use it for what is said in the signalling, and in packets of sound.
    """

    def __init__(self, line: LineConfig, request_uri_user: bytes, sender: bytes, *more: bytes) -> None:
        self.status = 0
        """The last status that the line answered to the INVITE."""
        self._line = (line.sip_bind, line.sip_port)
        self._host = line.trunk_host
        self._uri = b"sip:%s@%s:%d" % (request_uri_user, line.sip_bind.encode(), line.sip_port)
        self._sender, self._more = sender, more
        self._call_id = new_id().encode()
        self._to = b"<%s>" % self._uri
        self._contact = self._uri
        self._sound = self._socket()
        self._sound_of_line = ("", 0)
        self._requests = 1
        self._sequence = 0
        self._news = asyncio.Event()
        self._over = False

    async def __aenter__(self) -> Self:
        """Call."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self._host, 0)
        )
        self._port = self._transport.get_extra_info("sockname")[1]
        self._send(b"INVITE", 1, self._uri, self._to, *self._more, body=self._sdp())
        return self

    def _socket(self) -> socket.socket:
        sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sound.bind((self._host, 0))
        return sound

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hangs_up()
        self._transport.close()
        self._sound.close()

    async def is_answered(self) -> int:
        """Wait until the line has accepted or refused the call; return the SIP status."""
        await self._until(lambda: self.status >= 200)
        return self.status

    async def hangs_up(self) -> None:
        """End the call, unless it is over."""
        if not self._over and await self.is_answered() < 300:
            self._over = True
            self._send(b"BYE", self._next_request(), self._contact, self._to)

    def _next_request(self) -> int:
        self._requests += 1
        return self._requests

    async def is_hung_up(self) -> None:
        """Wait until the line ends the call."""
        await self._until(lambda: self._over)

    def presses_by_info(self, key: bytes) -> None:
        """Press a key that is told in the signalling (SIP INFO, RFC 6086)."""
        body = b"Signal=%s\r\nDuration=160\r\n" % key
        kind = b"Content-Type: application/dtmf-relay"
        self._send(b"INFO", self._next_request(), self._contact, self._to, kind, body=body)

    async def offers_again(self, direction: bytes = b"sendrecv", *, elsewhere: bool = False) -> None:
        """Put the line on hold (`sendonly`, `inactive`) or off it, or take sound `elsewhere`: a re-INVITE."""
        if elsewhere:
            self._sound.close()
            self._sound = self._socket()
        self.status = 0
        sdp = self._sdp(direction)
        self._send(b"INVITE", self._next_request(), self._contact, self._to, body=sdp)
        assert await self.is_answered() == 200

    async def speaks(self, codes: bytes) -> None:
        """Say something, in A-law."""
        for at in range(0, len(codes) - 159, 160):
            self._packet(VOICE, self._sequence * 160, codes[at : at + 160])
            await asyncio.sleep(PACKET_SECONDS)

    async def presses(self, key: int, *, packets: int, ends: int = 3) -> None:
        """Press a key (RFC 4733) for so many packets; `ends` is how many of those that end it arrive."""
        began = self._sequence * 160
        for number in range(1, packets + 1):
            self._packet(KEY, began, struct.pack("!BBH", key, 10, 160 * number))
            await asyncio.sleep(PACKET_SECONDS)
        for _ in range(ends):
            self._packet(KEY, began, struct.pack("!BBH", key, END_OF_KEY | 10, 160 * packets))

    def _packet(self, kind: int, timestamp: int, payload: bytes) -> None:
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, kind, self._sequence, timestamp, 1)
        self._sound.sendto(header + payload, self._sound_of_line)

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Take a request or a response of the line's."""
        head, _, _ = data.partition(CRLF + CRLF)
        first, *headers = head.split(CRLF)
        if first.startswith(b"SIP/2.0 "):
            if _header(headers, b"CSeq").endswith(b"INVITE"):
                self._on_answer(int(first.split()[1]), headers, data)
        elif not first.startswith(b"ACK "):
            self._over = self._over or first.startswith(b"BYE ")
            kept = [each for each in headers if re.match(rb"(?i)(via|from|to|call-id|cseq):", each)]
            self._transport.sendto(
                CRLF.join([b"SIP/2.0 200 OK", *kept, b"Content-Length: 0", b"", b""]), self._line
            )
        self._news.set()

    def _on_answer(self, status: int, headers: list[bytes], message: bytes) -> None:
        if sound := re.search(rb"^c=IN IP4 (\S+).*?^m=audio (\d+)", message, re.MULTILINE | re.DOTALL):
            self._sound_of_line = (sound[1].decode(), int(sound[2]))
        if status >= 200:
            self._to = _header(headers, b"To")
            if contact := re.search(rb"<([^>]+)>", _header(headers, b"Contact")):
                self._contact = contact[1]
            number = int(_header(headers, b"CSeq").split()[0])
            self._send(b"ACK", number, self._contact if status < 300 else self._uri, self._to)
        self.status = max(self.status, status)

    def _send(
        self, method: bytes, number: int, uri: bytes, to: bytes, *more: bytes, body: bytes = b""
    ) -> None:
        here = b"%s:%d" % (self._host.encode(), self._port)
        lines = [
            b"%s %s SIP/2.0" % (method, uri),
            b"Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%d;rport" % (here, self._call_id, number),
            b"Max-Forwards: 70",
            b"From: %s;tag=%s" % (self._sender, self._call_id[:8]),
            b"To: %s" % to,
            b"Call-ID: %s" % self._call_id,
            b"CSeq: %d %s" % (number, method),
            b"Contact: <sip:wire@%s>" % here,
            *more,
            *([b"Content-Type: application/sdp"] if method == b"INVITE" else []),
            b"Content-Length: %d" % len(body),
        ]
        self._transport.sendto(CRLF.join([*lines, b"", body]), self._line)

    def _sdp(self, direction: bytes = b"sendrecv") -> bytes:
        host, port = self._sound.getsockname()
        lines = (
            "v=0",
            f"o=- 1 {self._requests} IN IP4 {host}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio {port} RTP/AVP 8 101",
            "a=rtpmap:101 telephone-event/8000",
            f"a={direction.decode()}",
            "",
        )
        return "\r\n".join(lines).encode()

    async def _until(self, happened: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not happened():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the line answered nothing to {self._uri!r}") from None


def _header(headers: list[bytes], name: bytes) -> bytes:
    for each in headers:
        found, _, value = each.partition(b":")
        if found.strip().lower() == name.lower():
            return value.strip()
    return b""
