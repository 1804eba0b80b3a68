"""Looks after the messages of a running line: deletes them on time, keeps what was left in Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ..ari import AriClient
from ..call.desk import Desk
from ..call.leftovers import Leftovers
from ..core.logs import get_logger

log = get_logger(__name__)

LOOK_EVERY = 3600.0
"""Seconds between two looks at what is to be deleted, and at what was left."""
LOOK_AGAIN = 5.0
"""Seconds until the next look when something was in the way, or after a new connection: calls are just being
sorted out."""


class MessageKeeper:
    """Does so for a line. `is_known` tells whether a call is in progress."""

    def __init__(
        self, ari: AriClient, desk: Callable[[], Desk], database_url: str, *, is_known: Callable[[str], bool]
    ) -> None:
        self._ari = ari
        self._desk = desk
        self._database_url = database_url
        self._leftovers = Leftovers(ari, desk, is_known=is_known)
        self._connected = asyncio.Event()

    async def look(self) -> None:
        """Look soon: there is a new connection to Asterisk."""
        self._connected.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            pause = LOOK_EVERY
            try:
                await self._desk().messages.delete_old()
                if self._ari.ready and not await self._leftovers.keep(self._database_url):
                    pause = LOOK_AGAIN
            except Exception:
                log.exception("message.keeping_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), pause)
                self._connected.clear()
                await asyncio.sleep(LOOK_AGAIN)
