"""One duty that an agent is to confirm: when they are rung for it, and what is known so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..records.duties import DutyRecord
from ..records.facts import DutyNoted
from ..roster.duty_shifts import DutyShift
from ..roster.plan import DutyCall

Key = tuple[str, str, datetime]
"""Team, agent, beginning: what no other duty has."""


@dataclass(slots=True)
class Duty:
    """An agent's duty. Tries are at `first`, and then `every` so long; `deadline` is when others are told."""

    shift: DutyShift
    rules: DutyCall
    tries: int = 0
    again_at: datetime | None = None
    """When it is tried again, where the agent could not be rung in time because of another call."""
    confirmed_at: datetime | None = None
    confirmed_by: str = ""
    unconfirmed_at: datetime | None = None

    @classmethod
    def recalled(cls, record: DutyRecord, rules: DutyCall) -> Duty:
        """Return a duty as it was left by an earlier process."""
        return cls(
            DutyShift(record.starts_at, record.ends_at, record.team, record.agent),
            rules,
            record.tries,
            confirmed_at=record.confirmed_at,
            confirmed_by=record.confirmed_by,
            unconfirmed_at=record.unconfirmed_at,
        )

    @property
    def key(self) -> Key:
        """What no other duty has."""
        return self.shift.team, self.shift.agent, self.shift.start

    @property
    def about(self) -> str:
        """What notices of it are about."""
        return f"duty/{self.shift.team}/{self.shift.agent}/{self.shift.start.isoformat()}"

    @property
    def first(self) -> datetime:
        """When the agent is rung first."""
        return self.shift.start - timedelta(seconds=self.rules.before)

    @property
    def deadline(self) -> datetime:
        """Until when the agent is to confirm."""
        return self.first + timedelta(seconds=self.rules.within)

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the agent had their time, and did not say that they can be reached."""
        return self.unconfirmed_at is not None and self.confirmed_at is None

    def due(self, now: datetime) -> int:
        """Return how many of the tries should have been made by now; none more after the deadline."""
        if now >= self.deadline:
            return 0
        return min(self.rules.tries, (now - self.first) // self._every + 1)

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to ring the agent."""
        if self.again_at is not None:
            return self.again_at <= now
        return self.due(now) > self.tries

    def next_change(self, now: datetime) -> datetime:
        """Return the next instant at which there is something to do."""
        changes = [self.first + self._every * number for number in range(self.rules.tries)]
        changes += [self.again_at or self.deadline, self.deadline, self.shift.end]
        return min(each for each in changes if each > now)

    @property
    def _every(self) -> timedelta:
        return timedelta(seconds=self.rules.within / self.rules.tries)

    def noted(self, at: datetime) -> DutyNoted:
        """Return what goes on record of it."""
        return DutyNoted(
            at=at,
            team=self.shift.team,
            agent=self.shift.agent,
            starts_at=self.shift.start,
            ends_at=self.shift.end,
            deadline=self.deadline,
            tries=self.tries,
            confirmed_at=self.confirmed_at,
            confirmed_by=self.confirmed_by,
            unconfirmed_at=self.unconfirmed_at,
        )
