"""Who is on call by a calendar: events that name agents, as spans of time."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from .calendar import ALWAYS, NEVER
from .ical import Event
from .schema import AgentEntry
from .spans import Span, merged

_SEPARATORS = re.compile(r"[,;/&+|\n]|\s(?:et|and|und|y|e)\s", re.IGNORECASE)
_PRIORITY = re.compile(r"\s*\[L([0-9]{1,2})\]\s*")


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """An event with the agents that it names, in its order, and the words that name nobody known.

    Where events overlap, those with the highest `priority` count; those of the same are on call together.
    """

    event: Event
    agents: tuple[str, ...]
    unknown: tuple[str, ...]
    priority: int


Names = Mapping[str, str | None]
"""The agent whom each name means, folded; None for a name that two agents have."""


def names_of(agents: Mapping[str, AgentEntry]) -> Names:
    """Return every name by which a calendar may call an agent: id, name, and their `calendar_names`."""
    names: dict[str, str | None] = {}
    for agent, entry in agents.items():
        for name in {_folded(each) for each in (agent, entry.name or agent, *entry.calendar_names)}:
            names[name] = None if names.get(name, agent) != agent else agent
    return names | {
        _folded(agent): agent for agent in agents
    }  # an id is one agent's, whoever has it as a name


def name_events(events: Iterable[Event], names: Names) -> tuple[NamedEvent, ...]:
    """Return the events with the agents that they name.

    The summary counts: one name, or several between commas and the like. If nobody is known there, those who
    are invited and have not declined count.
    """
    return tuple(_named(event, names) for event in events)


def _named(event: Event, names: Names) -> NamedEvent:
    summary, priority = event.summary, 0
    if match := _PRIORITY.match(summary):
        summary, priority = summary[match.end() :], int(match[1])
    whole = names.get(_folded(summary))
    parts = [summary] if whole else [part for part in _SEPARATORS.split(summary) if part.strip()]
    found = [(part.strip(), names.get(_folded(part))) for part in parts]
    agents = [agent for _, agent in found if agent]
    unknown = [part for part, agent in found if not agent]
    if not agents:
        invited = [
            next((agent for name in each if (agent := names.get(_folded(name)))), None)
            for each in event.attendees
        ]
        agents = [agent for agent in invited if agent]
        unknown = [] if agents else unknown or [""]
    return NamedEvent(event, tuple(dict.fromkeys(agents)), tuple(unknown), priority)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split()).removeprefix("@")


class CalendarDuty:
    """Who is on call by the events of a calendar, at any instant. A year is computed when it is asked for."""

    __slots__ = ("_events", "_over", "_years", "agents")

    def __init__(self, events: Iterable[NamedEvent]) -> None:
        self._events = tuple(each for each in events if each.agents)
        self._years: dict[int, tuple[list[datetime], list[tuple[datetime, tuple[str, ...]]]]] = {}
        self._over = max((each.event.over() for each in self._events), default=ALWAYS)
        self.agents = frozenset(agent for each in self._events for agent in each.agents)

    def at(self, at: datetime) -> tuple[tuple[str, ...], datetime]:
        """Return who is on call at an instant, and the next instant at which that may change."""
        if at >= self._over:
            return (), NEVER
        agents, until = self._span(at)
        if (until.month, until.day, until.hour) == (1, 1, 0):  # it may go on in the next year
            then, later = self._span(until)
            until = later if then == agents else until
        return agents, until

    def _span(self, at: datetime) -> tuple[tuple[str, ...], datetime]:
        year = at.astimezone(UTC).year
        if year not in self._years:
            self._years[year] = self._spans(year)
        starts, spans = self._years[year]
        until, agents = spans[bisect_right(starts, at) - 1]
        return agents, until

    def _spans(self, year: int) -> tuple[list[datetime], list[tuple[datetime, tuple[str, ...]]]]:
        """Return spans that fill a year, each with its end and with those on call."""
        first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        on_call = _by_agent(self._events, first, last)
        changes = sorted({first, last, *(at for spans in on_call.values() for span in spans for at in span)})
        changes = [at for at in changes if first <= at <= last]
        on: dict[datetime, list[_Key]] = defaultdict(list)
        off: dict[datetime, list[_Key]] = defaultdict(list)
        for key, spans in on_call.items():
            for start, end in spans:
                on[max(start, first)].append(key)
                off[min(end, last)].append(key)
        there = set[_Key]()
        filled = []
        for at, until in pairwise(changes):
            there.difference_update(off[at])
            there.update(on[at])
            filled.append((until, _highest(there)))
        return changes[:-1], filled


_Key = tuple[int, int, str]
"""A person on call: priority of the event, place among those that it names, agent."""


def _by_agent(events: Iterable[NamedEvent], first: datetime, last: datetime) -> dict[_Key, list[Span]]:
    """Return when each is on call in a year, as spans that do not overlap."""
    spans: dict[_Key, list[Span]] = defaultdict(list)
    for each in events:
        for span in each.event.occurrences(first, last):
            for place, agent in enumerate(each.agents):
                spans[each.priority, place, agent].append(span)
    return {key: merged(each) for key, each in spans.items()}


def _highest(there: set[_Key]) -> tuple[str, ...]:
    """Return those of the highest priority: the first that their events name, then the next; by id."""
    top = max((priority for priority, _, _ in there), default=0)
    return tuple(dict.fromkeys(agent for _, _, agent in sorted(key for key in there if key[0] == top)))
