"""What someone on the telephone hears and says, packet by packet, both at once."""

from __future__ import annotations

import asyncio
import secrets
import struct
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np

from ..ari import AriClient
from ..ari.errors import AriError
from ..ari.events import StasisStart
from ..core.ids import new_id
from .hearing import RATE, Samples, alaw_codes, alaw_samples, read_wav

RTP_HEADER = struct.Struct("!BBHII")
"""RFC 3550, section 5.1, without extensions: version, payload type, sequence number, timestamp, SSRC."""
RTP_VERSION_2 = 0x80
PAYLOAD_TYPE_ALAW = 8
"""RFC 3551."""
PACKET_SECONDS = 0.02
PACKET_SAMPLES = int(RATE * PACKET_SECONDS)


class Headset(asyncio.DatagramProtocol):
    """A channel's sound in both directions, as RTP to and from us: `heard` is what came so far.

    The person's channel is bridged with a UnicastRTP channel, where A-law goes through untouched. A snoop
    channel or a recording would translate it, and Asterisk as Debian builds it (22.10.1) translates nothing
    more once a sequence number went back, as it does in half of the talks that the line bridges natively. A
    file played to a bridged channel would keep the person from hearing meanwhile.
    """

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari
        self._transport: asyncio.DatagramTransport | None = None
        self._id, self._bridge = new_id(), new_id()
        self._asterisk = ("", 0)
        self._sound = bytearray()
        self._ssrc, self._sequence, self._timestamp = secrets.randbits(32), 0, 0
        self._speaking: asyncio.Task[None] | None = None

    @classmethod
    async def at_hand(cls, ari: AriClient, address: str) -> Self:
        """Return one that need only be put on; `address` is one of this machine that Asterisk can send to."""
        headset = cls(ari)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: headset, local_addr=(address, 0))
        headset._transport = transport
        try:
            await headset._connect(*transport.get_extra_info("sockname"))
        except BaseException:
            await headset.close()
            raise
        return headset

    async def _connect(self, host: str, port: int) -> None:
        """Make a bridge with a channel that exchanges its sound with `host` and `port`."""
        channels = self._ari.channels
        async with self._ari.watch(self._id) as events, asyncio.timeout(5):
            await channels.originate(
                endpoint=f"UnicastRTP/{host}:{port}/c(alaw)",
                app=self._ari.app,
                app_args="headset",
                channel_id=self._id,
                formats="alaw",
            )
            while not isinstance(await events.get(), StasisStart):
                pass
        local = [
            (await channels.get_variable(self._id, variable=f"UNICASTRTP_LOCAL_{part}")).value
            for part in ("ADDRESS", "PORT")
        ]
        self._asterisk = (local[0], int(local[1]))
        await self._ari.bridges.create(bridge_id=self._bridge, type="mixing")
        await self._ari.bridges.add_channel(self._bridge, channel=[self._id])

    async def put_on(self, channel_id: str) -> None:
        """Hear and say from now on what a person's channel does."""
        await self._ari.bridges.add_channel(self._bridge, channel=[channel_id])

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Take a packet of sound."""
        if data[1] & 0x7F == PAYLOAD_TYPE_ALAW:
            self._sound += data[RTP_HEADER.size :]

    @property
    def heard(self) -> Samples:
        """The samples that came so far, at 8 kHz; where nothing was sent there are none."""
        return alaw_samples(np.frombuffer(bytes(self._sound), dtype=np.uint8))

    def say(self, wav: Path) -> None:
        """Say what is in a file, from now on, in the place of what is being said."""
        if self._speaking is not None:
            self._speaking.cancel()
        self._speaking = asyncio.create_task(self._send(alaw_codes(read_wav(wav)).tobytes()))

    async def until_said(self) -> None:
        """Wait until all was said."""
        if self._speaking is not None:
            await asyncio.wait([self._speaking])

    async def _send(self, sound: bytes) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        for at in range(0, len(sound) - PACKET_SAMPLES + 1, PACKET_SAMPLES):
            if self._transport is None:
                return
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._timestamp = (self._timestamp + PACKET_SAMPLES) & 0xFFFFFFFF
            header = RTP_HEADER.pack(
                RTP_VERSION_2, PAYLOAD_TYPE_ALAW, self._sequence, self._timestamp, self._ssrc
            )
            self._transport.sendto(header + sound[at : at + PACKET_SAMPLES], self._asterisk)
            due += PACKET_SECONDS
            await asyncio.sleep(max(0.0, due - clock()))

    async def close(self) -> None:
        """Hear and say no more; what was heard stays."""
        if self._transport is None:
            return
        if self._speaking is not None:
            self._speaking.cancel()
        self._transport.close()
        self._transport = None
        with suppress(AriError):  # it never came to be, or is gone with its call
            await self._ari.channels.hangup(self._id)
        with suppress(AriError):
            await self._ari.bridges.destroy(self._bridge)
