"""What a running line does about who is on call besides calls: duty calls, drills, notices of handoffs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from ..call.desk import Desk
from ..core.tasks import ended
from ..notify import Notice
from ..records.facts import Fact
from ..records.recorder import Recorder
from .drills import Drills
from .duty_calls import DutyCalls
from .handoff_notices import HandoffNotices
from .requests import answering


def wall_clock() -> datetime:
    """Return the instant."""
    return datetime.now(UTC)


class Duties:
    """All of it, for one line: hears every fact about a leg."""

    def __init__(
        self,
        desk: Callable[[], Desk],
        recorder: Recorder,
        send: Callable[[Notice], None],
        *,
        database_url: str,
        unconfirmed: set[str],
        changed: Callable[[], None],
        now: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._desk = desk
        self.calls = DutyCalls(
            desk,
            recorder,
            send,
            database_url=database_url,
            unconfirmed=unconfirmed,
            changed=changed,
            now=now,
        )
        self.handoffs = HandoffNotices(desk, send, database_url=database_url, now=now)
        self._drills = Drills(desk, recorder, self.calls.confirm)

    def put(self, fact: Fact) -> None:
        """Hear of a fact."""
        self.calls.put(fact)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do all of it while the block lasts."""
        async with answering(self._desk().settings.data, {"drill": self._drills.hold}):
            tasks = [
                asyncio.create_task(self.calls.run(), name="duty calls"),
                asyncio.create_task(self.handoffs.run(), name="notices of handoffs"),
            ]
            try:
                yield
            finally:
                await ended(*tasks)
