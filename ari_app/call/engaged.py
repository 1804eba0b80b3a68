"""Which agents are in a call of the line, whichever of their phones they took it on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable


class Engaged:
    """Agents in calls, by id.

    A desk phone's state says that it is in use; a mobile telephone's is not known, so the line has to know
    that its agent is in one of its own calls.
    """

    def __init__(self) -> None:
        self._calls: defaultdict[str, list[str]] = defaultdict(list)
        self._rung: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def enter(self, agent: str, call: str) -> None:
        """Note that an agent has taken a call; whoever rings them for another one is told."""
        self._calls[agent].append(call)
        for told in self._rung.get(agent, ()):
            told()

    def leave(self, agent: str, call: str) -> None:
        """Note that an agent has left a call that they had taken."""
        self._calls[agent].remove(call)
        if not self._calls[agent]:
            del self._calls[agent]

    def elsewhere(self, agent: str, call: str) -> bool:
        """Tell whether an agent is in another call than this one."""
        return any(each != call for each in self._calls.get(agent, ()))

    def ringing(self, agent: str, told: Callable[[], None]) -> None:
        """Have `told` called whenever an agent takes a call, until `rung`."""
        self._rung[agent].append(told)

    def is_rung(self, agent: str) -> bool:
        """Tell whether an agent's phones ring for somebody."""
        return agent in self._rung

    def rung(self, agent: str, told: Callable[[], None]) -> None:
        """End what `ringing` began."""
        self._rung[agent].remove(told)
        if not self._rung[agent]:
            del self._rung[agent]
