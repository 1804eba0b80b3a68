"""What a caller hears while telephones ring."""

from __future__ import annotations

import asyncio

from .channel import CallChannel

AFTER = 0.25
"""Seconds without ringing: an agent who picks up faster makes none, and nobody notices a shorter silence."""


class Ringback:
    """The ringing tone in a caller's ear, or music of a class of Asterisk's, from `start` to `stop`."""

    def __init__(self, caller: CallChannel, music: str | None = None) -> None:
        self._caller = caller
        self._music = music
        self._ringing = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, a moment from now."""
        if self._timer is None and not self._ringing:
            self._timer = asyncio.get_running_loop().call_later(AFTER, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if not self._caller.gone:
            self._ringing = True
            channels, caller = self._caller.ari.channels, self._caller.id
            begin = (
                channels.start_moh(caller, moh_class=self._music) if self._music else channels.ring(caller)
            )
            self._caller.send(begin)

    async def stop(self) -> None:
        """End, before anything else is to be heard.

        Asterisk ends its tone at the first frame that it writes to the channel; where the bridge hands
        packets on natively it writes none, and the tone would go on over the conversation.
        """
        self.cancel()
        if self._ringing:
            await self._caller.settle()
            channels, caller = self._caller.ari.channels, self._caller.id
            await (channels.stop_moh(caller) if self._music else channels.ring_stop(caller))
            self._ringing = False

    def cancel(self) -> None:
        """Begin no more; what rings already ends with the channel."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
