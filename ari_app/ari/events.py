"""The events that Asterisk sends, one type each.

An event of a type that is not here, or whose body is not what we know, becomes an `OtherEvent`:
nothing that Asterisk sends can break the reader. Names and fields: `rest-api/api-docs/events.json`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from .models import (
    Bridge,
    Channel,
    ContactInfo,
    DeviceState,
    Endpoint,
    LiveRecording,
    Model,
    Peer,
    Playback,
    TextMessage,
)


class Event(Model, frozen=True, gc=False, kw_only=True, tag=True, tag_field="type"):
    """What all events have in common.

    `timestamp` is Asterisk's, as text; `at` parses it. `synthetic` marks an event that Asterisk
    never sent: the client deduced it after a reconnect.
    """

    application: str = ""
    timestamp: str = ""
    synthetic: bool = False

    @property
    def at(self) -> datetime:
        """When Asterisk says it happened. Raises ValueError if it did not say."""
        return datetime.fromisoformat(self.timestamp)

    def about(self) -> tuple[str, ...]:
        """Return the ids (channels, bridges, playbacks) that the event is about: who watches one gets it."""
        return ()


class ChannelEvent(Event, frozen=True, gc=False, kw_only=True):
    """Something happened to one channel."""

    channel: Channel

    def about(self) -> tuple[str, ...]:
        return (self.channel.id,)


class StasisStart(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel entered the application; `args` are those of the dialplan's `Stasis()` or of `appArgs`."""

    args: list[str] = msgspec.field(default_factory=list)
    replace_channel: Channel | None = None

    def about(self) -> tuple[str, ...]:
        if self.replace_channel is None:
            return (self.channel.id,)
        return (self.channel.id, self.replace_channel.id)


