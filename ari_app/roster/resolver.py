"""Who is on call at an instant: the one answer that routing, previews and notices share.

Pure: a function of a team and an instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .calendar import NEVER
from .plan import Kind, OnCallAgent, Step
from .team import Group, Override, Ring, Team


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a team's roster says from an instant (`since`) until the answer may change."""

    kind: Kind | None
    since: datetime
    until: datetime
    steps: tuple[Step, ...]


def resolve(team: Team, at: datetime) -> Resolution:
    """Return whom a team rings at an instant (UTC), without the steps that have nobody in them."""
    duties = [(layer, *layer.on_duty(at)) for layer in team.layers]
    standing_in, until = _stand_ins(team.overrides, at)
    until = min((until, *(change for _, _, change in duties)))
    serving = next(((layer, group) for layer, group, _ in reversed(duties) if group), None)
    groups: dict[str | None, tuple[str, Group]] = {layer.id: (layer.id, group) for layer, group, _ in duties}
    if serving is not None:
        groups[None] = (serving[0].id, serving[1])
    rings = (_step(team, ring, groups, standing_in) for ring in team.escalation)
    steps = [step for step in rings if step.agents]
    if team.voicemail is not None:
        steps.append(Step(team.voicemail, "voicemail", kind="voicemail"))
    return Resolution(serving[0].kind if serving is not None else None, at, until, tuple(steps))


def _step(
    team: Team, ring: Ring, groups: dict[str | None, tuple[str, Group]], standing_in: dict[str, Override]
) -> Step:
    on_call: dict[str, str] = {}  # agent → why; the first reason is told
    if ring.agents is not None:
        for name in ring.agents:
            on_call.setdefault(name, "named in the escalation")
    else:
        layer, group = groups.get(ring.layer, ("", ()))
        for name in group:
            chain = _chain(name, standing_in)
            why = "".join(f", override {override.id} for {override.absent}" for override in chain)
            on_call.setdefault(chain[-1].stand_in if chain else name, f"layer {layer}{why}")
    agents = tuple(OnCallAgent(team.agents[name], why) for name, why in on_call.items())
    return Step(ring.index, ring.label, agents, ring.strategy, ring.seconds)


def _stand_ins(overrides: Iterable[Override], at: datetime) -> tuple[dict[str, Override], datetime]:
    """Return the override in force for each absent agent, and when that may change. The later one wins."""
    standing_in: dict[str, Override] = {}
    until = NEVER
    for override in overrides:
        if at < override.start:
            until = min(until, override.start)
        elif at < override.end:
            until = min(until, override.end)
            standing_in[override.absent] = override
    return standing_in, until


def _chain(name: str, standing_in: dict[str, Override]) -> list[Override]:
    """Return the overrides that lead from an agent to the one who is there (A→B, B→C gives C).

    A circle is an exchange (A→B and B→A): each goes one step along it.
    """
    chain: list[Override] = []
    seen = {name}
    while (override := standing_in.get(name)) is not None:
        chain.append(override)
        name = override.stand_in
        if name in seen:
            return chain[:1]
        seen.add(name)
    return chain


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
