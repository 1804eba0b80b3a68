"""Agents who are rung by the line itself just now; it gives way to callers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ..core.tasks import ended

LATELY = 0.5
"""Seconds that Asterisk and we take at most to know that a phone is free again."""


class UnderWay:
    """What rings agents without a caller: each agent once at a time."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._over_at: dict[str, float] = {}
        self._ids: set[str] = set()

    def knows(self, some_id: str) -> bool:
        """Tell whether the first part of a leg's id is that of something under way: it is no stray."""
        return some_id in self._ids

    @contextmanager
    def known(self, some_id: str) -> Iterator[None]:
        """Let it be known while the block lasts."""
        self._ids.add(some_id)
        try:
            yield
        finally:
            self._ids.discard(some_id)

    async def run(self, agent: str, ringing: Coroutine[Any, Any, None]) -> None:
        """Ring an agent, when nothing else of this kind does any more; return when that is over.

        It is cancelled when this is, and when it has to give way.
        """
        try:
            while (earlier := self._tasks.get(agent)) is not None:
                await asyncio.wait([earlier])
        except asyncio.CancelledError:
            ringing.close()
            raise
        task = self._tasks[agent] = asyncio.create_task(ringing, name=f"confirming {agent}")
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            await ended(task)
            raise
        finally:
            del self._tasks[agent]
            self._over_at[agent] = asyncio.get_running_loop().time()
        if not task.cancelled():
            task.result()

    async def give_way(self, agents: Iterable[str]) -> bool:
        """End what rings some agents: a caller is about to.

        Tell whether there was anything just now: what is known of their phones may be of then.
        """
        if not self._over_at and not self._tasks:
            return False
        agents = [*agents]
        now = asyncio.get_running_loop().time()
        lately = any(now - self._over_at.get(agent, -LATELY) < LATELY for agent in agents)
        tasks = [self._tasks[agent] for agent in agents if agent in self._tasks]
        await ended(*tasks)
        return lately or bool(tasks)
