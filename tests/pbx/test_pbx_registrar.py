"""Which telephone rings when one name was registered by several, or from a new address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from hashlib import md5
from pathlib import Path

import aiohttp
import pytest

from ari_app.pbx import AsteriskServer, Installation, LineConfig, Phone, loopback_address, render

TEMPLATES = Path(__file__).parents[2] / "asterisk_conf"
PATIENCE = 10.0


class Handset(asyncio.DatagramProtocol):
    """A telephone that registers as alice (RFC 3261, 10 and 22.4), and notes when it is called."""

    def __init__(self, config: LineConfig, address: str) -> None:
        self._registrar = (config.sip_bind, config.sip_port)
        self._address = address
        self._password = config.phones["alice"].password
        self._sequence = 0
        self.registered = asyncio.Event()
        self.rung = asyncio.Event()

    async def registers(self) -> None:
        """Be where calls to alice go, from now on."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self._address, 5060)
        )
        self._register()
        async with asyncio.timeout(PATIENCE):
            await self.registered.wait()

    def is_switched_off(self) -> None:
        """Be gone without a word."""
        self._transport.close()

    def datagram_received(self, data: bytes, _sender: tuple[str, int]) -> None:
        text = data.decode()
        if text.startswith("SIP/2.0 401"):
            self._register(text)
        elif text.startswith("SIP/2.0 200"):
            self.registered.set()
        elif text.startswith("INVITE"):
            self.rung.set()

    def _register(self, challenge: str = "") -> None:
        self._sequence += 1
        uri = f"sip:{self._registrar[0]}:{self._registrar[1]}"
        lines = [
            f"REGISTER {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._address}:5060;branch=z9hG4bK{self._address}{self._sequence};rport",
            f"From: <sip:alice@{self._registrar[0]}>;tag={self._address}",
            f"To: <sip:alice@{self._registrar[0]}>",
            f"Call-ID: {self._address}",
            f"CSeq: {self._sequence} REGISTER",
            f"Contact: <sip:alice@{self._address}:5060>",
            "Max-Forwards: 70",
            "Expires: 300",
            *([self._answer(challenge, uri)] if challenge else []),
            "Content-Length: 0",
        ]
        self._transport.sendto("\r\n".join([*lines, "", ""]).encode(), self._registrar)

    def _answer(self, challenge: str, uri: str) -> str:
        """Return what proves that the password is known (RFC 2617, 3.2.2, as a first client would do it)."""
        asked = next(
            each for each in re.findall(r"^WWW-Authenticate: (.*)$", challenge, re.M) if "SHA" not in each
        )
        realm, nonce = (re.search(rf'{name}="([^"]*)"', asked)[1] for name in ("realm", "nonce"))  # type: ignore[index]  # a challenge has both
        secret = _md5(f"alice:{realm}:{self._password}")
        shared = f"{nonce}:00000001:c:auth"
        response = _md5(f"{secret}:{shared}:{_md5(f'REGISTER:{uri}')}")
        opaque = re.search(r'opaque="([^"]*)"', asked)
        return (
            f'Authorization: Digest username="alice", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"'
            + (f', opaque="{opaque[1]}"' if opaque else "")
        )


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
async def registrar(asterisk_installation: Installation, tmp_path: Path) -> AsyncIterator[AsteriskServer]:
    """An Asterisk whose telephone is alice's."""
    address = loopback_address()
    config = LineConfig(
        run_dir=tmp_path / "registrar",
        sip_bind=address,
        control_bind=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
        qualify_phone=0,
        phones={"alice": Phone()},
    )
    render(TEMPLATES, asterisk_installation, config)
    async with AsteriskServer(asterisk_installation, config) as server:
        yield server


async def rings_alice(server: AsteriskServer) -> None:
    config = server.config
    address = f"http://{config.ari_host}:{config.http_port}/ari/channels"
    where = {"context": "fallback", "extension": "default", "priority": "1"}
    asked = {"endpoint": "PJSIP/alice", "api_key": f"{config.ari_user}:{config.ari_password}", **where}
    async with aiohttp.ClientSession() as session, session.post(address, params=asked) as answer:
        assert answer.status == 200, await answer.text()


async def test_the_telephone_that_registered_last_rings(registrar: AsteriskServer) -> None:
    assert isinstance(registrar.config, LineConfig)
    for _ in range(3):  # which one of several rings must not be chance
        old, new = (Handset(registrar.config, loopback_address()) for _ in range(2))
        for handset in (old, new):
            await handset.registers()
        await rings_alice(registrar)
        async with asyncio.timeout(PATIENCE):
            await new.rung.wait()
        assert not old.rung.is_set()
        await registrar.cli("channel request hangup all")
        for handset in (old, new):
            handset.is_switched_off()
