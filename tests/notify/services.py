"""Services that take notices: a mail server and a web hook, both real, on this machine."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

PATIENCE = 30.0
"""Seconds for something that must happen; only a test that fails waits so long."""


async def until(what: str, happened: Callable[[], Any]) -> Any:
    """Wait for something that nobody tells of; return what `happened` says then."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not (answer := happened()):  # noqa: ASYNC110 - what it looks at are plain lists
                await asyncio.sleep(0.02)
            return answer
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None


class MailServer:
    """Takes mails, and keeps them."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.port = 0

    def address(self, more: str = "") -> str:
        """Return the address of somebody who has a mailbox there."""
        return f"mailto://127.0.0.1:{self.port}?from=line@example.net&to=chef@example.net&mode=insecure{more}"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        mail: Message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """Run a mail server."""
    handler = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        await server.wait_closed()


class WebHook:
    """Takes what `json://` posts. It answers what `answers` says, as soon as `open`."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.asked = 0
        self.answers = 200
        self.open = asyncio.Event()
        self.open.set()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Its address, with a secret in it."""
        return f"json://127.0.0.1:{self.port}/s3cr3t-t0ken"

    def attachment(self, number: int = 0) -> bytes:
        """Return the only file that came with a notice."""
        (file,) = self.bodies[number]["attachments"]
        return b64decode(file["base64"])

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.json()
        await self.open.wait()
        if self.answers == 200:
            self.bodies.append(body)
        return web.Response(status=self.answers)

    async def start(self) -> None:
        """Listen, again on the same port if it did before."""
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/s3cr3t-t0ken", self._take)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Be gone."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


@asynccontextmanager
async def web_hook() -> AsyncIterator[WebHook]:
    """Run a web hook."""
    made = WebHook()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
