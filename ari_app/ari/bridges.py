"""The bridges resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .errors import BridgeGone, ChannelGone, Conflict, IdInUse, NotInStasis
from .models import Bridge, LiveRecording, Playback
from .operations import Lane, command, returning
from .resource import Resource

_GONE = {404: BridgeGone}
_COMMAND = {404: BridgeGone, 409: NotInStasis}
_CHANNELS = {400: ChannelGone, 404: BridgeGone, 409: Conflict, 422: NotInStasis}

LIST = returning(list[Bridge], "GET", "/bridges", lane=Lane.HTTP)
GET = returning(Bridge, "GET", "/bridges/{bridgeId}", meanings=_GONE)
CREATE = returning(Bridge, "POST", "/bridges", meanings={409: IdInUse})
DESTROY = command("DELETE", "/bridges/{bridgeId}", meanings=_GONE)
ADD_CHANNEL = command("POST", "/bridges/{bridgeId}/addChannel", lane=Lane.SIDE, meanings=_CHANNELS)
REMOVE_CHANNEL = command("POST", "/bridges/{bridgeId}/removeChannel", lane=Lane.SIDE, meanings=_CHANNELS)
START_MOH = command("POST", "/bridges/{bridgeId}/moh", lane=Lane.HTTP, meanings=_COMMAND)
STOP_MOH = command("DELETE", "/bridges/{bridgeId}/moh", lane=Lane.HTTP, meanings=_COMMAND)
PLAY = returning(Playback, "POST", "/bridges/{bridgeId}/play", lane=Lane.HTTP, meanings=_COMMAND)
RECORD = returning(
    LiveRecording,
    "POST",
    "/bridges/{bridgeId}/record",
    lane=Lane.HTTP,
    meanings={404: BridgeGone, 409: Conflict},
)


class Bridges(Resource):
    """What joins channels. Choose `bridge_id` yourself (`core.ids.new_id`)."""

    __slots__ = ()

    async def list(self, *, deadline: float | None = None) -> Sequence[Bridge]:
        """Return every bridge of this Asterisk."""
        return await self._send(LIST, deadline=deadline)

    async def get(self, bridge_id: str, *, deadline: float | None = None) -> Bridge:
        """Return a bridge. Raises BridgeGone."""
        return await self._send(GET, (bridge_id,), deadline=deadline)

    async def create(
        self,
        *,
        type: str | None = None,  # noqa: A002 - ARI's name for it
        bridge_id: str | None = None,
        name: str | None = None,
        deadline: float | None = None,
    ) -> Bridge:
        """Make a bridge. `type` is a list with commas: mixing, holding, dtmf_events, proxy_media, ...

        Creating one again with a live `bridge_id` changes its name and keeps it.
        """
        return await self._send(
            CREATE, (), {"type": type, "bridgeId": bridge_id, "name": name}, None, deadline
        )

    async def destroy(self, bridge_id: str, *, deadline: float | None = None) -> None:
        """Take the bridge away; its channels stay in the application. Raises BridgeGone."""
        await self._send(DESTROY, (bridge_id,), deadline=deadline)

    async def add_channel(
        self,
        bridge_id: str,
        *,
        channel: Sequence[str],
        role: str | None = None,
        absorb_dtmf: bool | None = None,
        mute: bool | None = None,
        inhibit_connected_line_updates: bool | None = None,
        deadline: float | None = None,
    ) -> None:
        """Put one or several channels into the bridge. Waits for each channel's thread: stop playbacks first.

        Raises BridgeGone, ChannelGone, NotInStasis, Conflict (a channel is being recorded).
        """
        await self._send(
            ADD_CHANNEL,
            (bridge_id,),
            {
                "channel": [channel] if isinstance(channel, str) else channel,
                "role": role,
                "absorbDTMF": absorb_dtmf,
                "mute": mute,
                "inhibitConnectedLineUpdates": inhibit_connected_line_updates,
            },
            None,
            deadline,
        )

    async def remove_channel(
        self, bridge_id: str, *, channel: Sequence[str], deadline: float | None = None
    ) -> None:
        """Take channels out of the bridge; they stay in the application.

        Raises BridgeGone, ChannelGone, NotInStasis (also: not in this bridge).
        """
        await self._send(
            REMOVE_CHANNEL,
            (bridge_id,),
            {"channel": [channel] if isinstance(channel, str) else channel},
            None,
            deadline,
        )

    async def start_moh(
        self, bridge_id: str, *, moh_class: str | None = None, deadline: float | None = None
    ) -> None:
        """Play music on hold to all in the bridge. Raises BridgeGone, NotInStasis."""
        await self._send(START_MOH, (bridge_id,), {"mohClass": moh_class}, None, deadline)

    async def stop_moh(self, bridge_id: str, *, deadline: float | None = None) -> None:
        """Stop the music on hold. Raises BridgeGone, NotInStasis (also: none is played)."""
        await self._send(STOP_MOH, (bridge_id,), deadline=deadline)

    async def play(
        self,
        bridge_id: str,
        *,
        media: Sequence[str],
        playback_id: str | None = None,
        lang: str | None = None,
        offsetms: int | None = None,
        skipms: int | None = None,
        announcer_format: str | None = None,
        deadline: float | None = None,
    ) -> Playback:
        """Play media to all in the bridge. Raises BridgeGone, NotInStasis."""
        return await self._send(
            PLAY,
            (bridge_id,),
            {
                "media": [media] if isinstance(media, str) else media,
                "playbackId": playback_id,
                "lang": lang,
                "offsetms": offsetms,
                "skipms": skipms,
                "announcer_format": announcer_format,
            },
            None,
            deadline,
        )

    async def record(
        self,
        bridge_id: str,
        *,
        name: str,
        format: str,  # noqa: A002 - ARI's name for it
        recorder_format: str | None = None,
        max_duration_seconds: int | None = None,
        max_silence_seconds: int | None = None,
        if_exists: Literal["fail", "overwrite", "append"] | None = None,
        beep: bool | None = None,
        terminate_on: str | None = None,
        deadline: float | None = None,
    ) -> LiveRecording:
        """Record the bridge into `name`. Raises BridgeGone, Conflict, Unprocessable (format)."""
        return await self._send(
            RECORD,
            (bridge_id,),
            {
                "name": name,
                "format": format,
                "recorder_format": recorder_format,
                "maxDurationSeconds": max_duration_seconds,
                "maxSilenceSeconds": max_silence_seconds,
                "ifExists": if_exists,
                "beep": beep,
                "terminateOn": terminate_on,
            },
            None,
            deadline,
        )
