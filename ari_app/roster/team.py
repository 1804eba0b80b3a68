"""One team's roster, ready to be asked: layers, overrides and steps with every name and time resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ..core.public_holidays import public_holidays
from .calendar import ALWAYS, NEVER, Turns, first_instant, last_instant
from .closures import Closures, Dates, Days
from .duty_schema import DutyCallEntry
from .escalation import Condition, Ring
from .fields import DAYS, minutes
from .layer_schema import ClosuresEntry, LayerEntry, RotationEntry, WindowEntry
from .opening import WHOLE_DAYS, Opening, Window
from .plan import Accept, Agent, Busy, DutyCall, HandoffNotice, Kind, Phone, Target
from .rotation import Group, Groups, Rotation, Version
from .schema import AgentEntry, OverrideEntry, TargetTeamEntry, TeamFile
from .served import ServedTurns
from .step_schema import RingEntry, TeamStepEntry, WhenEntry


@dataclass(frozen=True, slots=True)
class Layer:
    """Groups of agents, from `start` until `end`, in the windows of `opening` (None: always)."""

    id: str
    kind: Kind
    opening: Opening | None
    groups: Groups
    start: datetime
    end: datetime

    def on_duty(self, at: datetime) -> tuple[Group, datetime]:
        """Return who is on duty at an instant, and the next instant at which that may change."""
        if at >= self.end:
            return (), NEVER
        if at < self.start:
            return (), self.start
        until = self.end
        if self.opening is not None:
            is_open, change = self.opening.at(at)
            until = min(until, change)
            if not is_open:
                return (), until
        group, change = self.groups.at(at)
        return group, min(until, change)


@dataclass(frozen=True, slots=True)
class Override:
    """`stand_in` is on call for `absent` from `start` until `end`."""

    id: str
    start: datetime
    end: datetime
    absent: str
    stand_in: str


@dataclass(frozen=True, slots=True)
class Team:
    """A team's roster.

    `escalation` is gone through `rounds` times. `agents` are all whom its own steps may ring; `voicemail` is
    the index of that last step. `targets` are those to whom its agents may hand a call over, by key; with
    `wrap_up` they are asked how a call went. `notify` are the names of those who are told of messages, in
    `language`.
    """

    id: str
    timezone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...]
    escalation: tuple[Ring, ...]
    rounds: int
    voicemail: int | None
    agents: Mapping[str, Agent]
    reasons: tuple[str, ...]
    targets: Mapping[str, Target] = field(default_factory=dict)
    wrap_up: bool = False
    notify: tuple[str, ...] = ()
    language: str | None = None
    duty_call: DutyCall | None = None
    handoff_notice: HandoffNotice | None = None


def build_team(
    file: TeamFile, agents: Mapping[str, AgentEntry], calendars: Mapping[str, Groups] | None = None
) -> Team:
    """Return the team that a checked file describes; `agents` holds every agent of all files.

    `calendars` are the groups of those layers, by id, whose file names a calendar instead of a rotation.
    """
    layers = tuple(_layer(layer, file, calendars or {}) for layer in file.layers)
    rings = [
        _ring(index, step, file.timezone) for index, step in enumerate(file.escalation) if step != "voicemail"
    ]
    named = {agent for ring in rings for agent in ring.agents or ()}
    named |= {agent for layer in layers for agent in layer.groups.agents}
    named |= {override.with_ for override in file.overrides}
    built = {name: build_agent(name, agents[name], file.accept, file.busy) for name in sorted(named)}
    notice = file.handoff_notice
    return Team(
        id=file.team,
        timezone=file.timezone.key,
        layers=layers,
        overrides=tuple(_override(override, file) for override in file.overrides),
        escalation=tuple(rings),
        rounds=file.rounds,
        voicemail=file.escalation.index("voicemail") if "voicemail" in file.escalation else None,
        agents=built,
        reasons=file.reasons,
        targets=dict(_targets(file, agents, built)),
        wrap_up=file.wrap_up,
        notify=file.notify,
        language=file.language,
        duty_call=_duty_call(file.duty_call),
        handoff_notice=HandoffNotice(notice.before, notice.to) if notice is not None else None,
    )


def _duty_call(entry: DutyCallEntry | None) -> DutyCall | None:
    if entry is None:
        return None
    return DutyCall(entry.before, entry.within, entry.tries, entry.for_, entry.alert)


def _targets(
    file: TeamFile, agents: Mapping[str, AgentEntry], own: Mapping[str, Agent]
) -> Iterator[tuple[str, Target]]:
    """Yield whom agents may hand a call over to: whom the file names, or the first nine of the team."""
    if file.transfer is None:
        yield from ((str(key), Target(agent)) for key, agent in zip(range(1, 10), own.values(), strict=False))
        return
    for digit, to in file.transfer.items():
        if isinstance(to, TargetTeamEntry):
            yield digit, Target(team=to.team)
        else:
            yield digit, Target(own.get(to) or build_agent(to, agents[to], file.accept, file.busy))


def build_agent(name: str, entry: AgentEntry, accept: Accept, busy: Busy = "skip") -> Agent:
    """Return an agent; `accept` holds for the phones, and `busy` for the agent, that do not say otherwise."""
    phones = tuple(
        Phone(
            uri=f"sip:{phone.sip}" if phone.sip is not None else f"tel:{phone.tel}",
            after=phone.after,
            accept=phone.accept or accept,
        )
        for phone in entry.phones
    )
    zone = entry.timezone.key if entry.timezone is not None else None
    return Agent(name, entry.name or name, entry.languages, phones, zone, entry.busy or busy)


def _layer(entry: LayerEntry, file: TeamFile, calendars: Mapping[str, Groups]) -> Layer:
    zone, effective = file.timezone, entry.effective
    start = first_instant(effective.from_, zone) if effective.from_ is not None else ALWAYS
    opening = _opening(entry.window or (), entry.closures, file)
    rotation = entry.rotation
    return Layer(
        id=entry.id,
        kind=entry.kind,
        opening=opening,
        groups=_rotation(rotation, opening, start, zone) if rotation is not None else calendars[entry.id],
        start=start,
        end=last_instant(effective.until, zone) if effective.until is not None else NEVER,
    )


def _opening(
    windows: Iterable[WindowEntry], closures: ClosuresEntry | None, file: TeamFile
) -> Opening | None:
    weekly = tuple(build_window(window) for window in windows)
    if closures is None:
        return Opening(weekly, file.timezone) if weekly else None
    closed = Closures(_days(closures.only_on or (), file), _days(closures.except_on or (), file))
    return Opening(weekly or (WHOLE_DAYS,), file.timezone, closed)


def _days(named: Sequence[date | str], file: TeamFile) -> tuple[Days, ...]:
    own = {day for day in named if isinstance(day, date)}
    holidays: list[Days] = []
    for name in (each for each in named if isinstance(each, str)):
        if name in file.dates:
            own.update(file.dates[name])
        elif (known := public_holidays(name)) is not None:
            holidays.append(known)
    return (*holidays, Dates(frozenset(day.toordinal() for day in own))) if own else tuple(holidays)


def _rotation(entry: RotationEntry, opening: Opening | None, start: datetime, zone: ZoneInfo) -> Rotation:
    versions = tuple(
        Version(
            first_instant(since, zone) if since is not None else ALWAYS,
            tuple(tuple(dict.fromkeys(group)) for group in groups),
        )
        for _, since, groups in entry.versions()
    )
    if entry.anchor is None or entry.every is None:
        return Rotation(None, versions)
    turns = Turns(entry.anchor, *entry.every.length(), zone)
    if entry.advance == "calendar" or opening is None:  # always there: every turn is served
        return Rotation(turns, versions)
    return Rotation(turns, versions, ServedTurns(turns, opening, start))


def build_window(entry: WindowEntry) -> Window:
    """Return the window that a file describes."""
    days = frozenset(DAYS.index(day) for day in entry.days)
    return Window(days, minutes(entry.from_), minutes(entry.to))


def _override(entry: OverrideEntry, file: TeamFile) -> Override:
    zone = file.timezone
    return Override(
        entry.id, first_instant(entry.from_, zone), last_instant(entry.to, zone), entry.replace, entry.with_
    )


def _ring(index: int, step: RingEntry | TeamStepEntry, zone: ZoneInfo) -> Ring:
    when = _condition(step.when, zone) if step.when is not None else None
    if isinstance(step, TeamStepEntry):
        return Ring(index, f"team {step.team}", team=step.team, when=when)
    agents = None if step.ring == "on-call" else tuple(dict.fromkeys(step.ring))
    label = ", ".join(agents) if agents is not None else f"layer {step.layer}" if step.layer else "on-call"
    return Ring(index, label, agents, step.layer, step.strategy, step.for_, step.rounds, when=when)


def _condition(entry: WhenEntry, zone: ZoneInfo) -> Condition:
    hours = tuple(build_window(window) for window in entry.hours or ())
    return Condition(
        Opening(hours, zone) if hours else None,
        frozenset(entry.reason or ()),
        frozenset(entry.language or ()),
        entry.vip,
    )
