"""One recording of a channel: Asterisk makes it, we fetch it.

It is a file of Asterisk's until it is deleted, whatever becomes of the channel, of the connection, and of us.
"""

from __future__ import annotations

import asyncio

from ..ari import AriClient
from ..ari.errors import AriError, RecordingGone
from ..ari.events import Event, EventsMissed, RecordingFailed, RecordingFinished
from ..core.logs import get_logger

log = get_logger(__name__)

FORMAT = "wav"
"""Signed linear, 16 bit, 8 kHz: every telephone and computer plays it."""
OVER_WITHIN = 30.0
"""Seconds after the longest time at which a recording is taken as over, should nobody say so."""
STOPPED_WITHIN = 2.0
"""Seconds that a recording may take to end when it is told to."""
LOOKS, LOOK_EVERY = 5, 0.1
"""How often a finished recording is looked for, and seconds between: where `asterisk.conf` says
`cache_record_files`, a program moves it into its place a moment later."""


async def recorded_for(ari: AriClient, app: str) -> list[str]:
    """Return the names of the recordings that Asterisk has for an application. Raises `AriError`.

    They are in a folder named like it: lines that share an Asterisk have two.
    """
    return [each.name for each in await ari.recordings.list_stored() if each.name.startswith(f"{app}/")]


class Recording:
    """A recording, by its name: ours alone, made of the call's id."""

    def __init__(self, ari: AriClient, name: str) -> None:
        self.name = name
        self._ari = ari
        self._over = asyncio.Event()
        self._missed = False

    async def run(self, channel_id: str, *, longest: float, silence: float) -> None:
        """Record after a beep until silence, the key `#`, or the longest time, in seconds.

        Cancelled, it goes on in Asterisk: see `stop`. Raises as `channels.record` does.
        """
        async with self._ari.watch(channel_id, on_event=self._on_event):
            await self._ari.channels.record(
                channel_id,
                name=self.name,
                format=FORMAT,
                max_duration_seconds=round(longest),
                max_silence_seconds=round(silence),
                if_exists="overwrite",
                beep=True,
                terminate_on="#",
            )
            try:
                async with asyncio.timeout(longest + OVER_WITHIN):
                    await self._until_over()
            except TimeoutError:
                log.warning("recording.lost", recording=self.name)

    def _on_event(self, event: Event) -> None:
        match event:
            case RecordingFinished() | RecordingFailed() if event.recording.name == self.name:
                self._over.set()
            case EventsMissed():
                self._missed = True
                self._over.set()
            case _:
                return

    async def _until_over(self) -> None:
        while True:
            await self._over.wait()
            if not self._missed:
                return
            self._missed = False
            self._over.clear()
            await self._ari.until_ready()
            if not await self.is_live():
                return

    async def is_live(self) -> bool:
        """Tell whether Asterisk still records it. Raises `AriError`."""
        try:
            await self._ari.recordings.get_live(self.name)
        except RecordingGone:
            return False
        return True

    async def stop(self) -> None:
        """End it, if it is not over: what was recorded stays. Raises `AriError`."""
        try:
            await self._ari.recordings.stop(self.name)
            async with asyncio.timeout(STOPPED_WITHIN):
                while await self.is_live():  # noqa: ASYNC110 - nobody may be watching its channel any more
                    await asyncio.sleep(LOOK_EVERY)
        except (RecordingGone, TimeoutError):
            return

    async def fetch(self) -> bytes | None:
        """Return the file, None if there is none: nothing was recorded. Raises `AriError`."""
        for look in range(LOOKS):
            try:
                return await self._ari.recordings.get_stored_file(self.name)
            except RecordingGone:
                if look + 1 < LOOKS:
                    await asyncio.sleep(LOOK_EVERY)
        return None

    async def delete(self) -> None:
        """Delete the file, if there is one and it can be had."""
        try:
            await self._ari.recordings.delete_stored(self.name)
        except AriError as error:
            log.debug("recording.not_deleted", recording=self.name, error=str(error))
