"""The steps of an escalation, as a team's file has them: whom each rings, and for which calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .opening import Opening
from .plan import Strategy
from .rotation import Group


class Asked(NamedTuple):
    """What is known of a call that conditions may ask for; None: not known."""

    reason: str | None = None
    language: str | None = None
    vip: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """For which calls a step is there. What is empty or None is not asked for; all of the rest must hold.

    What is not known of a call does not meet a condition on it.
    """

    hours: Opening | None = None
    reasons: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    vip: bool | None = None

    def is_met_by(self, asked: Asked) -> bool:
        """Tell whether a call meets it, within its `hours`."""
        return (
            (not self.reasons or asked.reason in self.reasons)
            and (not self.languages or asked.language in self.languages)
            and (self.vip is None or asked.vip == self.vip)
        )

    def __str__(self) -> str:
        """Return it in a few words."""
        words = [
            *(["at " + " or ".join(map(str, self.hours.windows))] if self.hours is not None else []),
            *(f"reason {reason}" for reason in sorted(self.reasons)),
            *(f"language {language}" for language in sorted(self.languages)),
            *(["vip" if self.vip else "not vip"] if self.vip is not None else []),
        ]
        return " and ".join(words)


@dataclass(frozen=True, slots=True)
class Ring:
    """One step of the escalation.

    It rings named `agents`, or whoever is on call (in one `layer` if it is given), or it takes the steps of
    another `team`.
    """

    index: int
    label: str
    agents: Group | None = None
    layer: str | None = None
    strategy: Strategy = "sequential"
    seconds: float = 0.0
    rounds: int = 1
    team: str | None = None
    when: Condition | None = None

    def __str__(self) -> str:
        """Return it in a few words: "on-call, sequential, 25 s"."""
        words = [self.label]
        if self.team is None:
            words += [self.strategy, f"{self.seconds:g} s"]
        if self.rounds > 1:
            words.append(f"{self.rounds} rounds")
        if self.when is not None:
            words.append(f"when {self.when}")
        return ", ".join(words)
