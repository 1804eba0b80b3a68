"""Someone on the telephone: a caller, or a person whose phone rings."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from ..ari import AriClient
from ..ari.errors import ChannelGone
from ..ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    Dial,
    Event,
    StasisEnd,
    StasisStart,
)
from .headset import Headset
from .hearing import Samples

HANGUP_CAUSE = {
    404: 1,
    408: 18,
    480: 19,
    403: 21,
    410: 22,
    484: 28,
    486: 17,
    500: 38,
    502: 27,
    503: 34,
    603: 16,
}
"""The Q.850 cause that makes Asterisk send a SIP code (`hangup_cause2sip` in chan_pjsip.c)."""


class Party:
    """A channel of the network's Asterisk: what this person does, and what they hear.

    `address` is one of this machine, for the sound between the network's Asterisk and us.
    """

    def __init__(
        self, ari: AriClient, channel_id: str, address: str, *, number: str, placed: bool = False
    ) -> None:
        self.ari = ari
        self.channel_id = channel_id
        self.number = number
        self.up = False
        self.gone = False
        self.ringing = False
        self.cause: int | None = None
        self.keys = ""
        """The keys that the other side sent."""
        self.caller_number = ""
        self.caller_name = ""
        self._address = address
        self._headset: Headset | None = None
        self._listening = False
        self._placed = placed
        self._event = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Take in one event of this channel."""
        match event:
            case StasisStart():
                self.up = self._placed
                self.caller_number = event.channel.caller.number
                self.caller_name = event.channel.caller.name
            case ChannelDtmfReceived():
                self.keys += event.digit
            case Dial():
                self.ringing = self.ringing or event.dialstatus == "RINGING"
            case ChannelHangupRequest():
                self.cause = event.cause or self.cause
            case ChannelDestroyed():
                self.gone = True
                self.cause = event.cause or self.cause
            case StasisEnd():
                self.gone = True
            case _:
                pass
        self._event.set()

    async def _until(self, wanted: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not getattr(self, wanted):
                    self._event.clear()
                    await self._event.wait()
        except TimeoutError:
            raise AssertionError(f"{self.number}: not {wanted} after {seconds} s") from None

    async def answered(self, within: float = 10.0) -> None:
        """Wait until the other side has answered."""
        await self._until("up", within)

    async def heard_ringing(self, within: float = 10.0) -> None:
        """Wait until the other side says that it rings."""
        await self._until("ringing", within)

    async def ended(self, within: float = 30.0) -> None:
        """Wait until the other side, or we, hung up."""
        await self._until("gone", within)

    async def ring(self) -> None:
        """Send 180 Ringing."""
        await self.ari.channels.ring(self.channel_id)

    async def answer(self) -> None:
        """Pick up, and listen from then on."""
        await self.take_headset()
        await self.ari.channels.answer(self.channel_id)
        self.up = True
        await self.listen()

    async def refuse(self, sip_code: int) -> None:
        """Refuse with a SIP status code of `HANGUP_CAUSE`."""
        await self.ari.channels.hangup(self.channel_id, reason_code=str(HANGUP_CAUSE[sip_code]))

    async def redirect(self, number: str) -> None:
        """Tell who rings to call another number instead (SIP 302)."""
        await self.ari.channels.redirect(self.channel_id, endpoint=f"PJSIP/sip:{number}@{self._address}")

    async def early_media(self, wav: Path) -> None:
        """Say something before picking up (SIP 183), as an announcement of the carrier's does."""
        await self.ari.channels.progress(self.channel_id)
        await self.speak(wav)

    async def hold(self) -> None:
        """Put the other side on hold."""
        await self.ari.channels.hold(self.channel_id)

    async def unhold(self) -> None:
        """Take the other side off hold."""
        await self.ari.channels.unhold(self.channel_id)

    async def press(self, keys: str, *, gap: float = 0.1) -> None:
        """Press keys as RFC 4733 telephone events, `gap` seconds apart.

        Not while the other side presses one: an Asterisk that sends a key goes on with it at each packet that
        comes in. Two of them, with no distance between, answer each other thousands of times in the tenth of
        a second that a key lasts, and what they say is lost for seconds. No telephone does that.
        """
        await self.ari.channels.send_dtmf(self.channel_id, dtmf=keys, between=int(gap * 1000), duration=100)

    async def speak(self, wav: Path) -> None:
        """Say something: what is in a file, once, without waiting for its end."""
        (await self._wear_headset()).say(wav)

    async def until_said(self) -> None:
        """Wait until what `speak` says was said, or the call is over."""
        if self._headset is not None:
            await self._headset.until_said()

    async def hang_up(self) -> None:
        """Put the phone down; nothing happens if the call is over."""
        with suppress(ChannelGone):
            await self.ari.channels.hangup(self.channel_id)

    async def take_headset(self) -> Headset:
        """Have at hand what listening needs: what is said at once is not missed meanwhile."""
        if self._headset is None:
            self._headset = await Headset.at_hand(self.ari, self._address)
            if self.gone:  # it was released before it was there
                await self._headset.close()
        return self._headset

    async def listen(self) -> None:
        """Take in from now on what is heard."""
        await self._wear_headset()

    async def _wear_headset(self) -> Headset:
        headset = await self.take_headset()
        if not self._listening:
            await headset.put_on(self.channel_id)
            self._listening = True
        return headset

    async def heard(self) -> Samples:
        """Return all that was heard since `listen`."""
        if self._headset is None or not self._listening:
            raise AssertionError(f"{self.number} was not listening")
        return self._headset.heard

    async def release(self) -> None:
        """Free what listening and speaking need; what was heard can still be asked for."""
        if self._headset is not None:
            await self._headset.close()
