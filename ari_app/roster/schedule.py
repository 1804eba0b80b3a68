"""The schedule: who is on call from when until when, as the resolver that routes calls sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from .duty import Duties, Duty
from .plan import Kind
from .team import Team

_DutyAt = Callable[[Duties, datetime], tuple[Duty | None, datetime]]
"""Returns who is on duty at an instant, and until when that does not change."""


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
    return tuple(_merged(team, start, end, Duties.serving_at))


def expand_layer(team: Team, layer: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Return the schedule of one layer by itself: what `ring: on-call` with that `layer` rings."""
    return tuple(_merged(team, start, end, lambda duties, at: duties.of_at(layer, at)))


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


def _merged(team: Team, start: datetime, end: datetime, duty_at: _DutyAt) -> Iterator[Shift]:
    """Yield a shift for each stretch of time in which the same people are on call."""
    last: tuple[datetime, _Who] | None = None
    duties = Duties(team, start)
    while start < end:
        duty, until = duty_at(duties, start)
        who = _who(duty) if duty is not None else None
        if last is not None and last[1] != who:
            yield _shift(team, last, start)
            last = None
        if last is None and who is not None:
            last = (start, who)
        start = until
    if last is not None:
        yield _shift(team, last, end)


_Who = tuple[str, Kind, tuple[str, ...], tuple[str, ...]]
"""What a shift says beside its times."""


def _who(duty: Duty) -> _Who:
    agents = tuple([name for name, _ in duty.agents])
    chains = dict.fromkeys([override.id for _, chain in duty.agents for override in chain])
    return duty.layer, duty.kind, agents, tuple(chains)


def _shift(team: Team, since: tuple[datetime, _Who], end: datetime) -> Shift:
    start, (layer, kind, agents, overrides) = since
    return Shift(start, end, team.id, layer, kind, agents, overrides)
