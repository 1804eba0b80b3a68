"""The hunt: ring the people of the plan, step by step, until one of them takes the call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

from ..ami import PhoneState
from ..core.prompt import Prompt
from ..records.facts import LegResult
from ..roster.plan import OnCallAgent, Plan
from .desk import Call
from .leg import Leg


class Hunt:
    """Walks through a plan; `next` rings until an agent takes the call and returns that agent's leg.

    That leg is then yours to release. Call `next` again when it was lost before the two could talk: the
    hunt goes on where it was. Every other leg is released at the latest when the `async with` ends.
    """

    def __init__(self, call: Call, plan: Plan, *, reason: str, language: str) -> None:
        self._call = call
        self._reason = reason
        self._language = language
        self._plan = plan
        self._groups = self._groups_of(plan)
        self._legs: list[Leg] = []
        self._watches = AsyncExitStack()

    async def __aenter__(self) -> Hunt:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for leg in self._legs:
            leg.release(LegResult.CANCELLED)
        for leg in self._legs:
            await leg.channel.settle()
        await self._watches.aclose()

    async def next(self) -> Leg | None:
        """Return the leg of the next agent who takes the call, or None when the plan is exhausted."""
        for step, seconds, agents in self._groups:
            legs = [leg for agent in agents for leg in self._legs_of(agent, step)]
            if not legs:
                continue
            for leg in legs:
                await self._watches.enter_async_context(
                    self._call.desk.ari.watch(leg.id, on_event=leg.channel.on_event)
                )
            self._legs += legs
            if taken := await self._first_to_take(legs, seconds):
                self._legs.remove(taken)
                return taken
        return None

    @staticmethod
    def _groups_of(plan: Plan) -> Iterator[tuple[int, float, Sequence[OnCallAgent]]]:
        """Yield who is rung together: everybody of a simultaneous step, one after the other else."""
        for step in plan.steps:
            if step.strategy == "simultaneous":
                yield step.index, step.seconds, step.agents
            else:
                for agent in step.agents:
                    yield step.index, step.seconds, [agent]

    def _legs_of(self, agent: OnCallAgent, step: int) -> list[Leg]:
        legs = [Leg(self._call, agent, phone, step=step) for phone in agent.agent.phones]
        rung = []
        for leg in legs:
            state = self._known_state(leg)
            if state.in_use or state.unreachable:
                leg.skip()
            else:
                rung.append(leg)
        return rung

    def _known_state(self, leg: Leg) -> PhoneState:
        name = leg.endpoint.removeprefix("PJSIP/")
        return PhoneState.UNKNOWN if "@" in name else self._call.desk.phone_state(name)

    async def _first_to_take(self, legs: Sequence[Leg], seconds: float) -> Leg | None:
        if len(legs) == 1:
            (leg,) = legs
            return leg if await self._offer(leg, seconds) is LegResult.ACCEPTED else None
        tasks = {asyncio.create_task(self._offer(leg, seconds)): leg for leg in legs}
        taken: Leg | None = None
        try:
            pending = set(tasks)
            while pending and taken is None:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if task.result() is LegResult.ACCEPTED:
                        taken = taken or tasks[task]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for leg in legs:
                if leg is not taken:
                    leg.release(LegResult.TAKEN_ELSEWHERE if taken else LegResult.CANCELLED)
        return taken

    async def _offer(self, leg: Leg, seconds: float) -> LegResult:
        return await leg.offer(seconds, whisper=self._whisper(leg), display_name=f"Astreinte {self._reason}")

    def _whisper(self, leg: Leg) -> Prompt:
        flows = self._call.desk.flows
        language = next((each for each in leg.agent.languages if each in flows.languages), self._language)
        return flows.whisper(self._reason, language)
