"""Timetables as JSON, for programs. `docs/cli.md` explains the fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .instants import iso
from .timetable import Entry, Timetable


def as_json(timetables: Sequence[Timetable]) -> str:
    """Return `{"schedules": [...]}`, times as ISO 8601 with the offset that holds there and then."""
    return json.dumps({"schedules": [_schedule(each) for each in timetables]}, indent=2, ensure_ascii=False)


def _schedule(timetable: Timetable) -> dict[str, Any]:
    zone = timetable.zone
    return {
        "team": timetable.team,
        "layer": timetable.layer,
        "agent": timetable.agent,
        "timezone": zone.key,
        "from": iso(timetable.start, zone),
        "to": iso(timetable.end, zone),
        "shifts": [_shift(entry, timetable) for entry in timetable.entries],
        "gaps": None
        if timetable.gaps is None
        else [{"from": iso(start, zone), "to": iso(end, zone)} for start, end in timetable.gaps],
    }


def _shift(entry: Entry, timetable: Timetable) -> dict[str, Any]:
    agents = entry.labels if timetable.agent is None else (timetable.agent, *entry.beside)
    return {
        "from": iso(entry.start, timetable.zone),
        "to": iso(entry.end, timetable.zone),
        "began_earlier": entry.earlier,
        "goes_on_later": entry.later,
        "team": entry.team,
        "layer": entry.layer,
        "kind": entry.kind,
        "backup": entry.backup,
        "agents": list(agents),
        "overrides": list(entry.overrides),
    }
