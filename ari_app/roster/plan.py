"""Who is rung for a call, in what order, and why: what the rosters answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["astreinte", "permanence"]
"""Astreinte: at home, only interventions are work. Permanence: the whole slot is working time."""
Strategy = Literal["sequential", "simultaneous", "round-robin", "longest-idle"]
"""Whom a step rings first: in the order written; all at once; who was last rung the longest ago; who last
took a call the longest ago. All but `simultaneous` ring one after the other."""
Accept = Literal["key", "answer"]
"""How an agent takes a call: by pressing 1 (a voicemail box cannot), or by picking up."""
Busy = Literal["skip", "ring"]
"""What becomes of an agent who is in a call when another comes in: left out, or rung all the same."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One way to reach an agent: `sip:alice` (a PJSIP endpoint) or `tel:+33199001234` (E.164, by the trunk).

    `after` is how many seconds the agent has been rung when this phone starts to ring too.
    """

    uri: str
    after: float = 0.0
    accept: Accept = "key"

    @property
    def scheme(self) -> Literal["sip", "tel"]:
        """`sip` or `tel`."""
        return "sip" if self.uri.startswith("sip:") else "tel"

    @property
    def address(self) -> str:
        """The endpoint's name, of letters, digits, `_`, `.` and `-` only, or `+` and digits only."""
        return self.uri[4:]


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who takes calls. `languages` are ISO 639-1 codes; none means that it is not known."""

    id: str
    name: str
    languages: tuple[str, ...]
    phones: tuple[Phone, ...]
    timezone: str | None = None
    """Where they live, to show them their shifts; None: as the team."""
    busy: Busy = "skip"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an agent may hand a call over to: an agent, or else whomever a team rings at that instant."""

    agent: Agent | None = None
    team: str = ""


@dataclass(frozen=True, slots=True)
class DutyCall:
    """How whoever is about to be on call is rung, to know that they can be reached. All in seconds.

    They are rung first `before` their duty begins, `tries` times `within` so long, `ring` at each; then the
    people named by `alert` are told.
    """

    before: float
    within: float
    tries: int
    ring: float
    alert: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandoffNotice:
    """Who is told who is on next, and how many seconds before."""

    before: float
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """When each agent was last rung, and last took a call, by id; those who never were are not there.

    Rosters know of no calls: who asks for a plan tells, and `round-robin` and `longest-idle` order by it. Who
    is `unconfirmed` did not say, when asked, that they can be reached: others are rung before them.
    """

    rung: Mapping[str, datetime]
    taken: Mapping[str, datetime]
    unconfirmed: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OnCallAgent:
    """An agent who is rung in a step, and why: "layer nuit, override noel for alice"."""

    agent: Agent
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation. `index` is its place in the file, from 0; a `voicemail` step ends the plan.

    `seconds` is how long each agent is rung, or all of them at once (`simultaneous`); `rounds` how often the
    step is gone through, one after the other.
    """

    index: int
    label: str
    agents: tuple[OnCallAgent, ...] = ()
    strategy: Strategy = "sequential"
    seconds: float = 0.0
    kind: Literal["ring", "voicemail"] = "ring"
    rounds: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a team's roster says at an instant. Steps with nobody in them are not there.

    `kind` is the kind of duty of those on call, None when no layer has anybody. The same steps hold from `at`
    until `until` (UTC, exclusive), at least. All steps that ring are gone through `rounds` times.
    """

    team: str
    timezone: str
    kind: Kind | None
    at: datetime
    until: datetime
    steps: tuple[Step, ...]
    rounds: int = 1

    @property
    def takes_messages(self) -> bool:
        """Whether who reaches nobody may leave a message."""
        return bool(self.steps) and self.steps[-1].kind == "voicemail"

    def agents(self) -> Iterator[OnCallAgent]:
        """Yield everybody who may be rung, in order, each once."""
        seen = set[str]()
        for step in self.steps:
            for one in step.agents:
                if one.agent.id not in seen:
                    seen.add(one.agent.id)
                    yield one
