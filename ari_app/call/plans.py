"""Whom a call rings: the plan of a reason, of a team, or of a fixed number."""

from __future__ import annotations

from datetime import datetime

from ..flow.phone import Destination, ToNumber, ToTeam
from ..roster.book import RosterBook
from ..roster.calendar import NEVER
from ..roster.plan import Activity, Agent, OnCallAgent, Phone, Plan, Step

TRANSFER = "transfer"
"""What the records say instead of a team when a flow rings a number."""


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
