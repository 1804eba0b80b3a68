"""Several phones that ring for one call: of one agent, or of several at once. The first to take it wins."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from ..flow.words import Word
from ..records.facts import LegResult
from .leg import Leg

Offer = Callable[[Leg, float], Awaitable[LegResult]]
"""Rings a leg for so many seconds."""


class Race:
    """Rings the phones of each agent: each when its `after` has come, or none of the agent's rings any more.

    An agent who passes the call on is rung on none of their other phones. Every leg but the one that took
    the call is released when `run` returns; when it is cancelled, that is left to the hunt.
    """

    def __init__(self, legs_of_agents: Sequence[Sequence[Leg]], offer: Offer) -> None:
        self._legs_of_agents = legs_of_agents
        self._waiting = [deque(sorted(legs, key=lambda leg: leg.after)) for legs in legs_of_agents]
        self._ringing: dict[asyncio.Task[LegResult], tuple[int, Leg]] = {}
        self._offer = offer
        self._clock = asyncio.get_running_loop().time
        self._start = self._clock()

    async def run(self, seconds: float) -> Leg | None:
        """Return the leg that takes the call, or None when none did for `seconds`."""
        taken: Leg | None = None
        try:
            while taken is None:
                self._ring_who_is_due(seconds)
                if not self._ringing:
                    return None
                done, _ = await asyncio.wait(
                    self._ringing, timeout=self._until_next(), return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    if task not in self._ringing:
                        continue  # of an agent who has just passed the call on with another phone
                    agent, leg = self._ringing.pop(task)
                    if task.result() is LegResult.ACCEPTED:
                        taken = taken or leg
                    elif task.result() is LegResult.PASSED:
                        await self._leave_alone(agent)
        finally:
            await self._stop([*self._ringing])
        for leg in (leg for legs in self._legs_of_agents for leg in legs):
            if leg is not taken:
                colleague = leg.agent.id != taken.agent.id
                leg.release(LegResult.TAKEN_ELSEWHERE, last_word=Word.AGENT_TAKEN if colleague else None)
        return taken

    def _ring_who_is_due(self, seconds: float) -> None:
        elapsed = self._clock() - self._start
        busy = {agent for agent, _ in self._ringing.values()}
        for agent, waiting in enumerate(self._waiting):
            while waiting and elapsed < seconds and (waiting[0].after <= elapsed or agent not in busy):
                leg = waiting.popleft()
                task = asyncio.ensure_future(self._offer(leg, seconds - elapsed))
                self._ringing[task] = agent, leg
                busy.add(agent)

    def _until_next(self) -> float | None:
        """Return in how many seconds another phone's time has come, None if there is no other."""
        due = min((waiting[0].after for waiting in self._waiting if waiting), default=None)
        return None if due is None else max(0.0, self._start + due - self._clock())

    async def _leave_alone(self, agent: int) -> None:
        """Ring an agent no more: they passed the call on."""
        self._waiting[agent].clear()
        ringing = [task for task, (whose, _) in self._ringing.items() if whose == agent]
        legs = [self._ringing[task][1] for task in ringing]
        await self._stop(ringing)
        for leg in legs:
            leg.release(LegResult.PASSED)

    async def _stop(self, tasks: Sequence[asyncio.Task[LegResult]]) -> None:
        for task in tasks:
            task.cancel()
            del self._ringing[task]
        if tasks:
            await asyncio.wait(tasks)
