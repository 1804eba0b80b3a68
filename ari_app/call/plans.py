"""Whom a call rings: the plan of a reason, of a team, or of a fixed number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from ..flow.phone import Destination, ToNumber, ToTeam
from ..roster.book import RosterBook
from ..roster.calendar import NEVER
from ..roster.plan import Activity, Agent, OnCallAgent, Phone, Plan, Step, Target
from .desk import Desk

TRANSFER = "transfer"
"""What the records say instead of a team when a flow rings a number; and a step with somebody asked for."""


def plan_for(
    rosters: RosterBook,
    at: datetime,
    reason: str,
    language: str,
    to: Destination | None = None,
    *,
    vip: bool = False,
    activity: Activity | None = None,
) -> Plan:
    """Return whom to ring at an instant: for a reason, or wherever a flow transfers the call to."""
    match to:
        case None:
            return rosters.plan(reason, at, language, vip=vip, activity=activity)
        case ToTeam(team):
            return rosters.plan_for_team(team, at, language, reason=reason, vip=vip, activity=activity)
        case ToNumber():
            return _plan_of_number(to, at)


def plan_for_target(desk: Desk, plan: Plan, target: Target, reason: str, there: Collection[str]) -> Plan:
    """Return whom to ring for an agent who asks for somebody else, in a call that came by `plan`.

    Those who are in the call already, by id, are left out.
    """
    if target.agent is not None:
        steps = _one_step(target.agent, desk)
        wanted = replace(plan, steps=steps, rounds=1)
    else:
        at = datetime.now(UTC)
        wanted = desk.rosters.plan_for_team(target.team, at, reason=reason, activity=desk.activity)
    left = (
        replace(step, agents=tuple(one for one in step.agents if one.agent.id not in there))
        for step in wanted.steps
    )
    return replace(wanted, steps=tuple(step for step in left if step.agents))


def plan_again(desk: Desk, plan: Plan, agent: Agent) -> Plan:
    """Return a plan that rings an agent once more who had the call, came it by `plan`."""
    return replace(plan, steps=_one_step(agent, desk), rounds=1)


def _one_step(agent: Agent, desk: Desk) -> tuple[Step, ...]:
    return (Step(0, TRANSFER, (OnCallAgent(agent, TRANSFER),), seconds=desk.settings.keys.ring_seconds),)


def team_of(rosters: RosterBook, reason: str, to: Destination | None) -> str | None:
    """Return the team whose people such a call rings, None for none."""
    match to:
        case None:
            return rosters.reasons.get(reason)
        case ToTeam(team):
            return team
        case ToNumber():
            return None


def _plan_of_number(to: ToNumber, at: datetime) -> Plan:
    phone = Phone(f"tel:{to.number}", accept="answer")
    whoever = Agent(to.number, to.number, languages=(), phones=(phone,))
    step = Step(0, TRANSFER, (OnCallAgent(whoever, TRANSFER),), seconds=to.seconds)
    return Plan(TRANSFER, "UTC", None, at, NEVER, (step,))
