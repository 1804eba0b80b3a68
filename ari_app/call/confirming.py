"""Agents who are rung by the line itself, to know that they can be reached: no caller waits.

A duty call and a drill ring a phone as a call would; whoever picks up says with a key that they are there,
so that a voicemail box never does. What happens is no call's: `Attempt`s tell it. Callers come first: a call
that is about to ring an agent ends what rings them here (`UnderWay.give_way`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ..core.ids import new_call_id
from ..core.prompt import Prompt
from ..core.settings import Settings, safe_number
from ..flow.book import FlowBook
from ..flow.words import Word
from ..records.facts import Fact, LegAnswered, LegEnded, LegResult, LegStarted
from ..roster.plan import Agent, OnCallAgent
from .desk import Call, Desk
from .endpoints import known_state
from .leg import Leg
from .race import Race
from .story import Story


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent of a team hears who picks up; they answer with a key."""

    team: str
    flows: FlowBook
    said: Prompt | Word

    def shown(self) -> str:
        """Return what their phone shows as the caller's name."""
        return f"Astreinte {self.team}"

    def prompts(self, language: str, now: float) -> list[Prompt]:
        """Return what is said in a language, at any time."""
        first = self.flows.line_prompt(self.said, language) if isinstance(self.said, Word) else self.said
        return [first, self.flows.line_prompt(Word.DUTY_KEYS, language)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went with a phone that was rung `at` an instant; how long until it was answered, and over."""

    id: str
    agent: str
    endpoint: str
    at: datetime
    result: LegResult
    seconds: float
    answered_after: float | None = None
    cause: int | None = None
    sip_code: int | None = None

    @property
    def confirmed(self) -> bool:
        """Whether a human said that they are there."""
        return self.result is LegResult.ACCEPTED


@dataclass
class _Attempts:
    """Hears what happens to the legs, and makes attempts of it."""

    done: list[Attempt] = field(default_factory=list)
    _started: dict[str, tuple[LegStarted, datetime, float]] = field(default_factory=dict)
    _answered: dict[str, float] = field(default_factory=dict)

    def put(self, fact: Fact) -> None:
        """Hear of a fact."""
        now = asyncio.get_running_loop().time()
        if isinstance(fact, LegStarted):
            self._started[fact.leg] = fact, datetime.now(UTC), now
        elif isinstance(fact, LegAnswered):
            self._answered[fact.leg] = now
        elif isinstance(fact, LegEnded):
            started, at, since = self._started[fact.leg]
            answered = self._answered.get(fact.leg)
            self.done.append(
                Attempt(
                    fact.leg,
                    started.agent,
                    started.endpoint,
                    at,
                    fact.result,
                    now - since,
                    None if answered is None else answered - since,
                    fact.cause,
                    fact.tech_cause,
                )
            )


async def ask(desk: Desk, agent: Agent, question: Question, seconds: float) -> list[Attempt]:
    """Ring the phones of an agent, each when its `after` has come, for `seconds` at most in all.

    Return how it went with each: `cancelled` if it gave way to a caller, `skipped` if Asterisk knows that the
    phone cannot be reached.
    """
    attempts = _Attempts()
    await desk.under_way.run(agent.id, _ring(desk, agent, question, seconds, attempts))
    return attempts.done


def is_in_call(desk: Desk, agent: Agent) -> bool:
    """Tell whether an agent is on the phone, whoever with, or about to be: it rings."""
    states = [known_state(phone, desk) for phone in agent.phones]
    on_the_phone = any(state.in_use or state.ringing for state in states)
    return on_the_phone or desk.engaged.is_rung(agent.id) or desk.engaged.elsewhere(agent.id, "")


def language_of(agent: Agent, flows: FlowBook) -> str:
    """Return the language in which the line speaks to an agent whom nobody calls."""
    return next((each for each in agent.languages if each in flows.languages), flows.languages[0])


async def _ring(
    desk: Desk,
    agent: Agent,
    question: Question,
    seconds: float,
    attempts: _Attempts,
) -> None:
    call_id = new_call_id()
    story = Story(call_id, attempts)
    call = Call(call_id, "", "", _own_number(desk.settings), desk, story)
    whoever = OnCallAgent(replace(agent, busy="skip"), question.team)
    legs = [Leg(call, whoever, replace(phone, accept="key"), step=0) for phone in agent.phones]
    language = language_of(agent, desk.flows)

    async def offer(leg: Leg, left: float) -> LegResult:
        return await leg.offer(left, whisper=question, language=language)

    rung = []
    for leg, phone in zip(legs, agent.phones, strict=True):
        if known_state(phone, desk).unreachable:
            leg.skip()
        else:
            rung.append(leg)
    with desk.under_way.known(call_id):
        try:
            if taken := await Race([rung], offer).run(seconds):
                taken.release(LegResult.ACCEPTED, last_word=Word.DUTY_CONFIRMED)
        finally:
            for leg in legs:
                leg.release(LegResult.CANCELLED)
            await call.settle()


def _own_number(settings: Settings) -> str | None:
    """Return a number of the line's, so that agents see who rings them; None if no setting says one."""
    return next((line for line in settings.lines if safe_number(line)), None)
