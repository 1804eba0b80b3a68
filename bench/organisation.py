"""Rosters of a large organisation, as admins would write them: a file for each team."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

TEAMS, AGENTS_A_TEAM = 1000, 10
BUSY_TEAMS, OVERRIDES = 50, 200
"""Teams in which somebody is away all the time, and how often each."""
ANCHOR = date(2026, 1, 5)
"""A Monday."""
FICTIONAL_NUMBERS = 10_000
"""+33 1 99 00 0000 to 9999 are set apart for fiction in France."""

TEAM = """\
team: {team}
timezone: Europe/Paris

agents:
{agents}
layers:
  - id: renfort
    window: {{days: [mon, tue, wed, thu, fri, sat, sun], from: "08:00", to: "22:00"}}
    rotation:
      anchor: {anchor}T12:00
      every: {{days: 1}}
      members: [{backup}]
  - id: jour
    kind: permanence
    window: {{days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}}
    rotation: {{members: [[{day}]]}}
  - id: nuit
    kind: astreinte
    window: {{days: [mon, tue, wed, thu, fri], from: "20:00", to: "08:00"}}
    rotation:
      anchor: {anchor}T08:00
      every: {{weeks: 1}}
      members: [{night}]
  - id: week-end
    kind: astreinte
    window: {{days: [sat, sun], from: "08:00", to: "08:00"}}
    rotation:
      anchor: {anchor}T08:00
      every: {{weeks: 1}}
      members: [{night}]
{overrides}
escalation:
  - {{ring: on-call, strategy: sequential, for: 25s}}
  - {{ring: on-call, layer: renfort, for: 20s}}
  - {{ring: [{day}], strategy: simultaneous, for: 30s}}
  - voicemail

reasons: [{team}-panne]
"""
AGENT = (
    "  {id}: {{name: {name}, languages: [fr, en], "
    'phones: [sip:{id}, {{tel: "+33199{number:06}", after: 15s}}]}}\n'
)
OVERRIDE = (
    "  - {{id: conge-{number}, from: {start}T08:00, to: {end}T08:00, "
    "replace: {absent}, with: {stand_in}, reason: congés}}\n"
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """How large it is; the same one is written every time."""

    teams: int = TEAMS
    agents: int = AGENTS_A_TEAM
    busy: int = BUSY_TEAMS
    overrides: int = OVERRIDES

    def write(self, folder: Path) -> None:
        """Write all files into a folder."""
        chance = random.Random(1)
        for number in range(self.teams):
            text = self._team(number, self.overrides if number < self.busy else 0, chance)
            (folder / f"equipe-{number:04}.yaml").write_text(text, "utf-8")

    def _team(self, number: int, overrides: int, chance: random.Random) -> str:
        agents = [f"a{number:04}-{each}" for each in range(self.agents)]
        first = number * self.agents
        return TEAM.format(
            team=f"equipe-{number:04}",
            anchor=ANCHOR,
            agents="".join(
                AGENT.format(
                    id=agent, name=f"Agent {first + each}", number=(first + each) % FICTIONAL_NUMBERS
                )
                for each, agent in enumerate(agents)
            ),
            backup=", ".join(agents[-3:]),
            day=", ".join(agents[:2]),
            night=", ".join(agents[2:]),
            overrides="overrides:\n" + "".join(_overrides(agents, overrides, chance)) if overrides else "",
        )


def _overrides(agents: list[str], count: int, chance: random.Random) -> list[str]:
    """Return absences of one to five days, spread over two years."""
    lines = []
    for number in range(count):
        absent, stand_in = chance.sample(agents, 2)
        start = ANCHOR + timedelta(days=730 * number // count)
        end = start + timedelta(days=chance.randint(1, 5))
        lines.append(OVERRIDE.format(number=number, start=start, end=end, absent=absent, stand_in=stand_in))
    return lines
