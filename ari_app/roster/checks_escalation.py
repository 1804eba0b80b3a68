"""What must hold of steps that take another team's, and of the conditions on steps."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import TopologicalSorter

from ..core.findings import Finding
from ..core.suggest import nearest, one_of
from .files import RosterFiles
from .schema import TargetTeamEntry
from .step_schema import TeamStepEntry

MOST_STEPS = 100
"""Steps of an escalation, with those that it takes from other teams: more would ring for an hour."""

_Steps = dict[str, list[tuple[int, str]]]
"""For each team, the steps that take another team's: their indexes, and which team."""


def steps_name_teams(files: RosterFiles) -> Iterator[Finding]:
    """Find steps of unknown teams, steps that lead back to their own team, and endless escalations."""
    if any(finding.severity == "error" for finding in files.findings):
        return  # the team may be in a file with mistakes
    sources = {source.file.team: source for source in files.teams}
    steps: _Steps = {
        name: [
            (index, step.team)
            for index, step in enumerate(source.file.escalation)
            if isinstance(step, TeamStepEntry)
        ]
        for name, source in sources.items()
    }
    lengths = {name: len(source.file.escalation) for name, source in sources.items()}
    circular = set[str]()
    for name, taken in steps.items():
        for index, other in taken:
            place = ("escalation", index, "team")
            if other not in sources:
                near = nearest(other, sources)
                yield sources[name].document.finding(
                    place,
                    f"the team `{other}` is unknown",
                    expected=one_of(sorted(sources)),
                    remedy=f"did you mean `{near}`?" if near else "name one of them, or remove the step",
                )
            elif name in _reached(other, steps):
                circular.add(name)
                yield sources[name].document.finding(
                    place,
                    f"the step leads back to the team `{name}`",
                    found=f"`{other}`, which rings `{name}` again",
                    expected="teams that do not take each other's steps in a circle",
                    remedy="remove the step here, or the one that leads back",
                )
    for source in files.teams:
        for digit, to in (source.file.transfer or {}).items():
            if isinstance(to, TargetTeamEntry) and to.team not in sources:
                near = nearest(to.team, sources)
                yield source.document.finding(
                    ("transfer", digit, "team"),
                    f"the team `{to.team}` is unknown",
                    expected=one_of(sorted(sources)),
                    remedy=f"did you mean `{near}`?" if near else "name one of them, or an agent",
                )
    for name, length in _lengths(steps, lengths) if not circular else ():
        if length > MOST_STEPS and name in sources:
            yield sources[name].document.finding(
                ("escalation",),
                "the escalation is too long",
                found=f"{length} steps, with those of other teams",
                expected=f"{MOST_STEPS} at most",
                remedy="take fewer teams' steps",
            )


def conditions_name_reasons(files: RosterFiles) -> Iterator[Finding]:
    """Find conditions on a reason that no team answers for."""
    if any(finding.severity == "error" for finding in files.findings):
        return  # a team with mistakes may answer for it
    known = {reason for source in files.teams for reason in source.file.reasons}
    for source in files.teams:
        for index, step in enumerate(source.file.escalation):
            when = step.when if step != "voicemail" else None
            for place, reason in enumerate((when.reason or ()) if when is not None else ()):
                if reason not in known:
                    near = nearest(reason, known)
                    yield source.document.finding(
                        ("escalation", index, "when", "reason", place),
                        f"no team answers for the reason `{reason}`",
                        found=f"`{reason}`",
                        expected=f"a reason of a roster: {one_of(sorted(known)) or 'they have none'}",
                        remedy=f"did you mean `{near}`?" if near else "add it to the `reasons` of a team",
                    )


def _reached(team: str, steps: _Steps) -> set[str]:
    """Return every team whose steps are rung with those of `team`, itself included."""
    reached, coming = set[str](), [team]
    while coming:
        name = coming.pop()
        if name not in reached:
            reached.add(name)
            coming += (other for _, other in steps.get(name, ()))
    return reached


def _lengths(steps: _Steps, own: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Yield how many steps the escalation of each team has, with those that it takes; there is no circle."""
    known: dict[str, int] = {}
    graph = {name: [other for _, other in taken] for name, taken in steps.items()}
    for name in TopologicalSorter(graph).static_order():
        known[name] = own.get(name, 0) + sum(known[other] for _, other in steps.get(name, ()))
        yield name, known[name]
