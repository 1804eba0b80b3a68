"""The search for a colleague, beside a talk that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..roster.plan import Plan
from .hunt import Hunt
from .leg import Leg


class Search:
    """A hunt that goes on by itself from now on; `told` is called when it is over."""

    def __init__(self, hunt: Hunt, told: Callable[[], None]) -> None:
        self._hunt = hunt
        self._task = asyncio.create_task(hunt.next())
        self._task.add_done_callback(lambda _: told())

    @property
    def plan(self) -> Plan:
        """Whom the hunt rings."""
        return self._hunt.plan

    @property
    def over(self) -> bool:
        """Whether it is known who takes the call."""
        return self._task.done()

    async def found(self) -> Leg | None:
        """Return the leg of the colleague who takes the call, as soon as that is known; None: nobody does."""
        return await self._task

    async def end(self) -> None:
        """Ring nobody any more. Whoever has just taken the call is let go."""
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled() and not self._task.exception() and (leg := self._task.result()):
            self._hunt.take_back(leg)
        self._hunt.close()
