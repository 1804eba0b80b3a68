"""Who has to be there when: the schedule as each agent sees it, one span for one agent in one team."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .plan import Kind
from .schedule import Shift, expand, expand_layer
from .spans import Span, merged, without
from .team import Team


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One agent on call for one team, [`start`, `end`) in UTC.

    `backup`: not among those on call, but in a layer that a later step of the escalation rings. `beside` are
    those who are on call together with the agent; `overrides` those that changed who it is.
    """

    start: datetime
    end: datetime
    team: str
    agent: str
    kind: Kind
    layer: str
    backup: bool
    beside: tuple[str, ...]
    overrides: tuple[str, ...]


def assignments(team: Team, start: datetime, end: datetime) -> list[Assignment]:
    """Return every agent's time on call for a team from `start` until `end`, in order."""
    final = expand(team, start, end)
    found = [one for shift in final for one in _each(shift, backup=False)]
    taken = _spans_of(found)
    for layer in layers_rung(team):
        further = [
            piece
            for shift in expand_layer(team, layer, start, end)
            for one in _each(shift, backup=True)
            for piece in clipped(one, without((one.start, one.end), taken.get(one.agent, ())))
        ]
        found += further
        taken = _spans_of(found)
    return sorted(found)


def layers_rung(team: Team) -> list[str]:
    """Return the layers that steps of the escalation ring by name."""
    return list(dict.fromkeys(ring.layer for ring in team.escalation if ring.layer is not None))


def clipped(one: Assignment, spans: list[Span]) -> Iterator[Assignment]:
    """Yield an assignment once for each of the spans, which are within it."""
    for start, end in spans:
        yield Assignment(
            start, end, one.team, one.agent, one.kind, one.layer, one.backup, one.beside, one.overrides
        )


def _each(shift: Shift, *, backup: bool) -> Iterator[Assignment]:
    for agent in shift.agents:
        beside = tuple(other for other in shift.agents if other != agent)
        yield Assignment(
            shift.start,
            shift.end,
            shift.team,
            agent,
            shift.kind,
            shift.layer,
            backup,
            beside,
            shift.overrides,
        )


def _spans_of(found: list[Assignment]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for one in found:
        spans.setdefault(one.agent, []).append((one.start, one.end))
    return {agent: merged(each) for agent, each in spans.items()}
