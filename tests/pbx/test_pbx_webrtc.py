"""A browser's phone registers over the WebSocket, and is offered encrypted sound."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ari_app.pbx import (
    AsteriskConfig,
    AsteriskServer,
    Installation,
    LineConfig,
    Phone,
    loopback_address,
    render,
)

TEMPLATES = Path(__file__).parents[2] / "asterisk_conf"
CONTACT = (
    "<sip:browser@browser.invalid;transport=ws>"  # RFC 7118, section 5: a browser has no address to give
)


@pytest.fixture
async def browser_line(tmp_path: Path, asterisk_installation: Installation) -> AsyncIterator[AsteriskServer]:
    """A line with a WebRTC phone, browser."""
    address = loopback_address()
    config = LineConfig(
        run_dir=tmp_path,
        sip_bind=address,
        control_bind=address,
        qualify_phone=0,
        phones={"browser": Phone(webrtc=True)},
    )
    render(TEMPLATES, asterisk_installation, config)
    async with AsteriskServer(asterisk_installation, config) as server:
        yield server


def register(line: LineConfig, number: int, authorization: str = "") -> str:
    lines = [
        f"REGISTER sip:{line.sip_bind} SIP/2.0",
        f"Via: SIP/2.0/WS browser.invalid;branch=z9hG4bK{number}",
        f"From: <sip:browser@{line.sip_bind}>;tag=a",
        f"To: <sip:browser@{line.sip_bind}>",
        "Call-ID: registration",
        f"CSeq: {number} REGISTER",
        f"Contact: {CONTACT}",
        "Expires: 60",
        "Max-Forwards: 70",
        *([authorization] if authorization else []),
        "Content-Length: 0",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def authorization(line: LineConfig, challenge: str) -> str:
    """Answer a Digest challenge: RFC 2617, section 3.2.2.1."""
    given = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))
    uri = f"sip:{line.sip_bind}"

    def digest(*words: str) -> str:
        return hashlib.md5(":".join(words).encode()).hexdigest()

    secret = digest("browser", given["realm"], line.phones["browser"].password)
    response = digest(secret, given["nonce"], "00000001", "b", "auth", digest("REGISTER", uri))
    return (
        f'Authorization: Digest username="browser", realm="{given["realm"]}", nonce="{given["nonce"]}", '
        f'uri="{uri}", response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="b", '
        f'opaque="{given["opaque"]}"'
    )


def password(config: AsteriskConfig) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(config.ari_user, config.ari_password)}


async def test_browser_registers_and_is_offered_encrypted_opus(browser_line: AsteriskServer) -> None:
    config = browser_line.config
    assert isinstance(config, LineConfig)
    url = f"ws://{config.control_bind}:{config.http_port}/ws"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=("sip",), timeout=aiohttp.ClientWSTimeout(ws_close=0.1)) as socket,
    ):
        await socket.send_str(register(config, 1))
        challenge = await socket.receive_str(timeout=10)
        assert challenge.startswith("SIP/2.0 401")
        await socket.send_str(register(config, 2, authorization(config, challenge)))
        assert (await socket.receive_str(timeout=10)).startswith("SIP/2.0 200")
        assert "browser" in await browser_line.cli("pjsip show contacts")

        ring = {"endpoint": "PJSIP/browser", "extension": "100", "context": "from-phones", "timeout": "5"}
        async with session.post(
            f"{config.ari_url}/channels", params=ring, headers=password(config)
        ) as response:
            assert response.status == 200
        invitation = await socket.receive_str(timeout=10)
        assert invitation.startswith("INVITE sip:browser@")
        assert re.search(r"^m=audio \d+ UDP/TLS/RTP/SAVPF", invitation, re.MULTILINE)
        assert "opus/48000/2" in invitation
        assert "a=fingerprint:SHA-256" in invitation
        assert "a=ice-ufrag:" in invitation
        assert config.sip_bind in invitation  # an ICE candidate where sound is received
        await browser_line.cli("channel request hangup all")


async def test_a_web_page_cannot_use_ari_from_its_visitors_browser(browser_line: AsteriskServer) -> None:
    config = browser_line.config
    page = {"Origin": "https://evil.example", **password(config)}
    async with aiohttp.ClientSession(headers=page) as session:
        headers = {"Access-Control-Request-Method": "GET"}
        async with session.options(f"{config.ari_url}/channels", headers=headers) as response:
            assert "Access-Control-Allow-Origin" not in response.headers
        async with session.get(f"{config.ari_url}/channels") as response:
            assert "Access-Control-Allow-Origin" not in response.headers
