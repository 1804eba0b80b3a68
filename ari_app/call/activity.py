"""What each agent last did, in memory: what the strategies `round-robin` and `longest-idle` go by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from ..records.facts import Fact, LegAccepted, LegEnded, LegResult, LegStarted
from ..records.reader import LastActivity
from ..roster.plan import Activity


class AgentActivity:
    """Hears every fact about a leg, and notes when each agent was last rung and last had a call.

    `known` is what rosters are asked with; it follows what happens. An agent had a call until its end.
    """

    def __init__(self) -> None:
        self._rung: dict[str, datetime] = {}
        self._taken: dict[str, datetime] = {}
        self._legs: dict[str, tuple[str, datetime | None]] = {}
        """The agent of each leg that has not ended, and when that agent was rung before it."""
        self.unconfirmed: set[str] = set()
        """Whoever did not say, when asked, that they can be reached; kept true by who asks them."""
        self.known = Activity(self._rung, self._taken, self.unconfirmed)

    def recall(self, earlier: Iterable[LastActivity]) -> None:
        """Note what the records tell of agents who have done nothing since the start."""
        for one in earlier:
            self._rung.setdefault(one.agent, one.rung_at)
            if one.taken_at is not None:
                self._taken.setdefault(one.agent, one.taken_at)

    def put(self, fact: Fact) -> None:
        """Take a fact."""
        if isinstance(fact, LegStarted):
            self._legs[fact.leg] = fact.agent, self._rung.get(fact.agent)
            self._rung[fact.agent] = fact.at or datetime.now(UTC)
        elif isinstance(fact, LegAccepted) and fact.leg in self._legs:
            self._taken[self._legs[fact.leg][0]] = fact.at or datetime.now(UTC)
        elif isinstance(fact, LegEnded) and fact.leg in self._legs:
            self._ended(fact, *self._legs.pop(fact.leg))

    def _ended(self, fact: LegEnded, agent: str, rung_before: datetime | None) -> None:
        if fact.result is LegResult.ACCEPTED:
            self._taken[agent] = fact.at or datetime.now(UTC)
        elif fact.result is LegResult.SKIPPED and rung_before is not None:
            self._rung[agent] = rung_before
        elif fact.result is LegResult.SKIPPED:
            self._rung.pop(agent, None)
