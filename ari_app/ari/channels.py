"""The channels resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from .errors import (
    AllocationFailed,
    ChannelGone,
    Conflict,
    IdInUse,
    NotAnswered,
    NotFound,
    NotInStasis,
    Unprocessable,
)
from .models import Channel, LiveRecording, Playback, RTPstat, Variable, Variables
from .operations import Lane, command, returning
from .resource import Resource

_GONE = {404: ChannelGone}
_COMMAND = {404: ChannelGone, 409: NotInStasis, 412: NotAnswered}
_CREATION = {409: IdInUse, 500: AllocationFailed}

LIST = returning(list[Channel], "GET", "/channels", lane=Lane.HTTP)
GET = returning(Channel, "GET", "/channels/{channelId}", meanings=_GONE)
ORIGINATE = returning(Channel, "POST", "/channels", lane=Lane.SIDE, meanings=_CREATION)
CREATE = returning(Channel, "POST", "/channels/create", lane=Lane.SIDE, meanings=_CREATION)
DIAL = command("POST", "/channels/{channelId}/dial", meanings=_COMMAND)
HANGUP = command("DELETE", "/channels/{channelId}", meanings=_GONE)
ANSWER = command("POST", "/channels/{channelId}/answer", lane=Lane.SIDE, meanings=_COMMAND)
RING = command("POST", "/channels/{channelId}/ring", meanings=_COMMAND)
RING_STOP = command("DELETE", "/channels/{channelId}/ring", meanings=_COMMAND)
PROGRESS = command("POST", "/channels/{channelId}/progress", meanings=_COMMAND)
CONTINUE = command("POST", "/channels/{channelId}/continue", meanings=_COMMAND)
MOVE = command("POST", "/channels/{channelId}/move", meanings=_COMMAND)
REDIRECT = command("POST", "/channels/{channelId}/redirect", meanings=_COMMAND)
SEND_DTMF = command("POST", "/channels/{channelId}/dtmf", meanings=_COMMAND)
MUTE = command("POST", "/channels/{channelId}/mute", meanings=_COMMAND)
UNMUTE = command("DELETE", "/channels/{channelId}/mute", meanings=_COMMAND)
HOLD = command("POST", "/channels/{channelId}/hold", meanings=_COMMAND)
UNHOLD = command("DELETE", "/channels/{channelId}/hold", meanings=_COMMAND)
START_MOH = command("POST", "/channels/{channelId}/moh", meanings=_COMMAND)
STOP_MOH = command("DELETE", "/channels/{channelId}/moh", meanings=_COMMAND)
START_SILENCE = command("POST", "/channels/{channelId}/silence", meanings=_COMMAND)
STOP_SILENCE = command("DELETE", "/channels/{channelId}/silence", meanings=_COMMAND)
PLAY = returning(Playback, "POST", "/channels/{channelId}/play", meanings=_COMMAND)
RECORD = returning(LiveRecording, "POST", "/channels/{channelId}/record", meanings={**_GONE, 409: Conflict})
GET_VARIABLE = returning(
    Variable,
    "GET",
    "/channels/{channelId}/variable",
    lane=Lane.HTTP,
    meanings={404: NotFound, 409: NotInStasis},
)
SET_VARIABLE = command("POST", "/channels/{channelId}/variable", lane=Lane.SIDE, meanings=_COMMAND)
GET_VARIABLES = returning(
    Variables,
    "GET",
    "/channels/{channelId}/variables",
    lane=Lane.HTTP,
    meanings={404: NotFound, 409: NotInStasis},
)
SET_VARIABLES = command("POST", "/channels/{channelId}/variables", lane=Lane.SIDE, meanings=_COMMAND)
SNOOP = returning(Channel, "POST", "/channels/{channelId}/snoop", lane=Lane.HTTP, meanings=_GONE)
RTP_STATISTICS = returning(
    RTPstat, "GET", "/channels/{channelId}/rtp_statistics", meanings={**_GONE, 403: Unprocessable}
)


class Channels(Resource):
    """Legs of calls. Choose `channel_id` yourself (`core.ids.new_id`) and watch it first."""

    __slots__ = ()

    async def list(self, *, deadline: float | None = None) -> Sequence[Channel]:
        """Return every channel of this Asterisk."""
        return await self._send(LIST, deadline=deadline)

    async def get(self, channel_id: str, *, deadline: float | None = None) -> Channel:
        """Return a channel. Raises ChannelGone."""
        return await self._send(GET, (channel_id,), deadline=deadline)

    async def originate(
        self,
        *,
        endpoint: str,
        channel_id: str | None = None,
        other_channel_id: str | None = None,
        app: str | None = None,
        app_args: str | None = None,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
        caller_id: str | None = None,
        timeout: int | None = None,
        originator: str | None = None,
        formats: str | None = None,
        variables: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Channel:
        """Call `endpoint`; when it answers, its channel enters `app`, or the dialplan at `extension`.

        `timeout` is in seconds (Asterisk's default is 30, -1 means none, and 0 means 30). `app_args` is
        split at commas. `originator` (a channel whose formats and account are inherited) and `formats`
        exclude each other. Failures to reach anyone come as `Dial` and `ChannelDestroyed` events.

        Raises AllocationFailed (unknown or unusable endpoint), IdInUse, BadRequest.
        """
        return await self._send(
            ORIGINATE,
            (),
            {
                "endpoint": endpoint,
                "channelId": channel_id,
                "otherChannelId": other_channel_id,
                "app": app,
                "appArgs": app_args,
                "context": context,
                "extension": extension,
                "priority": priority,
                "label": label,
                "callerId": caller_id,
                "timeout": timeout,
                "originator": originator,
                "formats": formats,
            },
            {"variables": variables} if variables else None,
            deadline,
        )

    async def create(
        self,
        *,
        endpoint: str,
        app: str,
        app_args: str | None = None,
        channel_id: str | None = None,
        other_channel_id: str | None = None,
        originator: str | None = None,
        formats: str | None = None,
        variables: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Channel:
        """Make a channel that is in `app` already and not yet dialled: wait for its StasisStart, then `dial`.

        Raises AllocationFailed (unknown or unusable endpoint), IdInUse, BadRequest.
        """
        return await self._send(
            CREATE,
            (),
            {
                "endpoint": endpoint,
                "app": app,
                "appArgs": app_args,
                "channelId": channel_id,
                "otherChannelId": other_channel_id,
                "originator": originator,
                "formats": formats,
            },
            {"variables": variables} if variables else None,
            deadline,
        )

    async def dial(
        self,
        channel_id: str,
        *,
        caller: str | None = None,
        timeout: int | None = None,
        deadline: float | None = None,
    ) -> None:
        """Dial a created channel. `timeout` is in seconds; 0 and None mean none.

        Raises ChannelGone, NotInStasis (dialled before its StasisStart, or twice).
        """
        await self._send(DIAL, (channel_id,), {"caller": caller, "timeout": timeout}, None, deadline)

    async def hangup(
        self,
        channel_id: str,
        *,
        reason: str | None = None,
        reason_code: str | None = None,
        deadline: float | None = None,
    ) -> None:
        """Hang up. `reason` is a word (normal, busy, no_answer, ...), `reason_code` a Q.850 cause.

        Raises ChannelGone, BadRequest (unknown reason).
        """
        await self._send(
            HANGUP, (channel_id,), {"reason": reason, "reason_code": reason_code}, None, deadline
        )

    async def answer(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Answer. Waits for the channel's thread. Raises ChannelGone, NotInStasis, NotAnswered (outbound)."""
        await self._send(ANSWER, (channel_id,), deadline=deadline)

    async def ring(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Let the far end hear ringing. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(RING, (channel_id,), deadline=deadline)

    async def ring_stop(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Stop the ringing. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(RING_STOP, (channel_id,), deadline=deadline)

    async def progress(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Indicate progress (SIP 183: early media). Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(PROGRESS, (channel_id,), deadline=deadline)

    async def continue_in_dialplan(
        self,
        channel_id: str,
        *,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
        deadline: float | None = None,
    ) -> None:
        """Leave the application and go on in the dialplan. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(
            CONTINUE,
            (channel_id,),
            {"context": context, "extension": extension, "priority": priority, "label": label},
            None,
            deadline,
        )

    async def move(
        self,
        channel_id: str,
        *,
        app: str,
        app_args: str | None = None,
        deadline: float | None = None,
    ) -> None:
        """Hand the channel to another application. Raises ChannelGone, NotInStasis."""
        await self._send(MOVE, (channel_id,), {"app": app, "appArgs": app_args}, None, deadline)

    async def redirect(self, channel_id: str, *, endpoint: str, deadline: float | None = None) -> None:
        """Send the far end elsewhere (SIP: 302 or REFER). Raises ChannelGone, NotInStasis, Unprocessable."""
        await self._send(REDIRECT, (channel_id,), {"endpoint": endpoint}, None, deadline)

    async def send_dtmf(
        self,
        channel_id: str,
        *,
        dtmf: str,
        before: int | None = None,
        between: int | None = None,
        duration: int | None = None,
        after: int | None = None,
        deadline: float | None = None,
    ) -> None:
        """Send digits to the far end; times in milliseconds. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(
            SEND_DTMF,
            (channel_id,),
            {"dtmf": dtmf, "before": before, "between": between, "duration": duration, "after": after},
            None,
            deadline,
        )

    async def mute(
        self,
        channel_id: str,
        *,
        direction: Literal["both", "in", "out"] = "both",
        deadline: float | None = None,
    ) -> None:
        """Mute. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(MUTE, (channel_id,), {"direction": direction}, None, deadline)

    async def unmute(
        self,
        channel_id: str,
        *,
        direction: Literal["both", "in", "out"] = "both",
        deadline: float | None = None,
    ) -> None:
        """Unmute. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(UNMUTE, (channel_id,), {"direction": direction}, None, deadline)

    async def hold(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Put the far end on hold. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(HOLD, (channel_id,), deadline=deadline)

    async def unhold(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Take the far end off hold. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(UNHOLD, (channel_id,), deadline=deadline)

    async def start_moh(
        self, channel_id: str, *, moh_class: str | None = None, deadline: float | None = None
    ) -> None:
        """Play music on hold. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(START_MOH, (channel_id,), {"mohClass": moh_class}, None, deadline)

    async def stop_moh(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Stop the music on hold. Raises ChannelGone, NotInStasis, NotAnswered."""
        await self._send(STOP_MOH, (channel_id,), deadline=deadline)

    async def start_silence(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Send silence, so that the far end keeps hearing media. Raises ChannelGone, NotInStasis."""
        await self._send(START_SILENCE, (channel_id,), deadline=deadline)

    async def stop_silence(self, channel_id: str, *, deadline: float | None = None) -> None:
        """Stop sending silence. Raises ChannelGone, NotInStasis."""
        await self._send(STOP_SILENCE, (channel_id,), deadline=deadline)

    async def play(
        self,
        channel_id: str,
        *,
        media: Sequence[str],
        playback_id: str | None = None,
        lang: str | None = None,
        offsetms: int | None = None,
        skipms: int | None = None,
        deadline: float | None = None,
    ) -> Playback:
        """Play a list of media URIs (`sound:...`, `tone:...`), one after the other.

        Its PlaybackFinished is not guaranteed. Raises ChannelGone, NotInStasis, NotAnswered.
        """
        return await self._send(
            PLAY,
            (channel_id,),
            {
                "media": _list(media),
                "playbackId": playback_id,
                "lang": lang,
                "offsetms": offsetms,
                "skipms": skipms,
            },
            None,
            deadline,
        )

    async def record(
        self,
        channel_id: str,
        *,
        name: str,
        format: str,  # noqa: A002 - ARI's name for it
        max_duration_seconds: int | None = None,
        max_silence_seconds: int | None = None,
        if_exists: Literal["fail", "overwrite", "append"] | None = None,
        beep: bool | None = None,
        terminate_on: str | None = None,
        deadline: float | None = None,
    ) -> LiveRecording:
        """Record what the far end says into `name`.

        It ends on silence, on a digit, after a duration, or by `recordings.stop`.

        Raises ChannelGone, Conflict (not in Stasis, bridged, or the name exists), Unprocessable (format).
        """
        return await self._send(
            RECORD,
            (channel_id,),
            {
                "name": name,
                "format": format,
                "maxDurationSeconds": max_duration_seconds,
                "maxSilenceSeconds": max_silence_seconds,
                "ifExists": if_exists,
                "beep": beep,
                "terminateOn": terminate_on,
            },
            None,
            deadline,
        )

    async def get_variable(
        self, channel_id: str, *, variable: str, deadline: float | None = None
    ) -> Variable:
        """Return a variable, or a function such as `CHANNEL(rtcp,all_mes)`.

        Raises NotFound (no such channel or variable), NotInStasis.
        """
        return await self._send(GET_VARIABLE, (channel_id,), {"variable": variable}, None, deadline)

    async def set_variable(
        self,
        channel_id: str,
        *,
        variable: str,
        value: str,
        report_events: bool | None = None,
        deadline: float | None = None,
    ) -> None:
        """Set a variable. Waits for the channel's thread. Raises ChannelGone, NotInStasis."""
        await self._send(
            SET_VARIABLE,
            (channel_id,),
            {"variable": variable, "value": value, "report_events": report_events},
            None,
            deadline,
        )

    async def get_variables(
        self, channel_id: str, *, variables: Sequence[str], deadline: float | None = None
    ) -> Variables:
        """Return several variables. Raises NotFound (no such channel or variable), NotInStasis."""
        return await self._send(GET_VARIABLES, (channel_id,), {"variables": _list(variables)}, None, deadline)

    async def set_variables(
        self, channel_id: str, *, variables: Mapping[str, str], deadline: float | None = None
    ) -> None:
        """Set several variables. Waits for the channel's thread. Raises ChannelGone, NotInStasis."""
        await self._send(SET_VARIABLES, (channel_id,), None, {"variables": variables}, deadline)

    async def snoop(
        self,
        channel_id: str,
        *,
        app: str,
        app_args: str | None = None,
        spy: Literal["none", "both", "out", "in"] | None = None,
        whisper: Literal["none", "both", "out", "in"] | None = None,
        snoop_id: str | None = None,
        deadline: float | None = None,
    ) -> Channel:
        """Make a channel that hears (`spy`), or speaks into (`whisper`), this one. Raises ChannelGone."""
        return await self._send(
            SNOOP,
            (channel_id,),
            {"app": app, "appArgs": app_args, "spy": spy, "whisper": whisper, "snoopId": snoop_id},
            None,
            deadline,
        )

    async def rtp_statistics(self, channel_id: str, *, deadline: float | None = None) -> RTPstat:
        """Return the quality of the media so far.

        Raises ChannelGone (also: no media yet), Unprocessable (a channel without RTP, such as Local).
        """
        return await self._send(RTP_STATISTICS, (channel_id,), deadline=deadline)


def _list(values: Sequence[str]) -> Sequence[str]:
    """Return `values`: a bare text, which is a sequence of its letters, is taken as a list of one."""
    return [values] if isinstance(values, str) else values
