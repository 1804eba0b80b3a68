"""Drills: everybody whom a team would ring now is rung, phone by phone, to see who can be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..call.confirming import Attempt, Question, ask, is_in_call
from ..call.desk import Desk
from ..core.errors import AstreinteError
from ..core.ids import new_id
from ..core.logs import get_logger
from ..flow.words import Word
from ..records.facts import LegResult, PhoneTried
from ..records.recorder import Recorder
from ..roster.plan import Plan
from .requests import Answers

log = get_logger(__name__)

Confirmed = Callable[[str, str], None]
"""Takes an agent who said that they can be reached, and by what."""


class WrongReason(AstreinteError):
    """The team does not answer for the reason."""


class Drills:
    """Holds drills in a running line, one after the other phone; callers come first."""

    def __init__(self, desk: Callable[[], Desk], recorder: Recorder, confirmed: Confirmed) -> None:
        self._desk = desk
        self._recorder = recorder
        self._confirmed = confirmed

    async def hold(self, request: Mapping[str, Any]) -> Answers:
        """Ring everybody of `team`, for `reason` if it is given; yield what is about to happen, and what did.

        Raises `AstreinteError` for a team or a reason that there is not.
        """
        team, reason = str(request.get("team")), request.get("reason")
        desk = self._desk()
        plan = _plan(desk, team, str(reason) if reason is not None else None)
        run = new_id()
        log.info("drill.started", team=plan.team, drill=run)
        asked = confirmed = 0
        for on_call in plan.agents():
            agent = on_call.agent
            seconds = next(step.seconds for step in plan.steps if on_call in step.agents)
            reached = False
            left_alone = is_in_call(desk, agent)
            for phone in agent.phones:
                who = {"agent": agent.id, "name": agent.name, "phone": phone.uri, "why": on_call.why}
                if left_alone:
                    yield {**who, "result": "in-call"}
                    continue
                yield {**who, "ringing": seconds}
                asked += 1
                question = Question(plan.team, desk.flows, Word.DUTY_DRILL)
                attempts = await ask(
                    desk, replace(agent, phones=(replace(phone, after=0.0),)), question, seconds
                )
                for attempt in attempts:
                    self._recorder.put_entry(recorded(attempt, run, "drill", plan.team))
                    reached = reached or attempt.confirmed
                    left_alone = attempt.result is LegResult.CANCELLED  # a caller came
                    yield {**who, **_told(attempt)}
            if reached:
                confirmed += 1
                self._confirmed(agent.id, "drill")
        log.info("drill.ended", team=plan.team, drill=run, phones=asked, confirmed=confirmed)
        yield {"team": plan.team, "drill": run, "confirmed": confirmed}


def recorded(attempt: Attempt, run: str, purpose: str, team: str) -> PhoneTried:
    """Return what goes on record of a phone that was rung without a caller."""
    return PhoneTried(
        at=attempt.at,
        id=attempt.id,
        run=run,
        purpose=purpose,
        team=team,
        agent=attempt.agent,
        endpoint=attempt.endpoint,
        answered_seconds=attempt.answered_after,
        seconds=attempt.seconds,
        result=attempt.result,
        cause=attempt.cause,
        tech_cause=attempt.sip_code,
    )


def _told(attempt: Attempt) -> dict[str, Any]:
    return {
        "result": attempt.result.value,
        "seconds": attempt.seconds,
        "answered_after": attempt.answered_after,
        "sip_code": attempt.sip_code,
    }


def _plan(desk: Desk, team: str, reason: str | None) -> Plan:
    rosters = desk.rosters
    if reason is not None and rosters.reasons.get(reason) != team and team in rosters.teams:
        raise WrongReason(
            f"the team `{team}` does not answer for the reason `{reason[:80]}`",
            remedy=f"name one of its reasons: {', '.join(rosters.teams[team].reasons) or 'it has none'}",
        )
    return rosters.plan_for_team(team, datetime.now(UTC), reason=reason, activity=desk.activity)
