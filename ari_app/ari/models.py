"""What ARI speaks about: channels, bridges, playbacks, recordings, applications.

Names are Asterisk's (`rest-api/api-docs/*.json`). A field that this Asterisk does not send has its
default, a field that it sends and we do not know is ignored: neither ever breaks a message.
"""

from __future__ import annotations

from msgspec import Struct, field


class Model(Struct, frozen=True, gc=False):
    """A value that Asterisk sent. `gc=False`: values hold no cycles, so the collector may skip them."""


class CallerID(Model, frozen=True, gc=False):
    """A name and a number, as the far end gave them: never trust either."""

    name: str = ""
    number: str = ""


class DialplanCEP(Model, frozen=True, gc=False):
    """Where a channel is in the dialplan (context, extension, priority) and what it runs there."""

    context: str = ""
    exten: str = ""
    priority: int = 0
    app_name: str = ""
    app_data: str = ""


class Channel(Model, frozen=True, gc=False):
    """One leg: a call between Asterisk and something else."""

    id: str
    name: str = ""
    state: str = ""
    protocol_id: str = ""
    caller: CallerID = CallerID()
    connected: CallerID = CallerID()
    accountcode: str = ""
    dialplan: DialplanCEP = DialplanCEP()
    creationtime: str = ""
    language: str = ""
    channelvars: dict[str, str] = {}
    caller_rdnis: str = ""
    tenantid: str = ""


class Bridge(Model, frozen=True, gc=False):
    """What joins the media of its channels."""

    id: str
    technology: str = ""
    bridge_type: str = ""
    bridge_class: str = ""
    creator: str = ""
    name: str = ""
    channels: list[str] = []
    video_mode: str = ""
    video_source_id: str = ""
    creationtime: str = ""
    bridgevars: dict[str, str] = {}


class Playback(Model, frozen=True, gc=False):
    """A medium that is played to a channel or a bridge (`target_uri` is `channel:<id>` or `bridge:<id>`)."""

    id: str
    media_uri: str = ""
    next_media_uri: str = ""
    target_uri: str = ""
    language: str = ""
    state: str = ""


class LiveRecording(Model, frozen=True, gc=False):
    """A recording that is being made; durations in seconds."""

    name: str
    format: str = ""
    target_uri: str = ""
    state: str = ""
    duration: int | None = None
    talking_duration: int | None = None
    silence_duration: int | None = None
    cause: str = ""


class StoredRecording(Model, frozen=True, gc=False):
    """A recording that is a file now."""

    name: str
    format: str = ""


class RTPstat(Model, frozen=True, gc=False):
    """The quality of a channel's media: packets, losses, jitter and round-trip time (seconds)."""

    txcount: int = 0
    rxcount: int = 0
    txjitter: float | None = None
    rxjitter: float | None = None
    remote_maxjitter: float | None = None
    remote_minjitter: float | None = None
    remote_normdevjitter: float | None = None
    remote_stdevjitter: float | None = None
    local_maxjitter: float | None = None
    local_minjitter: float | None = None
    local_normdevjitter: float | None = None
    local_stdevjitter: float | None = None
    txploss: int = 0
    rxploss: int = 0
    remote_maxrxploss: float | None = None
    remote_minrxploss: float | None = None
    remote_normdevrxploss: float | None = None
    remote_stdevrxploss: float | None = None
    local_maxrxploss: float | None = None
    local_minrxploss: float | None = None
    local_normdevrxploss: float | None = None
    local_stdevrxploss: float | None = None
    rtt: float | None = None
    maxrtt: float | None = None
    minrtt: float | None = None
    normdevrtt: float | None = None
    stdevrtt: float | None = None
    local_ssrc: int = 0
    remote_ssrc: int = 0
    txoctetcount: int = 0
    rxoctetcount: int = 0
    channel_uniqueid: str = ""


class Variable(Model, frozen=True, gc=False):
    """The value of one channel or global variable."""

    value: str = ""


class Variables(Model, frozen=True, gc=False):
    """The values of several variables, by name."""

    variables: dict[str, str] = {}


class EventType(Model, frozen=True, gc=False):
    """One entry of an event filter."""

    type: str


class Application(Model, frozen=True, gc=False):
    """A Stasis application and what it is subscribed to."""

    name: str
    channel_ids: list[str] = []
    bridge_ids: list[str] = []
    endpoint_ids: list[str] = []
    device_names: list[str] = []
    events_allowed: list[EventType] = []
    events_disallowed: list[EventType] = []


class BuildInfo(Model, frozen=True, gc=False):
    """How this Asterisk was compiled."""

    os: str = ""
    kernel: str = ""
    options: str = ""
    machine: str = ""
    date: str = ""
    user: str = ""


class SystemInfo(Model, frozen=True, gc=False):
    """Which Asterisk this is."""

    version: str = ""
    entity_id: str = ""


class SetId(Model, frozen=True, gc=False):
    """The user and group that Asterisk runs as."""

    user: str = ""
    group: str = ""


class ConfigInfo(Model, frozen=True, gc=False):
    """What `asterisk.conf` says."""

    name: str = ""
    default_language: str = ""
    max_channels: int | None = None
    max_open_files: int | None = None
    max_load: float | None = None
    setid: SetId = SetId()


class StatusInfo(Model, frozen=True, gc=False):
    """Since when Asterisk runs."""

    startup_time: str = ""
    last_reload_time: str = ""


class AsteriskInfo(Model, frozen=True, gc=False):
    """What an Asterisk says of itself; a part that was not asked for has its default."""

    build: BuildInfo = BuildInfo()
    system: SystemInfo = SystemInfo()
    config: ConfigInfo = ConfigInfo()
    status: StatusInfo = StatusInfo()


class AsteriskPing(Model, frozen=True, gc=False):
    """The answer to a ping."""

    asterisk_id: str = ""
    ping: str = ""
    timestamp: str = ""


class Module(Model, frozen=True, gc=False):
    """One module of Asterisk."""

    name: str
    description: str = ""
    use_count: int = 0
    status: str = ""
    support_level: str = ""


class Endpoint(Model, frozen=True, gc=False):
    """Something that can be called, such as `PJSIP/alice`; `state` is unknown, offline or online."""

    technology: str
    resource: str
    state: str = ""
    channel_ids: list[str] = []


class DeviceState(Model, frozen=True, gc=False):
    """The state of a device, such as NOT_INUSE, INUSE, RINGING, UNAVAILABLE."""

    name: str
    state: str = ""


class ContactInfo(Model, frozen=True, gc=False):
    """One address at which an endpoint is registered, and whether it answers."""

    uri: str = ""
    contact_status: str = ""
    aor: str = ""
    roundtrip_usec: str = ""


class Peer(Model, frozen=True, gc=False):
    """The registration of an endpoint."""

    peer_status: str = ""
    cause: str = ""
    address: str = ""
    port: str = ""
    time: str = ""


class TextMessage(Model, frozen=True, gc=False):
    """A text message that an endpoint sent."""

    from_: str = field(default="", name="from")
    to: str = ""
    body: str = ""
    variables: dict[str, str] = {}
