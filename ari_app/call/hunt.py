"""The hunt: ring the people of the plan, step by step, until one of them takes the call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from ..ami import PhoneState
from ..flow.words import Word
from ..records.facts import LegResult
from ..roster.plan import OnCallAgent, Plan
from .channel import CallChannel
from .desk import Call
from .endpoints import known_state
from .leg import Leg
from .race import Race
from .whisper import Whisper

RING_AGAIN = 2
"""How often the same people are rung once more because the connection to Asterisk was lost meanwhile."""
RECOVERY_SECONDS = 0.5
"""How long Asterisk and we take to know that their phones are free again."""


class Hunt:
    """Walks through a plan; `next` rings until an agent takes the call and returns that agent's leg.

    That leg is then yours to release. Call `next` again when it was lost before the two could talk: the
    hunt goes on where it was. Every other leg is released at the latest when the `async with` ends.
    """

    def __init__(
        self, call: Call, caller: CallChannel, plan: Plan, *, whisper: Whisper, language: str
    ) -> None:
        self._call = call
        self._caller = caller
        self._whisper = whisper
        self._language = language
        self.plan = plan
        self._groups = deque(self._groups_of(plan))
        self._step = -1
        self._legs: list[Leg] = []
        self._rung: set[str] = set()
        """The agents whom this call has rung, in this hunt or another."""
        self.last_word: Word | None = None
        """What whoever has picked up by then hears when the search is given up."""

    async def __aenter__(self) -> Hunt:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Release every leg that nobody has taken."""
        last_word = Word.AGENT_MISSED if self._caller.gone else self.last_word
        for leg in self._legs:
            leg.release(LegResult.CANCELLED, last_word=last_word)

    async def next(self) -> Leg | None:
        """Return the leg of the next agent who takes the call, or None when the plan is exhausted."""
        while self._groups:
            step, seconds, agents = self._groups.popleft()
            self._step = step
            for _ in range(1 + RING_AGAIN):
                gave_way = await self._call.desk.under_way.give_way(agent.agent.id for agent in agents)
                if gave_way or any(self._seems_in_call(one) and one.agent.id in self._rung for one in agents):
                    await asyncio.sleep(RECOVERY_SECONDS)
                self._rung.update(agent.agent.id for agent in agents)
                legs = [usable for agent in agents if (usable := self._legs_of(agent, step))]
                self._legs += chain.from_iterable(legs)
                if taken := await self._first_to_take(legs, seconds):
                    self._legs.remove(taken)
                    return taken
                if LegResult.INTERRUPTED not in [leg.result for leg in chain.from_iterable(legs)]:
                    break
                await asyncio.sleep(RECOVERY_SECONDS)
                await self._call.desk.ari.until_ready()
        return None

    @property
    def has_further_step(self) -> bool:
        """Whether there is another step to go on with."""
        return any(step != self._step for step, _, _ in self._groups)

    def skip_step(self) -> bool:
        """Go on with the next step; False if there is none."""
        while self._groups and self._groups[0][0] == self._step:
            self._groups.popleft()
        return bool(self._groups)

    @property
    def reason(self) -> str:
        """Why the caller calls."""
        return self._whisper.reason

    def another(self, plan: Plan, *, first: Word) -> Hunt:
        """Return a hunt through another plan for the same call; agents hear `first` before all else."""
        whisper = replace(self._whisper, since=None, first=first)
        hunt = Hunt(self._call, self._caller, plan, whisper=whisper, language=self._language)
        hunt._rung = self._rung
        return hunt

    def somebody_is_there(self) -> bool:
        """Tell whether there is anybody to ring who is in no call, on a phone that may be reached."""
        return any(
            not self._seems_in_call(one) and not all(each.unreachable for each in self._states(one))
            for one in self.plan.agents()
        )

    def take_back(self, leg: Leg) -> None:
        """Let go of a leg that `next` returned, when the hunt is closed."""
        self._legs.append(leg)

    @staticmethod
    def _groups_of(plan: Plan) -> Iterator[tuple[int, float, Sequence[OnCallAgent]]]:
        """Yield who is rung together: everybody of a simultaneous step, one after the other else."""
        for step in chain.from_iterable([each] * each.rounds for each in plan.steps * plan.rounds):
            if step.strategy == "simultaneous":
                yield step.index, step.seconds, step.agents
            else:
                for agent in step.agents:
                    yield step.index, step.seconds, [agent]

    def _legs_of(self, agent: OnCallAgent, step: int) -> list[Leg]:
        """Return the legs to an agent's phones that are worth ringing; the others are skipped.

        An agent who is in a call, on any phone, is not rung on another one, unless the roster says so.
        """
        legs = [Leg(self._call, agent, phone, step=step) for phone in agent.agent.phones]
        in_call = self._seems_in_call(agent)
        rung = []
        for leg, state in zip(legs, self._states(agent), strict=True):
            if in_call or state.unreachable:
                leg.skip()
            else:
                rung.append(leg)
        return rung

    def _seems_in_call(self, agent: OnCallAgent) -> bool:
        """Tell whether an agent is in a call, and wants no more then."""
        one = agent.agent
        in_use = any(state.in_use for state in self._states(agent))
        elsewhere = self._call.desk.engaged.elsewhere(one.id, self._call.id)
        return one.busy == "skip" and (in_use or elsewhere)

    def _states(self, agent: OnCallAgent) -> list[PhoneState]:
        return [known_state(phone, self._call.desk) for phone in agent.agent.phones]

    async def _first_to_take(self, legs: Sequence[Sequence[Leg]], seconds: float) -> Leg | None:
        """Ring the phones of some agents for `seconds` at most, until one of them takes the call."""
        if [len(each) for each in legs] == [1]:
            leg = legs[0][0]
            return leg if await self._offer(leg, seconds) is LegResult.ACCEPTED else None
        return await Race(legs, self._offer).run(seconds)

    async def _offer(self, leg: Leg, seconds: float) -> LegResult:
        spoken = self._call.desk.flows.languages
        language = next((each for each in leg.agent.languages if each in spoken), self._language)
        return await leg.offer(seconds, whisper=self._whisper, language=language)
