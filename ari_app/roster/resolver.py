"""Whom a team rings at an instant, step by step, and why.

Pure: a function of the teams, an instant and what is known of a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from .calendar import ALWAYS
from .duty import Duties
from .escalation import Asked, Condition, Ring
from .plan import Activity, Kind, OnCallAgent, Step, Strategy
from .team import Override, Team

BY_ACTIVITY: frozenset[Strategy] = frozenset({"round-robin", "longest-idle"})
"""The strategies that order by what agents last did."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that somebody is in, for those calls that meet all of its conditions."""

    conditions: tuple[Condition, ...]
    step: Step


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a team's roster says from an instant (`since`) until the answer may change, for every call."""

    kind: Kind | None
    since: datetime
    until: datetime
    offers: tuple[Offer, ...]
    voicemail: tuple[Step, ...]
    timezone: str
    rounds: int
    _reasons: frozenset[str] = field(init=False, repr=False)
    _languages: frozenset[str] = field(init=False, repr=False)
    _vip_matters: bool = field(init=False, repr=False)
    by_activity: bool = field(init=False)
    """Whether a step is ordered by what agents last did."""
    _steps: dict[Asked, tuple[Step, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note which facts of a call make a difference, so that answers are kept for these alone."""
        conditions = [condition for offer in self.offers for condition in offer.conditions]
        speakers = (one.agent for offer in self.offers for one in offer.step.agents)
        asked = frozenset[str]().union(*(condition.languages for condition in conditions))
        spoken = {language for agent in speakers for language in agent.languages}
        object.__setattr__(self, "_reasons", frozenset[str]().union(*(each.reasons for each in conditions)))
        object.__setattr__(self, "_languages", asked | spoken)
        steps = (offer.step for offer in self.offers)
        object.__setattr__(self, "by_activity", any(step.strategy in BY_ACTIVITY for step in steps))
        object.__setattr__(self, "_vip_matters", any(each.vip is not None for each in conditions))

    def steps(self, reason: str | None, language: str | None, *, vip: bool) -> tuple[Step, ...]:
        """Return the steps for a call; within each, those who speak its language come first."""
        asked = Asked(
            reason if reason in self._reasons else None,
            language if language in self._languages else None,
            vip and self._vip_matters,
        )
        steps = self._steps.get(asked)
        if steps is None:
            offered = (
                offer.step for offer in self.offers if all(each.is_met_by(asked) for each in offer.conditions)
            )
            steps = (*(_preferring(step, asked.language) for step in offered), *self.voicemail)
            self._steps[asked] = steps
        return steps


def resolve(team: Team, at: datetime, teams: Mapping[str, Team]) -> Resolution:
    """Return whom a team rings at an instant (UTC), without the steps that have nobody in them.

    `teams` are those whose steps it may take, by id. They do not take each other's in a circle.
    """
    duties = Duties(team, at)
    offers, until = _offers(team, duties, at, teams, ())
    serving = duties.serving()
    voicemail = () if team.voicemail is None else (Step(team.voicemail, "voicemail", kind="voicemail"),)
    kind = serving.kind if serving is not None else None
    return Resolution(kind, at, until, tuple(offers), voicemail, team.timezone, team.rounds)


def in_turn(steps: tuple[Step, ...], language: str | None, activity: Activity) -> tuple[Step, ...]:
    """Return the steps with those of `round-robin` and `longest-idle` ordered by what agents last did.

    Those who speak the call's language still come first.
    """
    return tuple(_preferring(_by_activity(step, activity), language) for step in steps)


def _offers(
    team: Team, duties: Duties, at: datetime, teams: Mapping[str, Team], outer: tuple[Condition, ...]
) -> tuple[list[Offer], datetime]:
    """Return the steps that somebody is in, under conditions besides their own, and until when that holds."""
    offers: list[Offer] = []
    until = duties.until
    for ring in team.escalation:
        conditions = outer if ring.when is None else (*outer, ring.when)
        if ring.when is not None and ring.when.hours is not None:
            is_open, change = ring.when.hours.at(at)
            until = min(until, change)
            if not is_open:
                continue
        if ring.team is not None:
            other = teams[ring.team]
            theirs, change = _offers(other, Duties(other, at), at, teams, conditions)
            until = min(until, change)
            offers += (Offer(offer.conditions, _taken_over(offer.step, ring)) for offer in theirs)
        elif (step := _step(team, ring, duties)).agents:
            offers.append(Offer(conditions, step))
    return offers, until


def _step(team: Team, ring: Ring, duties: Duties) -> Step:
    on_call: list[OnCallAgent] = []
    if ring.agents is not None:
        on_call = [OnCallAgent(team.agents[name], "named in the escalation") for name in ring.agents]
    elif (duty := duties.serving() if ring.layer is None else duties.of(ring.layer)) is not None:
        on_call = [
            OnCallAgent(team.agents[name], f"layer {duty.layer}{_why(chain)}") for name, chain in duty.agents
        ]
    return Step(ring.index, ring.label, tuple(on_call), ring.strategy, ring.seconds, rounds=ring.rounds)


def _why(chain: Iterable[Override]) -> str:
    return "".join(f", override {override.id} for {override.absent}" for override in chain)


def _taken_over(step: Step, ring: Ring) -> Step:
    """Return another team's step as one of the step that names the team."""
    agents = tuple(OnCallAgent(one.agent, f"{ring.label}, {one.why}") for one in step.agents)
    return replace(step, index=ring.index, label=f"{ring.label}, {step.label}", agents=agents)


def _preferring(step: Step, language: str | None) -> Step:
    """Return a step with those first who speak a language: preferred, never required."""
    if language is None or len(step.agents) < 2:
        return step
    agents = sorted(step.agents, key=lambda one: language not in one.agent.languages)
    return replace(step, agents=tuple(agents))


def _by_activity(step: Step, activity: Activity) -> Step:
    if step.strategy not in BY_ACTIVITY or len(step.agents) < 2:
        return step
    last = activity.rung if step.strategy == "round-robin" else activity.taken
    agents = sorted(step.agents, key=lambda one: last.get(one.agent.id, ALWAYS))
    return replace(step, agents=tuple(agents))
