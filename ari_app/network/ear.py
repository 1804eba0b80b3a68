"""What someone on the telephone hears, packet by packet, as it arrives."""

from __future__ import annotations

import asyncio
from typing import Self

import numpy as np

from ..ari import AriClient
from ..ari.errors import AriError
from ..ari.events import StasisStart
from ..core.ids import new_id
from .hearing import Samples, alaw_samples

RTP_HEADER_BYTES = 12
PAYLOAD_TYPE_ALAW = 8
"""RFC 3551."""


class Ear(asyncio.DatagramProtocol):
    """A channel's incoming sound, copied to us as RTP: `heard` is what has come so far, without a gap.

    The channel and a UnicastRTP channel are put into a bridge, where A-law goes through untouched. A snoop
    channel or a recording would translate it, and Asterisk as Debian builds it translates nothing more once
    a sequence number went back, as it may when the line joins two people.
    """

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari
        self._transport: asyncio.DatagramTransport | None = None
        self._id, self._bridge = new_id(), new_id()
        self._sound = bytearray()

    @classmethod
    async def of(cls, ari: AriClient, channel_id: str, address: str) -> Self:
        """Open an ear on a channel; `address` is one of this machine that Asterisk can send to."""
        ear = cls(ari)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=(address, 0))
        host, port = transport.get_extra_info("sockname")
        ear._transport = transport
        try:
            async with ari.watch(ear._id) as events, asyncio.timeout(5):
                await ari.channels.originate(
                    endpoint=f"UnicastRTP/{host}:{port}/c(alaw)",
                    app=ari.app,
                    app_args="ear",
                    channel_id=ear._id,
                    formats="alaw",
                )
                while not isinstance(await events.get(), StasisStart):
                    pass
            await ari.bridges.create(bridge_id=ear._bridge, type="mixing")
            await ari.bridges.add_channel(ear._bridge, channel=[ear._id, channel_id])
        except BaseException:
            await ear.close()
            raise
        return ear

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Take a packet of sound."""
        if data[1] & 0x7F == PAYLOAD_TYPE_ALAW:
            self._sound += data[RTP_HEADER_BYTES:]

    @property
    def heard(self) -> Samples:
        """The samples that came so far, at 8 kHz; where nothing was sent there are none."""
        return alaw_samples(np.frombuffer(bytes(self._sound), dtype=np.uint8))

    async def close(self) -> None:
        """Hear no more; what was heard stays."""
        if self._transport is None:
            return
        self._transport.close()
        self._transport = None
        for request in (self._ari.channels.hangup(self._id), self._ari.bridges.destroy(self._bridge)):
            try:
                await request
            except AriError:
                continue  # it never came to be, or is gone with its call
