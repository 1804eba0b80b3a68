"""What ARI itself costs: an application that has the short call happen, and does nothing else.

It is told beforehand what to play and whom to ring. It looks nothing up, keeps and logs nothing, waits for no
answer and mends nothing that goes wrong: a measure of what any application would need, not one to be used.

    python -m bench.bare FILE
"""

from __future__ import annotations

import asyncio
import base64
import signal
import sys
from pathlib import Path
from urllib.parse import quote

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

EVENTS = ("ChannelDtmfReceived", "StasisEnd", "StasisStart")
_encode = msgspec.json.Encoder().encode
_TEXT = WSMsgType.TEXT


class BareConfig(msgspec.Struct):
    """Where Asterisk is, what callers hear, and who is rung."""

    url: str
    username: str
    password: str
    app: str
    prompt: str
    endpoint: str

    def save(self, path: Path) -> None:
        """Write it where nobody else can read the password."""
        path.touch(mode=0o600)
        path.write_bytes(_encode(self))


class _Caller(msgspec.Struct):
    number: str = ""


class _Channel(msgspec.Struct):
    id: str
    caller: _Caller


class _Event(msgspec.Struct):
    type: str
    channel: _Channel | None = None
    args: list[str] = []


_decode = msgspec.json.Decoder(_Event).decode


class BareApplication(WSListener):
    """Answer, play, ring at any key, bridge, and end it all when one hangs up."""

    def __init__(self, config: BareConfig) -> None:
        self._config = config
        self._requests = 0
        self._caller_of: dict[str, str] = {}
        """The caller's channel of each leg."""
        self._leg_of: dict[str, str] = {}

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Ask for no more events than are of use."""
        self._transport = transport
        allowed = [{"type": each} for each in EVENTS]
        self._send("PUT", f"applications/{self._config.app}/eventFilter", {"allowed": allowed})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Do at each event what is next."""
        if frame.msg_type != _TEXT:
            return
        event = _decode(frame.get_payload_as_bytes())
        if event.channel is None:
            return
        channel = event.channel.id
        match event.type:
            case "StasisStart" if channel in self._caller_of:
                self._bridge(channel)
            case "StasisStart":
                self._send("POST", f"channels/{channel}/answer")
                self._send(
                    "POST",
                    f"channels/{channel}/play",
                    {"media": f"sound:{self._config.prompt}", "playbackId": f"{channel}.p"},
                )
            case "ChannelDtmfReceived" if channel not in self._leg_of:
                self._ring(channel, event.channel.caller.number)
            case "StasisEnd":
                self._end(channel)

    def _ring(self, caller: str, number: str) -> None:
        leg = self._leg_of[caller] = f"{caller}.l"
        self._caller_of[leg] = caller
        self._send(
            "POST",
            "channels",
            {
                "endpoint": self._config.endpoint,
                "channelId": leg,
                "app": self._config.app,
                "callerId": number,
                "timeout": 30,
                "originator": caller,
            },
        )
        self._send("DELETE", f"playbacks/{caller}.p")

    def _bridge(self, leg: str) -> None:
        bridge = f"{leg}.b"
        self._send("POST", "bridges", {"type": "mixing", "bridgeId": bridge})
        self._send("POST", f"bridges/{bridge}/addChannel", {"channel": [self._caller_of[leg], leg]})

    def _end(self, channel: str) -> None:
        leg = self._leg_of.pop(channel, "")
        if leg:
            del self._caller_of[leg]
            self._send("DELETE", f"channels/{leg}")
            self._send("DELETE", f"bridges/{leg}.b")

    def _send(self, method: str, uri: str, body: dict[str, object] | None = None) -> None:
        self._requests += 1
        request = {"type": "RESTRequest", "request_id": str(self._requests), "method": method, "uri": uri}
        if body is not None:
            request |= {"content_type": "application/json", "message_body": _encode(body).decode()}
        self._transport.send(_TEXT, _encode(request))


async def run(config: BareConfig) -> None:
    """Serve until cancelled, or the connection is lost."""
    credentials = base64.b64encode(f"{config.username}:{config.password}".encode()).decode()
    transport, _ = await ws_connect(
        lambda _request, _response: BareApplication(config),
        f"ws{config.url.removeprefix('http')}/events?app={quote(config.app)}",
        extra_headers={"Authorization": f"Basic {credentials}"},
    )
    print("ready", flush=True)
    await transport.wait_disconnected()


def main(file: Path) -> None:
    """Run until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(run(msgspec.json.decode(file.read_bytes(), type=BareConfig)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