class StasisEnd(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel left the application. The last event of an inbound channel unless it is subscribed to."""


class ChannelCreated(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel exists now."""


class ChannelDestroyed(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel is no more. `cause` is Q.850's; `tech_cause` the technology's (SIP: the response code)."""

    cause: int = 0
    cause_txt: str = ""
    tech_cause: int = 0


class ChannelStateChange(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel is Down, Ring, Ringing, Up ..."""


class ChannelDtmfReceived(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A digit was pressed and released."""

    digit: str
    duration_ms: int = 0


class ChannelHangupRequest(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """The far end hung up, or someone asked that the channel be hung up."""

    cause: int = 0
    tech_cause: int = 0
    soft: bool = False


class ChannelDialplan(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel runs another dialplan application."""

    dialplan_app: str = ""
    dialplan_app_data: str = ""


class ChannelCallerId(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel's caller id changed."""

    caller_presentation: int = 0
    caller_presentation_txt: str = ""


class ChannelConnectedLine(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """The identity of whom a channel talks to changed."""


class ChannelHold(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """The far end put us on hold."""

    musicclass: str = ""


class ChannelUnhold(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """The far end is back from hold."""


class ChannelToneDetected(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A tone that was looked for (fax, SIT, ...) was heard."""


class ChannelTalkingStarted(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """Someone began to speak (needs `TALK_DETECT`)."""


class ChannelTalkingFinished(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """Someone stopped speaking after `duration` milliseconds."""

    duration: int = 0


class ApplicationMoveFailed(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A channel could not be moved to application `destination`."""

    destination: str = ""
    args: list[str] = msgspec.field(default_factory=list)


class CallBroadcast(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """A call is offered to every application: the first to claim it has it."""

    caller: str = ""
    called: str = ""


class CallClaimed(ChannelEvent, frozen=True, gc=False, kw_only=True):
    """An offered call has been claimed by application `winner_app`."""

    winner_app: str = ""


class ChannelVarset(Event, frozen=True, gc=False, kw_only=True):
    """A variable changed, on a channel or globally."""

    variable: str
    value: str = ""
    channel: Channel | None = None

    def about(self) -> tuple[str, ...]:
        return () if self.channel is None else (self.channel.id,)


class ChannelUserevent(Event, frozen=True, gc=False, kw_only=True):
    """An event that dialplan or another application made up; `userevent` is theirs."""

    eventname: str
    userevent: dict[str, Any] = msgspec.field(default_factory=dict)
    channel: Channel | None = None
    bridge: Bridge | None = None
    endpoint: Endpoint | None = None

    def about(self) -> tuple[str, ...]:
        return tuple(thing.id for thing in (self.channel, self.bridge) if thing is not None)


class Dial(Event, frozen=True, gc=False, kw_only=True):
    """A dial of `peer` moved on; `dialstatus` is empty at its start, then RINGING, ANSWER, BUSY, ..."""

    peer: Channel
    caller: Channel | None = None
    forwarded: Channel | None = None
    forward: str = ""
    dialstring: str = ""
    dialstatus: str = ""

    def about(self) -> tuple[str, ...]:
        if self.caller is None and self.forwarded is None:
            return (self.peer.id,)
        return tuple(
            channel.id for channel in (self.peer, self.caller, self.forwarded) if channel is not None
        )


class BridgeEvent(Event, frozen=True, gc=False, kw_only=True):
    """Something happened to one bridge."""

    bridge: Bridge

    def about(self) -> tuple[str, ...]:
        return (self.bridge.id,)


class BridgeCreated(BridgeEvent, frozen=True, gc=False, kw_only=True):
    """A bridge exists now."""


class BridgeDestroyed(BridgeEvent, frozen=True, gc=False, kw_only=True):
    """A bridge is no more."""


class BridgeMerged(BridgeEvent, frozen=True, gc=False, kw_only=True):
    """The channels of `bridge_from` are in `bridge` now."""

    bridge_from: Bridge

    def about(self) -> tuple[str, ...]:
        return (self.bridge.id, self.bridge_from.id)


class BridgeVideoSourceChanged(BridgeEvent, frozen=True, gc=False, kw_only=True):
    """Another channel's video is shown."""

    old_video_source_id: str = ""


class ChannelEnteredBridge(BridgeEvent, frozen=True, gc=False, kw_only=True):
    """A channel is in the bridge now."""

    channel: Channel | None = None

    def about(self) -> tuple[str, ...]:
        if self.channel is None:
            return (self.bridge.id,)
        return (self.channel.id, self.bridge.id)


class ChannelLeftBridge(BridgeEvent, frozen=True, gc=False, kw_only=True):
    """A channel is no longer in the bridge."""

    channel: Channel

    def about(self) -> tuple[str, ...]:
        return (self.channel.id, self.bridge.id)


class PlaybackEvent(Event, frozen=True, gc=False, kw_only=True):
    """Something happened to a playback: also about the channel or bridge that hears it."""

    playback: Playback

    def about(self) -> tuple[str, ...]:
        return (self.playback.target_uri.partition(":")[2], self.playback.id)


class PlaybackStarted(PlaybackEvent, frozen=True, gc=False, kw_only=True):
    """A medium begins to be heard."""


class PlaybackContinuing(PlaybackEvent, frozen=True, gc=False, kw_only=True):
    """The next medium of a list begins to be heard."""


class PlaybackFinished(PlaybackEvent, frozen=True, gc=False, kw_only=True):
    """A playback ended, or failed, or was stopped. Not guaranteed: never wait for it alone."""


class RecordingEvent(Event, frozen=True, gc=False, kw_only=True):
    """Something happened to a recording: about the channel or bridge that is recorded."""

    recording: LiveRecording

    def about(self) -> tuple[str, ...]:
        return (self.recording.target_uri.partition(":")[2],)


class RecordingStarted(RecordingEvent, frozen=True, gc=False, kw_only=True):
    """A recording began."""


class RecordingFinished(RecordingEvent, frozen=True, gc=False, kw_only=True):
    """A recording is complete."""


class RecordingFailed(RecordingEvent, frozen=True, gc=False, kw_only=True):
    """A recording failed; `recording.cause` may say why."""


class DeviceStateChanged(Event, frozen=True, gc=False, kw_only=True):
    """A device that the application is subscribed to is in another state."""

    device_state: DeviceState


class EndpointStateChange(Event, frozen=True, gc=False, kw_only=True):
    """An endpoint went online or offline."""

    endpoint: Endpoint


class ContactStatusChange(Event, frozen=True, gc=False, kw_only=True):
    """One of an endpoint's contacts can be reached, or no longer."""

    endpoint: Endpoint
    contact_info: ContactInfo = ContactInfo()


class PeerStatusChange(Event, frozen=True, gc=False, kw_only=True):
    """An endpoint registered or unregistered."""

    endpoint: Endpoint
    peer: Peer = Peer()


class TextMessageReceived(Event, frozen=True, gc=False, kw_only=True):
    """An endpoint sent a text message."""

    message: TextMessage
    endpoint: Endpoint | None = None


class ApplicationReplaced(Event, frozen=True, gc=False, kw_only=True):
    """Another socket registered the same application: this one will hear nothing more."""


class RESTResponse(Event, frozen=True, gc=False, kw_only=True):
    """The reply to a request that went over the WebSocket; `message_body` is JSON as text."""

    request_id: str = ""
    status_code: int = 0
    reason_phrase: str = ""
    message_body: str = ""


class EventsMissed(Event, frozen=True, gc=False, kw_only=True):
    """Never sent by Asterisk: the connection was lost and is back, what happened between is not known.

    Every watcher gets one after a reconnect, before anything new. The `ChannelDestroyed` of channels that are
    gone, and the `StasisEnd` of those that left the application, come soon after it.
    """


class OtherEvent(Event, frozen=True, gc=False, kw_only=True):
    """An event of a type (`name`) that we do not know, or with a body that we cannot read as that type."""

    name: str = ""
    fields: dict[str, Any] = msgspec.field(default_factory=dict)

    def about(self) -> tuple[str, ...]:
        """Return the id of every object in the event: its watchers get it even so."""
        things = (value for value in self.fields.values() if isinstance(value, dict))
        return tuple(thing["id"] for thing in things if isinstance(thing.get("id"), str))


_KNOWN = (
    RESTResponse
    | StasisStart
    | StasisEnd
    | ChannelCreated
    | ChannelDestroyed
    | ChannelStateChange
    | ChannelDtmfReceived
    | ChannelHangupRequest
    | ChannelDialplan
    | ChannelCallerId
    | ChannelConnectedLine
    | ChannelHold
    | ChannelUnhold
    | ChannelToneDetected
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | ChannelVarset
    | ChannelUserevent
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | Dial
    | BridgeCreated
    | BridgeDestroyed
    | BridgeMerged
    | BridgeVideoSourceChanged
    | PlaybackStarted
    | PlaybackContinuing
    | PlaybackFinished
    | RecordingStarted
    | RecordingFinished
    | RecordingFailed
    | DeviceStateChanged
    | EndpointStateChange
    | ContactStatusChange
    | PeerStatusChange
    | TextMessageReceived
    | ApplicationReplaced
    | ApplicationMoveFailed
    | CallBroadcast
    | CallClaimed
)
_decode_known: Callable[[str | bytes], Event] = msgspec.json.Decoder(_KNOWN).decode

DEFAULT_TYPES: tuple[type[Event], ...] = (
    StasisStart,
    StasisEnd,
    ChannelDtmfReceived,
    ChannelDestroyed,
    ChannelHangupRequest,
    Dial,
    PlaybackFinished,
    RecordingFinished,
    RecordingFailed,
)
"""What a call needs. Each further type costs CPU here and in Asterisk for every call."""


def decode(message: str | bytes) -> Event:
    """Return the event that a WebSocket message holds.

    One pass for what we know. Raises msgspec.DecodeError if the message is not a JSON object with a
    text `type`.
    """
    try:
        return _decode_known(message)
    except msgspec.ValidationError:
        return _decode_other(message)


def _decode_other(message: str | bytes) -> OtherEvent:
    fields = msgspec.json.decode(message, type=dict[str, Any])
    name = fields.pop("type", None)
    if not isinstance(name, str):
        raise msgspec.DecodeError("no text `type` in the message")
    return OtherEvent(
        name=name,
        application=str(fields.get("application", "")),
        timestamp=str(fields.get("timestamp", "")),
        fields=fields,
    )
