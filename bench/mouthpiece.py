"""One caller's sound: voice in alaw, and a key as RFC 4733 telephone events."""

from __future__ import annotations

import random
import socket
import struct
import time
from contextlib import suppress

PACKET_SECONDS = 0.02
PACKET_SAMPLES = 160  # 20 ms at 8000 Hz
ALAW, EVENT = 8, 101  # payload types, as in caller.xml
VOICE = bytes(range(0x50, 0x50 + 16)) * (PACKET_SAMPLES // 16)
"""One packet of the caller's voice: a pattern that is known again when the agent's side echoes it."""
KEY = 1
KEY_FIRST = 25  # packets, 0.5 s: the key goes down while the prompt plays
KEY_PACKETS = 6  # 120 ms; Asterisk would stretch a key of less than 80 ms (AST_MIN_DTMF_DURATION)
KEY_ENDS = 3  # RFC 4733, 2.5.1.4: the end is sent three times
KEY_SECONDS = (KEY_FIRST + KEY_PACKETS) * PACKET_SECONDS
"""From the answer to the end of the key."""
LISTENS_EVERY = 25  # packets, 0.5 s: the buffer is soon full of the prompt, the echo only comes later
END_BIT, VOLUME = 0x80, 10
MARKER = 0x80
SMALL_BUFFER = 4096  # bytes; what does not fit is dropped unread, as by someone who does not listen

_RTP = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")


class Mouthpiece:
    """Speaks for one caller after another, each from the answer to the hanging up, or to a second key.

    With `hushed` it says little once the agent's side was heard: two packets a second.
    """

    def __init__(self, host: str, port: int, *, hushed: bool = False) -> None:
        self.call: int | None = None
        """Which caller speaks now."""
        self.key_ended_ns = 0
        """When the packet that ends the key was sent (`time.time_ns`)."""
        self.echo = False
        """Whether the agent's side has sent our own voice back."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self._socket.bind((host, port))
        self._socket.setblocking(False)
        self._hushed = hushed
        self._sent = 0
        self._key_from = KEY_FIRST
        self._last_key = False
        self._sequence = random.getrandbits(15)
        self._source = 0
        self._started = 0.0
        self._line = ("", 0)

    def pick_up(self, call: int, line: tuple[str, int], now: float) -> None:
        """Begin to speak for a caller, to the line's address for sound."""
        self.call, self._line, self._started = call, line, now
        self._sent, self._source, self.key_ended_ns = 0, random.getrandbits(32), 0
        self._key_from, self._last_key = KEY_FIRST, False
        self._listen()
        self.echo = False

    def speak(self) -> float:
        """Send the packet whose turn it is; return when the next is due (monotonic)."""
        into_key = self._sent - self._key_from
        if 0 <= into_key < KEY_PACKETS:
            self._send(EVENT | (0 if into_key else MARKER), self._key_from, _key(into_key + 1, VOLUME))
        elif into_key == KEY_PACKETS:
            self.key_ended_ns = time.time_ns()
            for _ in range(KEY_ENDS):
                self._send(EVENT, self._key_from, _key(KEY_PACKETS, END_BIT | VOLUME))
            if self._last_key:
                self.call = None
        else:
            self._send(ALAW, self._sent, VOICE)
        self._sent += LISTENS_EVERY if self._hushed and self.echo else 1
        if not self.echo and self._sent % LISTENS_EVERY == 0:
            self._listen()
        return self._started + self._sent * PACKET_SECONDS

    def press_again(self) -> None:
        """Press the key once more after as long as the first time, and say nothing more then."""
        self._listen()
        self._key_from, self._last_key = self._sent + KEY_FIRST, True

    def hang_up(self) -> None:
        """Speak no more."""
        self.call = None
        self._listen()

    def _listen(self) -> None:
        with suppress(BlockingIOError):
            while True:
                if self._socket.recv(2048)[_RTP.size :] == VOICE:
                    self.echo = True

    def _send(self, payload_type: int, at_packet: int, payload: bytes) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        header = _RTP.pack(0x80, payload_type, self._sequence, at_packet * PACKET_SAMPLES, self._source)
        with suppress(BlockingIOError):
            self._socket.sendto(header + payload, self._line)


def _key(packets: int, flags: int) -> bytes:
    return _EVENT.pack(KEY, flags, packets * PACKET_SAMPLES)
