"""What commands about rosters share: reading them, finding the team or the agent that was named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..core.errors import AstreinteError
from ..core.findings import InvalidConfiguration
from ..core.settings import Settings
from ..core.suggest import nearest, one_of
from ..roster.book import RosterBook, load_rosters
from ..service.calendars import KeptFeeds
from .terminal import safe


class UnknownTeam(AstreinteError):
    """There is no team of that name."""

    def __init__(self, name: str, rosters: RosterBook, command: str) -> None:
        meant = rosters.reasons.get(name) or _name_like(name, rosters.teams)
        remedy = f"did you mean `astreinte {command} {meant}`? " if meant else ""
        why = f": it is a reason, and `{meant}` answers for it" if name in rosters.reasons else ""
        super().__init__(
            f"there is no team `{safe(name)}`{why}",
            remedy=f"{remedy}The teams: {one_of(sorted(rosters.teams))}",
        )


class UnknownAgent(AstreinteError):
    """There is no agent of that id."""

    def __init__(self, name: str, rosters: RosterBook) -> None:
        by_name = {agent.name.casefold(): agent.id for agent in rosters.agents.values()}
        like = _name_like(name.casefold(), by_name)
        meant = by_name.get(name.casefold()) or _name_like(name, rosters.agents) or (like and by_name[like])
        remedy = f"did you mean `{meant}`? " if meant else ""
        super().__init__(
            f"there is no agent `{safe(name)}`",
            remedy=f"{remedy}The agents: {one_of(sorted(rosters.agents))}",
        )


def _name_like(name: str, known: Iterable[str]) -> str | None:
    begins = [each for each in sorted(known) if name and each.startswith(name.casefold())]
    return begins[0] if begins else nearest(name, known)


def agent_named(name: str, rosters: RosterBook) -> str:
    """Return the id of the agent of that id, or of that name. Raises `UnknownAgent`."""
    if name in rosters.agents:
        return name
    called = [agent.id for agent in rosters.agents.values() if agent.name.casefold() == name.casefold()]
    if len(called) > 1:
        raise AstreinteError(f"several agents are called {safe(name)}", remedy=f"write {one_of(called)}")
    if not called:
        raise UnknownAgent(name, rosters)
    return called[0]


def read_rosters(folder: Path, settings: Settings) -> RosterBook:
    """Return the rosters of a folder. Raises `InvalidConfiguration` with every error."""
    rosters, findings = load_rosters(folder, feeds=KeptFeeds(settings))
    if rosters is None:
        raise InvalidConfiguration([each for each in findings if each.severity == "error"])
    return rosters


def team_names(rosters: RosterBook, team: str | None, command: str) -> list[str]:
    """Return the team that was named, or every team. Raises `UnknownTeam`."""
    if team is None:
        return sorted(rosters.teams)
    if team not in rosters.teams:
        raise UnknownTeam(team, rosters, command)
    return [team]
