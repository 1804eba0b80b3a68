"""What must hold across the roster files: one rule a function, every finding in one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from ..core.documents import Document, Loc
from ..core.durations import format_duration
from ..core.findings import Finding
from ..core.numbers import nobodys_number
from ..core.suggest import nearest
from .calendar import wall_time
from .calendars import name_nobody
from .checks_days import days_are_known
from .checks_escalation import conditions_name_reasons, steps_name_teams
from .files import RosterFiles, TeamSource
from .schema import OverrideEntry
from .step_schema import RingEntry

Rule = Callable[[RosterFiles], Iterator[Finding]]
A_YEAR = timedelta(days=366)


def check(files: RosterFiles) -> list[Finding]:
    """Return what every rule finds."""
    return [finding for rule in RULES for finding in rule(files)]


def check_at(files: RosterFiles, at: datetime) -> Iterator[Finding]:
    """Warn of layers that have nobody for good, or nobody yet, at an instant."""
    for source in files.teams:
        now = wall_time(at, source.file.timezone)
        for index, layer in enumerate(source.file.layers):
            until = layer.effective.until
            anchor = layer.rotation.anchor if layer.rotation is not None else None
            if until is not None and until <= now:
                yield source.document.finding(
                    ("layers", index, "effective", "until"),
                    f"the layer `{layer.id}` is over",
                    found=f"until {until:%Y-%m-%d %H:%M}",
                    expected=f"an instant after now, {now:%Y-%m-%d %H:%M}",
                    remedy="remove the layer, or give it a later end",
                    severity="warning",
                )
            if anchor is not None and anchor > now:
                yield source.document.finding(
                    ("layers", index, "rotation", "anchor"),
                    f"the layer `{layer.id}` has nobody before its first handoff",
                    found=f"{anchor:%Y-%m-%d %H:%M}",
                    expected=f"an instant before now, {now:%Y-%m-%d %H:%M}, if it is to be in force",
                    remedy="leave it if that is meant; else write an earlier handoff",
                    severity="warning",
                )
        for duty in files.duties().get(source.file.team, {}).values():
            for year in (at, at + A_YEAR):
                duty.at(year)  # worked out now rather than during a call
        named = files.named_events().get(source.file.team, {})
        yield from name_nobody(source.document, source.file, named, at)


def _team_ids_are_unique(files: RosterFiles) -> Iterator[Finding]:
    yield from _unique(((source.document, ("team",), source.file.team) for source in files.teams), "team")


def _agent_ids_are_unique(files: RosterFiles) -> Iterator[Finding]:
    yield from _unique(((agent.document, agent.loc, agent.id) for agent in files.agents), "agent", key=True)


def _layer_ids_are_unique(files: RosterFiles) -> Iterator[Finding]:
    for source in files.teams:
        layers = enumerate(source.file.layers)
        yield from _unique(((source.document, ("layers", i, "id"), layer.id) for i, layer in layers), "layer")


def _override_ids_are_unique(files: RosterFiles) -> Iterator[Finding]:
    for source in files.teams:
        overrides = enumerate(source.file.overrides)
        yield from _unique(
            ((source.document, ("overrides", i, "id"), o.id) for i, o in overrides), "override"
        )


def _reasons_have_one_team(files: RosterFiles) -> Iterator[Finding]:
    yield from _unique(
        (
            (source.document, ("reasons", index), reason)
            for source in files.teams
            for index, reason in enumerate(source.file.reasons)
        ),
        "reason",
        remedy="remove it from one of the two: a reason has one team",
    )


def _unique(
    things: Iterable[tuple[Document, Loc, str]],
    kind: str,
    *,
    key: bool = False,
    remedy: str = "give one of the two another name, or remove it",
) -> Iterator[Finding]:
    first: dict[str, tuple[Document, Loc]] = {}
    for document, loc, name in things:
        if name not in first:
            first[name] = (document, loc)
            continue
        other, where = first[name]
        line, column = other.position(where, key=key)
        yield document.finding(
            loc,
            f"the {kind} `{name}` is there twice",
            found=f"`{name}` again",
            expected=f"each {kind} once; the first is at {other.path.name}:{line}:{column}",
            remedy=remedy,
            key=key,
        )


def _names_of_agents_are_known(files: RosterFiles) -> Iterator[Finding]:
    if not files.all_names_known:
        return  # a name may be defined in a file that cannot be read: one mistake, not hundreds
    known = files.agent_entries().keys() | files.names_elsewhere
    near_names = sorted(known)[:500]  # more of them take too long to compare
    for source in files.teams:
        for loc, name in _agents_named(source):
            if name not in known:
                near = nearest(name, source.file.agents) or nearest(name, near_names)
                yield source.document.finding(
                    loc,
                    f"the agent `{name}` is unknown",
                    found=f"`{name}`",
                    expected="an agent of this file, or of another file of the folder",
                    remedy=f"did you mean `{near}`?" if near else f"add `{name}` under `agents`",
                )


def _agents_named(source: TeamSource) -> Iterator[tuple[Loc, str]]:
    for i, layer in enumerate(source.file.layers):
        for way, _, groups in layer.rotation.versions() if layer.rotation is not None else ():
            for j, group in enumerate(groups):
                for k, name in enumerate(group):
                    yield ("layers", i, "rotation", *way, j, k), name
    for i, override in enumerate(source.file.overrides):
        yield ("overrides", i, "replace"), override.replace
        yield ("overrides", i, "with"), override.with_
    for i, step in enumerate(source.file.escalation):
        if isinstance(step, RingEntry) and step.ring != "on-call":
            for j, name in enumerate(step.ring):
                yield ("escalation", i, "ring", j), name
    for digit, to in (source.file.transfer or {}).items():
        if isinstance(to, str):
            yield ("transfer", digit), to


def _agents_needed(files: RosterFiles, source: TeamSource) -> Iterator[str]:
    """Yield those whom the file names, and those whom its calendars name."""
    yield from (name for _, name in _agents_named(source))
    for events in files.named_events().get(source.file.team, {}).values():
        yield from (name for event in events for name in event.agents)


def _agents_are_of_use(files: RosterFiles) -> Iterator[Finding]:
    if any(finding.severity == "error" for finding in files.findings):
        return  # a team that could not be read may need them
    needed = {name for source in files.teams for name in _agents_needed(files, source)}
    for agent in files.agents:
        if agent.id not in needed:
            yield agent.document.finding(
                agent.loc,
                f"the agent `{agent.id}` is never on call",
                found="no layer, override or step that names it",
                expected="an agent that a team rings",
                remedy="add it to the `members` of a layer, or remove it",
                key=True,
                severity="warning",
            )


def _phones_have_time_to_ring(files: RosterFiles) -> Iterator[Finding]:
    entries = {agent.id: agent for agent in files.agents}
    longest: dict[str, float] = defaultdict(float)
    for source in files.teams:
        rings = [step for step in source.file.escalation if isinstance(step, RingEntry)]
        for name in _agents_needed(files, source) if rings else ():
            longest[name] = max(longest[name], *(ring.for_ for ring in rings))
    for name, seconds in longest.items():
        agent = entries.get(name)
        for index, phone in enumerate(agent.entry.phones if agent is not None else ()):
            if agent is not None and phone.after >= seconds:
                yield agent.document.finding(
                    (*agent.loc, "phones", index, "after"),
                    f"this phone of `{name}` never rings",
                    found=f"after {format_duration(phone.after)}",
                    expected=f"less than the longest step that rings `{name}`, {format_duration(seconds)}",
                    remedy="let it ring earlier, or give the step more time (`for`)",
                    severity="warning",
                )


def _numbers_are_somebodys(files: RosterFiles) -> Iterator[Finding]:
    for agent in files.agents:
        for index, phone in enumerate(agent.entry.phones):
            kind = nobodys_number(phone.tel) if phone.tel is not None else None
            if kind is not None:
                yield agent.document.finding(
                    (*agent.loc, "phones", index),
                    f"this number is nobody's: it is {kind}",
                    found=f"`{phone.tel}`",
                    expected="the number of a telephone that somebody picks up",
                    remedy=f"write the number of a telephone of `{agent.id}`",
                    severity="warning",
                )


def _steps_name_layers(files: RosterFiles) -> Iterator[Finding]:
    for source in files.teams:
        layers = [layer.id for layer in source.file.layers]
        for index, step in enumerate(source.file.escalation):
            if isinstance(step, RingEntry) and step.layer is not None and step.layer not in layers:
                near = nearest(step.layer, layers)
                yield source.document.finding(
                    ("escalation", index, "layer"),
                    f"the layer `{step.layer}` is unknown",
                    expected="a layer of this file: " + (", ".join(layers) or "it has none"),
                    remedy=f"did you mean `{near}`?" if near else "name one of them, or remove `layer`",
                )
            elif isinstance(step, RingEntry) and step.ring == "on-call" and not layers:
                yield source.document.finding(
                    ("escalation", index, "ring"),
                    "nobody can be on call",
                    found="`on-call` in a file without layers",
                    expected="layers, or agents by name",
                    remedy="add `layers`, or write `ring: [alice, bruno]`",
                )


def _escalation_ends_well(files: RosterFiles) -> Iterator[Finding]:
    for source in files.teams:
        steps = source.file.escalation
        if all(step == "voicemail" for step in steps):
            yield source.document.finding(
                ("escalation",),
                "the escalation rings nobody",
                found="`voicemail` alone",
                expected="a step that rings somebody first",
                remedy="add `- {ring: on-call, for: 25s}` before it",
            )
        for index, step in enumerate(steps[:-1]):
            if step == "voicemail":
                yield source.document.finding(
                    ("escalation", index),
                    "steps after `voicemail` are never reached",
                    expected="`voicemail` as the last step",
                    remedy="move it to the end, or remove it",
                )


def _overrides_do_not_overlap(files: RosterFiles) -> Iterator[Finding]:
    for source in files.teams:
        lasting: dict[str, tuple[int, OverrideEntry]] = {}  # of those begun, the one that ends last
        for index, override in sorted(enumerate(source.file.overrides), key=lambda each: each[1].from_):
            other_index, other = lasting.get(override.replace, (index, override))
            if override.to >= other.to:
                lasting[override.replace] = (index, override)
            if other_index != index and override.from_ < other.to:
                yield source.document.finding(
                    ("overrides", max(index, other_index), "replace"),
                    f"two overrides replace `{override.replace}` at the same time",
                    found=f"`{other.id}` and `{override.id}`",
                    expected="one at a time; where they overlap, the later in the file wins",
                    remedy="end one before the other begins, or remove one",
                    severity="warning",
                )


RULES: tuple[Rule, ...] = (
    _team_ids_are_unique,
    _agent_ids_are_unique,
    _layer_ids_are_unique,
    _override_ids_are_unique,
    _reasons_have_one_team,
    _names_of_agents_are_known,
    _agents_are_of_use,
    _phones_have_time_to_ring,
    _numbers_are_somebodys,
    _steps_name_layers,
    _escalation_ends_well,
    _overrides_do_not_overlap,
    days_are_known,
    steps_name_teams,
    conditions_name_reasons,
)
