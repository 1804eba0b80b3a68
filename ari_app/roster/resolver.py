"""Whom a team rings at an instant, step by step, and why.

Pure: a function of a team and an instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .duty import Duties
from .plan import Kind, OnCallAgent, Step
from .team import Override, Ring, Team


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a team's roster says from an instant (`since`) until the answer may change."""

    kind: Kind | None
    since: datetime
    until: datetime
    steps: tuple[Step, ...]


def resolve(team: Team, at: datetime) -> Resolution:
    """Return whom a team rings at an instant (UTC), without the steps that have nobody in them."""
    duties = Duties(team, at)
    serving = duties.serving()
    rings = (_step(team, ring, duties) for ring in team.escalation)
    steps = [step for step in rings if step.agents]
    if team.voicemail is not None:
        steps.append(Step(team.voicemail, "voicemail", kind="voicemail"))
    return Resolution(serving.kind if serving is not None else None, at, duties.until, tuple(steps))


def _step(team: Team, ring: Ring, duties: Duties) -> Step:
    on_call: list[OnCallAgent] = []
    if ring.agents is not None:
        on_call = [OnCallAgent(team.agents[name], "named in the escalation") for name in ring.agents]
    elif (duty := duties.serving() if ring.layer is None else duties.of(ring.layer)) is not None:
        on_call = [
            OnCallAgent(team.agents[name], f"layer {duty.layer}{_why(chain)}") for name, chain in duty.agents
        ]
    return Step(ring.index, ring.label, tuple(on_call), ring.strategy, ring.seconds)


def _why(chain: Iterable[Override]) -> str:
    return "".join(f", override {override.id} for {override.absent}" for override in chain)


def preferring(steps: tuple[Step, ...], language: str) -> tuple[Step, ...]:
    """Return the steps with those first, within each, who speak a language: preferred, never required."""
    return tuple(
        Step(
            step.index,
            step.label,
            tuple(sorted(step.agents, key=lambda one: language not in one.agent.languages)),
            step.strategy,
            step.seconds,
            step.kind,
        )
        for step in steps
    )
