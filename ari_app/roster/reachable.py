"""Whom a call rings later than the roster says, because they did not say that they can be reached.

Pure: a function of the steps and of who is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from .plan import OnCallAgent, Step


def confirmed_first(steps: tuple[Step, ...], unconfirmed: Collection[str]) -> tuple[Step, ...]:
    """Return the steps with the backup first: nobody is left out, nobody new is rung.

    A step in which nobody is confirmed comes behind the next one that has somebody else; within a step the
    unconfirmed come last.
    """
    if not any(one.agent.id in unconfirmed for step in steps for one in step.agents):
        return steps
    return tuple(_ordered(steps, unconfirmed))


def _ordered(steps: tuple[Step, ...], unconfirmed: Collection[str]) -> Iterator[Step]:
    waiting: list[Step] = []
    for step in steps:
        agents = sorted(
            (_told(one) if one.agent.id in unconfirmed else one for one in step.agents),
            key=lambda one: one.agent.id in unconfirmed,
        )
        told = replace(step, agents=tuple(agents))
        if step.kind == "ring" and agents and agents[0].agent.id in unconfirmed:
            waiting.append(told)
            continue
        if step.kind == "ring":
            yield told
        yield from waiting
        waiting.clear()
        if step.kind != "ring":
            yield told
    yield from waiting


def _told(one: OnCallAgent) -> OnCallAgent:
    return replace(one, why=f"{one.why}, unconfirmed: did not answer the duty call")
