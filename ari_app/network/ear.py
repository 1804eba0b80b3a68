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
    """A channel's incoming sound, copied to us as RTP: `heard` is what has come so far, silence included.

    A snoop channel takes the sound, a UnicastRTP channel in the same bridge sends it here; the person's own
    channel stays as it is.
    """

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari
        self._transport: asyncio.DatagramTransport | None = None
        self._snoop, self._sender, self._bridge = new_id(), new_id(), new_id()
        self._sound = bytearray()

    @classmethod
    async def of(cls, ari: AriClient, channel_id: str, address: str) -> Self:
        """Open an ear on a channel; `address` is one of this machine that Asterisk can send to."""
        ear = cls(ari)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=(address, 0))
        ear._transport = transport
        try:
            await ear._join(channel_id, *transport.get_extra_info("sockname"))
        except BaseException:
            await ear.close()
            raise
        return ear

    async def _join(self, channel_id: str, host: str, port: int) -> None:
        """Bridge a snoop channel on the person's with one that sends to `host` and `port`."""
        async with self._ari.watch(self._snoop, self._sender) as events, asyncio.timeout(5):
            await self._ari.channels.snoop(
                channel_id, app=self._ari.app, spy="in", whisper="none", snoop_id=self._snoop
            )
            await self._ari.channels.originate(
                endpoint=f"UnicastRTP/{host}:{port}/c(alaw)",
                app=self._ari.app,
                app_args="ear",
                channel_id=self._sender,
                formats="alaw",
            )
            started = 0
            while started < 2:
                started += isinstance(await events.get(), StasisStart)
        await self._ari.bridges.create(bridge_id=self._bridge, type="mixing")
        await self._ari.bridges.add_channel(self._bridge, channel=[self._snoop, self._sender])

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Take a packet of sound."""
        if data[1] & 0x7F == PAYLOAD_TYPE_ALAW:
            self._sound += data[RTP_HEADER_BYTES:]

    @property
    def heard(self) -> Samples:
        """The samples that came so far, at 8 kHz."""
        return alaw_samples(np.frombuffer(bytes(self._sound), dtype=np.uint8))

    async def close(self) -> None:
        """Hear no more; what was heard stays."""
        if self._transport is None:
            return
        self._transport.close()
        self._transport = None
        for request in (
            self._ari.channels.hangup(self._snoop),
            self._ari.channels.hangup(self._sender),
            self._ari.bridges.destroy(self._bridge),
        ):
            try:
                await request
            except AriError:
                continue  # it never came to be, or is gone with its call
