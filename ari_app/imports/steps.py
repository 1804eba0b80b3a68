"""How schedules and the policies that name them become teams."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .model import Imported, Step, Team


@dataclass(frozen=True, slots=True)
class Policy:
    """An escalation policy: its rules in order, each with schedules by key and agents by id."""

    name: str
    note: str
    rules: list[tuple[list[str], list[str]]]
    rounds: int = 1


def attach(imported: Imported, schedules: dict[str, Team], policies: list[Policy]) -> None:
    """Give policies to teams: to that of the first schedule if no other names it, else to one of its own.

    `schedules` are the teams of schedules by the export's key.
    """
    named = Counter(key for policy in policies for key in {key for keys, _ in policy.rules for key in keys})
    for policy in policies:
        first = next((keys[0] for keys, agents in policy.rules if keys), None)
        own = schedules[first] if first is not None and named[first] == 1 else None
        if own is not None:
            own.note = f"{own.note}, {policy.note}"
            team = own
        else:
            zones = Counter(each.timezone for each in schedules.values())
            zone = schedules[first].timezone if first else zones.most_common(1)[0][0] if zones else "UTC"
            team = imported.team(policy.name, policy.note, zone)
        on_call, team.steps = team.steps or [Step()], []
        for keys, agents in policy.rules:
            for key in dict.fromkeys(keys):
                team.steps += on_call if schedules[key] is own else [Step(team=schedules[key].id)]
            if agents:
                team.steps.append(Step(agents=tuple(dict.fromkeys(agents)), together=len(agents) > 1))
            if len(keys) + bool(agents) > 1:
                imported.lose(
                    policy.note,
                    "several targets of one rule, which were told together",
                    "a step rings one layer, one team or named agents",
                    "leave them one after the other, or name the agents in one `simultaneous` step",
                )
        team.rounds = min(policy.rounds, 10)
        if policy.rounds > 10:
            imported.lose(
                policy.note,
                f"{policy.rounds} rounds",
                "ten at most: somebody is waiting",
                "leave `rounds: 10`",
            )
        if not team.steps:
            imported.teams.remove(team)
            imported.lose(policy.note, "the whole policy", "it rings nobody", "leave it out")
    for team in schedules.values():
        team.steps = team.steps or [Step()]
    if policies:
        imported.lose(
            "escalation",
            "the minutes between one rule and the next",
            "those are for alerts; here a caller waits, and each agent is rung for 25 seconds",
            "write `for:` on a step that is to ring longer, 5 minutes at most",
        )


def rung_each(imported: Imported, team: Team, where: str) -> None:
    """Let steps ring each layer of a team, where several that overlap were on call together."""
    imported.lose(
        where,
        f"layers that are on call together: {', '.join(layer.id for layer in team.layers)}",
        "of layers the last that has someone wins",
        "leave the steps, which ring one layer after the other; or list people together in `members`",
    )
    team.steps = [Step(layer=layer.id) for layer in team.layers]
