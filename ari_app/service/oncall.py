"""Answers plain dialplans: who is on call for a team or a reason, now."""

from __future__ import annotations

from datetime import UTC, datetime

from ..agi import OnCallAnswer
from ..call.desk import Desk
from ..call.endpoints import endpoint_of


def on_call_now(desk: Desk, team: str | None, reason: str | None) -> OnCallAnswer:
    """Return who is first in turn for `team`, else for `reason`, at this instant.

    A team that does not answer for the given reason is an unknown reason: better none than the wrong one.
    """
    rosters = desk.rosters
    responsible = rosters.reasons.get(reason) if reason else team
    if responsible is None or (team and team != responsible) or responsible not in rosters.teams:
        return OnCallAnswer(status="unknown-reason")
    plan = rosters.plan_for_team(responsible, at=datetime.now(UTC), activity=desk.activity)
    for on_call in plan.agents():
        dial = tuple(endpoint_of(phone, desk.settings.dial) for phone in on_call.agent.phones)
        return OnCallAnswer(status="found", agent=on_call.agent.id, dial=dial, until=plan.until)
    return OnCallAnswer(status="nobody", until=plan.until)
