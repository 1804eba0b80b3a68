"""The bridge of one call: who is in it hears the others, who is on hold hears music."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from ..ari.errors import ChannelGone, NotInStasis, OutcomeUnknown, RequestNotSent
from .channel import CallChannel, for_certain
from .desk import Call

GONE_WITHIN = 2.0
"""Seconds between Asterisk's word that a channel is gone and the event that says so."""


class CallBridge:
    """A mixing bridge, made by `open`. With `keys`, we are told of keys that are pressed in it.

    Without, Asterisk hands the packets of two people on unread, which costs it less. Keys are heard by the
    others in any case, as on any telephone: an intercom opens its door at one.
    """

    def __init__(self, call: Call, *, keys: bool) -> None:
        self.id = call.next_bridge_id()
        self._call = call
        self._keys = keys
        self._ari = call.desk.ari
        self._inside: set[str] = set()
        self._on_hold: set[str] = set()

    async def open(self, name: str) -> None:
        """Make the bridge; `name` is for those who look at Asterisk, and for who takes a call up after us."""
        kind = "mixing,dtmf_events" if self._keys else "mixing"
        await to_its_end(self._ari.bridges.create(bridge_id=self.id, type=kind, name=name))

    async def enter(self, *channels: CallChannel) -> bool:
        """Let these hear and be heard; False if one is gone: it was the last one, or the caller."""
        for each in channels:
            await self._end_hold(each)
        entering = [each for each in channels if each.id not in self._inside]
        try:
            if entering:
                await to_its_end(self._add([each.id for each in entering]))
        except (ChannelGone, NotInStasis):
            await told_gone(entering[-1])  # if it is the caller who is gone, their call is cancelled here
            return False
        return True

    async def _add(self, channel_ids: list[str]) -> None:
        await self._ari.bridges.add_channel(self.id, channel=channel_ids)
        self._inside.update(channel_ids)

    async def leave(self, channel: CallChannel) -> None:
        """Take somebody out, if they are there; they stay in the call."""
        if channel.id not in self._inside:
            return
        self._inside.discard(channel.id)
        try:
            await to_its_end(self._ari.bridges.remove_channel(self.id, channel=[channel.id]))
        except (ChannelGone, NotInStasis):
            await told_gone(channel)

    async def hold(self, channel: CallChannel) -> None:
        """Take somebody out, and let them hear music until they enter again."""
        await self.leave(channel)
        if channel.id not in self._on_hold and not channel.gone:
            self._on_hold.add(channel.id)
            await self._ari.channels.start_moh(channel.id)

    async def _end_hold(self, channel: CallChannel) -> None:
        if channel.id in self._on_hold:
            self._on_hold.discard(channel.id)
            if not channel.gone:
                await self._ari.channels.stop_moh(channel.id)

    async def close(self, caller: CallChannel) -> None:
        """Take the bridge away; the caller, if still there, hears nothing any more.

        They are out of it before it goes. Asterisk answers that a bridge is gone while people are still on
        their way out, and what is played to somebody then is never heard, and its end never told.
        """
        caller.send(self._end_hold(caller))
        caller.send(self._take_away(caller))
        await caller.settle()

    async def _take_away(self, caller: CallChannel) -> None:
        try:
            if not caller.gone:
                await self.leave(caller)
        finally:
            await self._destroy()

    async def _destroy(self) -> None:
        try:
            await self._ari.bridges.destroy(self.id)
        except (RequestNotSent, OutcomeUnknown):
            self._call.beside(for_certain(self._ari, lambda: self._ari.bridges.destroy(self.id)))


async def told_gone(channel: CallChannel) -> None:
    """Asterisk says that a channel is gone: wait for the event that tells why."""
    try:
        async with asyncio.timeout(GONE_WITHIN):
            await channel.until_gone()
    except TimeoutError:
        return


async def to_its_end(request: Coroutine[Any, Any, object]) -> None:
    """Send a request; cancelled meanwhile, wait for its answer all the same.

    What was made is then there to be taken away, and who is in a bridge is known for certain: what is played
    to somebody as they enter one is never heard, and its end never told.
    """
    task = asyncio.ensure_future(request)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # whatever it is, the call is over
        raise
