"""One channel as a call sees it: what is played on it, the keys pressed on it, and its end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from ..ari import AriClient
from ..ari.errors import AriError, OutcomeUnknown, PlaybackGone, RequestNotSent
from ..ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    Dial,
    Event,
    EventsMissed,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
)
from ..core.logs import get_logger

log = get_logger(__name__)

LOOK_AFTER = 5.0
"""Seconds after which Asterisk is asked, again and again, whether it still plays: `PlaybackFinished` is not
guaranteed, nor that what it was told to play ever begins."""
PLAYS = frozenset({"playing", "continuing", "paused"})
"""States of a playback that goes on."""
TRY_AGAIN_AFTER = 0.25
"""Seconds, after a request that the lost connection did not take: its loss may not be known yet."""
MOVED_TEMPORARILY = 302
"""SIP: a phone says to call another number instead. Asterisk tells the number, and mostly not the status."""
QUIET_WITHIN = 1.0
"""Seconds that a stopped playback may take to end."""


class CallChannel:
    """A channel of one call. Feed it the channel's events with `on_event`; one coroutine may wait on it.

    `gone` turns true once and for ever; `on_gone` is called at that instant.
    """

    def __init__(
        self,
        ari: AriClient,
        channel_id: str,
        *,
        next_playback_id: Callable[[], str],
        on_gone: Callable[[], None] | None = None,
    ) -> None:
        self.id = channel_id
        self.answered = False
        self.ringing = False
        self.gone = False
        self.lost = False
        """Whether its end was not seen: the connection to Asterisk was lost then."""
        self.ended_at: datetime | None = None
        """When it ended, if that was not seen and Asterisk told afterwards (`Ends.learn`)."""
        self.cause: int | None = None
        """The Q.850 hangup cause, once gone and if Asterisk told."""
        self.sip_code: int | None = None
        self.dialstatus: str | None = None
        self.ari = ari
        self._next_playback_id = next_playback_id
        self._on_gone = on_gone
        self._gone_since: float | None = None
        self._missed = False
        self._keys: deque[str] = deque()
        self._playing: set[str] = set()
        self._waiter: asyncio.Future[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    def on_event(self, event: Event) -> None:
        """Take in one event of this channel; called by the ARI reader, so it never waits."""
        match event:
            case ChannelDtmfReceived():
                self._keys.append(event.digit)
            case PlaybackFinished():
                self._playing.discard(event.playback.id)
            case EventsMissed():
                self._missed = True
                self._playing.clear()  # their end may be among what was missed, and would be waited for
            case Dial():
                self.dialstatus = event.dialstatus or self.dialstatus
                self.ringing = self.ringing or event.dialstatus == "RINGING"
                if event.forward:
                    self.sip_code = MOVED_TEMPORARILY
            case StasisStart():
                self.answered = True
            case ChannelHangupRequest():
                if not event.soft:  # the number of a soft one is a flag of Asterisk's own
                    self.cause = event.cause or self.cause
                return
            case StasisEnd() | ChannelDestroyed():
                self._end(event)
            case _:
                return
        self.wake()

    def _end(self, event: StasisEnd | ChannelDestroyed) -> None:
        if isinstance(event, ChannelDestroyed):
            self.cause = event.cause or self.cause
            self.sip_code = event.tech_cause or self.sip_code
        if self.gone:
            return
        self.gone = True
        self.lost = event.synthetic
        if not self.lost:
            self._gone_since = time.monotonic() - self.ari.lateness.of(event)
        self._playing.clear()
        if self._on_gone:
            self._on_gone()

    @property
    def gone_for(self) -> float:
        """The seconds since it ended, 0 if it is there or nobody saw its end."""
        return 0.0 if self._gone_since is None else time.monotonic() - self._gone_since

    def when_gone(self, told: Callable[[], None]) -> None:
        """Have `told` called at the channel's end, at once if that was before."""
        self._on_gone = told
        if self.gone:
            told()

    def wake(self) -> None:
        """Let who waits for a change look again: something else has changed that they ask for."""
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def changed(self) -> None:
        """Wait for the next event of this channel that changes something."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def until_gone(self) -> None:
        """Wait for the channel's end."""
        while not self.gone:
            await self.changed()

    async def key(self, within: float) -> str | None:
        """Return the next key, type-ahead first, or None after `within` seconds or at the channel's end."""
        if not self._keys and within > 0:
            try:
                async with asyncio.timeout(within):
                    while not self._keys and not self.gone:
                        await self.changed()
            except TimeoutError:
                return None
        return self._keys.popleft() if self._keys else None

    def put_back(self, key: str) -> None:
        """Have a key that was read be the next once more."""
        self._keys.appendleft(key)

    def missed(self) -> bool:
        """Tell whether events of this channel, such as keys, may have been missed since last asked."""
        missed, self._missed = self._missed, False
        return missed

    async def catch_up(self) -> None:
        """Find out whether it was answered while the connection was lost."""
        await self.ari.until_ready()  # by then it is known whether the channel is gone
        if not self.gone:
            channel = await self.ari.channels.get(self.id)
            self.answered = self.answered or channel.state == "Up"

    def forget_keys(self) -> None:
        """Drop the keys that were pressed and not read."""
        self._keys.clear()

    async def play(self, media: Sequence[str], *, barge_in: bool) -> None:
        """Play sound files one after the other; a key cuts them short if `barge_in`, and stays to be read."""
        if self.gone or (barge_in and self._keys):
            return
        playback_id = self._next_playback_id()
        self._playing.add(playback_id)
        try:
            await self.ari.channels.play(self.id, media=list(media), playback_id=playback_id)
        except AriError:
            self._playing.discard(playback_id)
            raise
        while playback_id in self._playing and not (barge_in and self._keys):
            try:
                async with asyncio.timeout(LOOK_AFTER):
                    while playback_id in self._playing and not (barge_in and self._keys):
                        await self.changed()
            except TimeoutError:
                await self._look_at(playback_id)
        if playback_id in self._playing:
            self.send(self.ari.playbacks.stop(playback_id))

    async def _look_at(self, playback_id: str) -> None:
        """Take a playback as ended if Asterisk does not play it, nor will."""
        try:
            goes_on = (await self.ari.playbacks.get(playback_id)).state in PLAYS
        except PlaybackGone:
            goes_on = False
        except AriError as error:  # events come again as soon as requests go
            log.debug("call.request_failed", channel=self.id, error=str(error))
            return
        if not goes_on and playback_id in self._playing:
            log.warning("call.playback_lost", channel=self.id, playback=playback_id)
            self._playing.discard(playback_id)
            self.send(self.ari.playbacks.stop(playback_id))  # or it would be heard in the middle of the next

    async def quiet(self) -> None:
        """Stop what is playing and wait until it has ended: a playback holds the channel's thread."""
        if not self._playing:
            return
        for playback_id in self._playing:
            self.send(self.ari.playbacks.stop(playback_id))
        try:
            async with asyncio.timeout(QUIET_WITHIN):
                while self._playing:
                    await self.changed()
        except TimeoutError:
            log.warning("call.playback_lost", channel=self.id, playback=",".join(self._playing))
            self._playing.clear()

    async def hang_up(self, reason: str | None = None) -> None:
        """Hang up if it is still there; as soon as the connection is back, if it is lost.

        `reason` is one of ARI's words, such as `answered_elsewhere`.
        """
        if not self.gone:
            await for_certain(self.ari, lambda: self.ari.channels.hangup(self.id, reason=reason))

    def send(self, request: Coroutine[Any, Any, object]) -> None:
        """Send a request whose answer changes nothing for the caller, without waiting for it."""
        task = asyncio.create_task(self._swallow_ari_errors(request))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _swallow_ari_errors(self, request: Coroutine[Any, Any, object]) -> None:
        try:
            await request
        except AriError as error:
            log.debug("call.request_failed", channel=self.id, error=str(error))

    async def settle(self) -> None:
        """Wait for the requests that `send` sent."""
        if self._background:
            await asyncio.wait(self._background)


async def for_certain(ari: AriClient, request: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Have something ended in Asterisk: again when the connection is back, if it is lost meanwhile."""
    while True:
        try:
            await request()
        except (RequestNotSent, OutcomeUnknown):
            await asyncio.sleep(TRY_AGAIN_AFTER)
            await ari.until_ready()
        except AriError as error:
            log.debug("call.request_failed", error=str(error))
            return
        else:
            return
