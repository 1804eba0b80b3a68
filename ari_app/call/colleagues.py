"""Whom an agent in a call may ask for, and who is rung then."""

from __future__ import annotations

from collections.abc import Collection

from ..flow.words import Word
from ..roster.plan import Agent
from .desk import Call
from .hunt import Hunt
from .plans import plan_again, plan_for_target


class Colleagues:
    """Those whom the rosters let the agents of a call hand it over to, or bring in.

    `hunt` is the search that found the first agent. Nobody else can be asked for: what an agent presses is a
    key of the roster's, never a number to be dialled.
    """

    def __init__(self, call: Call, hunt: Hunt) -> None:
        self._call = call
        self._hunt = hunt
        self._rosters = call.desk.rosters

    @property
    def wrap_up(self) -> bool:
        """Whether agents are asked how a call went."""
        return self._hunt.plan.team in self._rosters.wrapping_up

    @property
    def anybody(self) -> bool:
        """Whether there is anybody at all to ask for, or a further step to go on with."""
        plan = self._hunt.plan
        reached = self._rosters.reached.get(plan.team, frozenset())
        leading = {one.agent.id for one in plan.agents()}  # any of them may be the one who asks
        return (bool(reached) and len(reached | leading) > 1) or self._hunt.has_further_step

    @property
    def known(self) -> bool:
        """Whether the call is for a team; otherwise there is nobody to ask for."""
        return self._hunt.plan.team in self._rosters.teams

    def behind(self, key: str | None, *, there: Collection[str], first: Word) -> Hunt | None:
        """Return a hunt for whom a key stands for, who hear `first` before all else.

        None when it stands for nobody, for those who are `there` already (ids), or for people none of whom
        could take the call.
        """
        team = self._rosters.teams.get(self._hunt.plan.team)
        target = team.targets.get(key or "") if team is not None else None
        if target is None:
            return None
        plan = plan_for_target(self._call.desk, self._hunt.plan, target, self._hunt.reason, there)
        hunt = self._hunt.another(plan, first=first)
        return hunt if hunt.somebody_is_there() else None

    def again(self, agent: Agent) -> Hunt:
        """Return a hunt for an agent whom nobody relieved of the call that they had handed over."""
        plan = plan_again(self._call.desk, self._hunt.plan, agent)
        return self._hunt.another(plan, first=Word.AGENT_BACK)

    def next_step(self) -> Hunt | None:
        """Return the search that found the agent, to go on with its next step; None if there is none."""
        return self._hunt if self._hunt.skip_step() else None

    def rest(self) -> Hunt:
        """Return the search that found the agent, to go on where it was."""
        return self._hunt
