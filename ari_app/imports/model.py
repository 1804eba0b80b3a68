"""What every export becomes before it is written: people, teams with layers and steps, what is lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

LONGEST_ID = 40
YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "nan"})
"""What YAML 1.1 or 1.2, or a program that reads it, may take for something else than text."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Something in an export that has no equivalent: where it is, what, why, and what to do about it."""

    where: str
    what: str
    why: str
    remedy: str


@dataclass(slots=True)
class Person:
    """Somebody who is rung. `key` is the id in the export, `id` the one in YAML; `note` is for the admin."""

    key: str
    id: str
    name: str
    mails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """When in the week: days on which it starts (Monday is 0), minutes after midnight; equal: 24 hours."""

    days: tuple[int, ...]
    start: int
    end: int


@dataclass(slots=True)
class Layer:
    """A layer of a roster. Times are what a clock on the wall shows where the team is.

    With a `calendar`, a file's name, that says who is on call; `members` are all whom it names.
    """

    id: str
    members: list[list[str]]
    anchor: datetime | None = None
    every: tuple[int, str] | None = None
    windows: list[Window] = field(default_factory=list)
    start: datetime | None = None
    end: datetime | None = None
    note: str = ""
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in for somebody."""

    id: str
    start: datetime
    end: datetime
    replace: str
    stand_in: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an escalation: those on call (in a layer), agents by id, or another team's steps."""

    agents: tuple[str, ...] = ()
    layer: str = ""
    team: str = ""
    together: bool = False


@dataclass(slots=True)
class Team:
    """A team's file to be."""

    id: str
    note: str
    timezone: str
    layers: list[Layer] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    rounds: int = 1


class Ids:
    """Gives each name an id that rosters take: letters, digits and `-`, each once, read as text by YAML."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str, fallback: str) -> str:
        """Return an id like a name."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        wanted = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].rstrip("-") or fallback
        if wanted in YAML_WORDS:  # Ms. Null, Mr. No
            wanted = f"{fallback}-{wanted}"
        found, number = wanted, 2
        while found in self._taken:
            found = f"{wanted[: LONGEST_ID - 5]}-{number}"
            number += 1
        self._taken.add(found)
        return found


@dataclass(slots=True)
class Imported:
    """An export, understood."""

    source: str
    people: dict[str, Person] = field(default_factory=dict)  # by the export's key
    teams: list[Team] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  # beside the YAML, by name
    _people_ids: Ids = field(default_factory=Ids)
    _team_ids: Ids = field(default_factory=Ids)

    def lose(self, where: str, what: str, why: str, remedy: str) -> None:
        """Note what has no equivalent."""
        item = Lost(where, what, why, remedy)
        if item not in self.lost:
            self.lost.append(item)

    def person(
        self, key: str, name: str = "", mails: Iterable[str] = (), phones: Iterable[str] = (), note: str = ""
    ) -> str:
        """Return the id of somebody, who is known from now on."""
        known = self.people.get(key)
        if known is None:
            shown = name or next(iter(mails), "") or key
            known = Person(key, self._people_ids.of(shown.partition("@")[0], "agent"), shown, note=note)
            self.people[key] = known
        known.mails += [mail for mail in mails if mail and mail not in known.mails]
        known.phones += [phone for phone in phones if phone not in known.phones]
        return known.id

    def nobody(self, where: str) -> str:
        """Return the id of an agent who stands for nobody: rosters have no turn that is empty."""
        self.lose(
            where,
            "a turn in which nobody is on call",
            "every turn of a rotation is somebody's",
            "give the turn of the agent `nobody` to somebody, wherever the file names it",
        )
        return self.person("(nobody)", "nobody", note=f"a turn of nobody in {self.source}: name somebody")

    def team(self, name: str, note: str, timezone: str) -> Team:
        """Return a new team."""
        team = Team(self._team_ids.of(name, "team"), note, timezone)
        self.teams.append(team)
        return team

    def used_people(self) -> list[Person]:
        """Return those whom teams name, in the order of their ids."""
        named = {
            name for team in self.teams for layer in team.layers for group in layer.members for name in group
        }
        named |= {name for team in self.teams for step in team.steps for name in step.agents}
        named |= {
            name for team in self.teams for each in team.overrides for name in (each.replace, each.stand_in)
        }
        by_id = {each.id: each for each in self.people.values()}
        return [by_id[name] for name in sorted(named)]
