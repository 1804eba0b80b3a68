"""Differences as JSON, for programs. `docs/cli.md` explains the fields."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from ..roster.assignments import Assignment
from ..roster.differences import Differences, TeamDifferences
from ..roster.spans import Span
from .instants import iso


def as_text(found: Differences, zone: ZoneInfo) -> str:
    """Return the differences as a JSON object; its lists are empty where there are none."""
    content = {
        "from": iso(found.start, zone),
        "to": iso(found.end, zone),
        "teams": [_team(team) for team in found.teams],
        "reasons": [{"reason": reason, "old": old, "new": new} for reason, old, new in found.reasons],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _team(team: TeamDifferences) -> dict[str, Any]:
    zone = ZoneInfo(team.timezone)
    return {
        "team": team.team,
        "timezone": team.timezone,
        "change": team.change,
        "gained": [_shift(one, zone) for one in team.gained],
        "lost": [_shift(one, zone) for one in team.lost],
        "gaps_opened": [_span(gap, zone) for gap in team.opened],
        "gaps_closed": [_span(gap, zone) for gap in team.closed],
        "steps_added": [text for sign, text in team.steps if sign == "+"],
        "steps_removed": [text for sign, text in team.steps if sign == "-"],
    }


def _shift(one: Assignment, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "agent": one.agent,
        **_span((one.start, one.end), zone),
        "kind": one.kind,
        "layer": one.layer,
        "backup": one.backup,
        "overrides": list(one.overrides),
    }


def _span(span: Span, zone: ZoneInfo) -> dict[str, str]:
    start, end = span
    return {"from": iso(start, zone), "to": iso(end, zone)}
