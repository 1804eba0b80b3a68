"""The second lane: a small pool of HTTP connections, for what can wait for a channel's thread.

Asterisk gives each HTTP connection a thread of its own, so that a request that waits holds up nobody else.
It counts connections against `sessionlimit` (http.conf): the pool is capped.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import aiohttp
from yarl import URL

from .replies import Reply, not_sent, unknown

KEEP_ALIVE = 10.0
"""Seconds that an idle connection is kept. Asterisk closes at 15 (`session_keep_alive` in http.conf):
staying below it, no request is written to a connection that is being closed."""
CHUNK = 1 << 18
"""Bytes of a file that are handed on at once."""

Sink = Callable[[bytes], Awaitable[object]]
"""Takes a file, piece by piece."""


class HttpLane:
    """A capped pool of connections to one ARI; `base` ends in a slash."""

    def __init__(self, base: str, authorization: str, connections: int, tls: ssl.SSLContext | bool) -> None:
        self._base = base
        self._slots = asyncio.Semaphore(connections)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections + 1, keepalive_timeout=KEEP_ALIVE, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": authorization},
            timeout=aiohttp.ClientTimeout(total=None),  # deadlines are ours, one a request
            trust_env=False,
        )

    async def request(
        self, method: str, uri: str, body: bytes | None, deadline: float, *, into: Sink | None = None
    ) -> Reply:
        """Send a request and return its reply; with `into`, a file that is the reply goes there.

        Raises RequestNotSent if no connection could be had, OutcomeUnknown if the connection broke, or
        `deadline` seconds passed, once it was under way.
        """
        under_way = False
        headers = None if body is None else {"Content-Type": "application/json"}
        try:
            async with asyncio.timeout(deadline), self._slots:
                under_way = True
                async with self.session.request(
                    method,
                    URL(self._base + uri, encoded=True),
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                ) as response:
                    if into is not None and response.ok:
                        async for piece in response.content.iter_chunked(CHUNK):
                            await into(piece)
                    return Reply(response.status, response.reason or "", await response.read())
        except TimeoutError:
            if under_way:
                raise unknown(method, uri, f"none within {deadline:g} s") from None
            raise not_sent(method, uri, f"no free connection within {deadline:g} s") from None
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise not_sent(method, uri, str(error)) from None
        except aiohttp.ClientError as error:
            raise unknown(method, uri, str(error) or type(error).__name__) from None

    async def close(self) -> None:
        """Close every connection."""
        await self.session.close()
