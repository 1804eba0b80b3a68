"""The schedule: who is on call from when until when, as the resolver that routes calls sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from .duty import Duties, Duty
from .plan import Kind
from .team import Team


@dataclass(frozen=True, slots=True)
class Shift:
    """The same people on call for a while, [`start`, `end`) in UTC.

    `agents` are ids with overrides resolved, in the group's order; `overrides` are the ids of those that
    changed who it is, in the order in which they chain.
    """

    start: datetime
    end: datetime
    team: str
    layer: str
    kind: Kind
    agents: tuple[str, ...]
    overrides: tuple[str, ...]


def expand(team: Team, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Return the final schedule from `start` until `end`: what `ring: on-call` rings.

    Shifts are clipped to the range; neighbours that are equal but for their times are one. When nobody is on
    call there is no shift.
    """
    return tuple(_merged(team, start, end, Duties.serving))


def expand_layer(team: Team, layer: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Return the schedule of one layer by itself: what `ring: on-call` with that `layer` rings."""
    return tuple(_merged(team, start, end, lambda duties: duties.of(layer)))


def gaps(team: Team, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Return the spans, from `start` until `end`, in which the final schedule has nobody."""
    found = []
    for shift in expand(team, start, end):
        if shift.start > start:
            found.append((start, shift.start))
        start = shift.end
    if start < end:
        found.append((start, end))
    return tuple(found)


def _merged(
    team: Team, start: datetime, end: datetime, duty_of: Callable[[Duties], Duty | None]
) -> Iterator[Shift]:
    last: Shift | None = None
    for shift in _walk(team, start, end, duty_of):
        if last is not None and shift == replace(last, start=last.end, end=shift.end):
            last = replace(last, end=shift.end)
            continue
        if last is not None:
            yield last
        last = shift
    if last is not None:
        yield last


def _walk(
    team: Team, start: datetime, end: datetime, duty_of: Callable[[Duties], Duty | None]
) -> Iterator[Shift]:
    """Yield a shift from change to change."""
    if start >= end:
        return
    duties = Duties(team, start)
    while start < end:
        duties.move_to(start)
        until = min(duties.until, end)
        duty = duty_of(duties)
        if duty is not None:
            agents = tuple(name for name, _ in duty.agents)
            chains = dict.fromkeys(override.id for _, chain in duty.agents for override in chain)
            yield Shift(start, until, team.id, duty.layer, duty.kind, agents, tuple(chains))
        start = until
