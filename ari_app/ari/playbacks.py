"""The playbacks resource."""

from __future__ import annotations

from typing import Literal

from .errors import PlaybackGone
from .models import Playback
from .operations import command, returning
from .resource import Resource

_GONE = {404: PlaybackGone}

GET = returning(Playback, "GET", "/playbacks/{playbackId}", meanings=_GONE)
STOP = command("DELETE", "/playbacks/{playbackId}", meanings=_GONE)
CONTROL = command("POST", "/playbacks/{playbackId}/control", meanings=_GONE)


class Playbacks(Resource):
    """What is being played. Choose `playback_id` yourself when you start one."""

    __slots__ = ()

    async def get(self, playback_id: str, *, deadline: float | None = None) -> Playback:
        """Return a playback. Raises PlaybackGone."""
        return await self._send(GET, (playback_id,), deadline=deadline)

    async def stop(self, playback_id: str, *, deadline: float | None = None) -> None:
        """Stop it. `digits:`, `number:` and `characters:` cannot be stopped.

        Raises PlaybackGone, ServerError (cannot be stopped).
        """
        await self._send(STOP, (playback_id,), deadline=deadline)

    async def control(
        self,
        playback_id: str,
        *,
        operation: Literal["restart", "pause", "unpause", "reverse", "forward"],
        deadline: float | None = None,
    ) -> None:
        """Pause, rewind, ... Raises PlaybackGone, Conflict (not possible in its present state)."""
        await self._send(CONTROL, (playback_id,), {"operation": operation}, None, deadline)
