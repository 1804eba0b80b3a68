"""Grafana OnCall: what its HTTP API answers for schedules, on-call shifts, escalation policies and users."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import Literal

from pydantic import Field

from .export import NotAnExport, Shape, shaped, sort_out
from .model import Ids, Imported, Layer, Team, Window
from .steps import Policy, attach, rung_each
from .times import (
    DAY,
    HOUR,
    MINUTES_A_DAY,
    WEEK,
    covered,
    instant,
    joined,
    overlap,
    wall,
    windows,
    zone_of,
)

Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAYS: tuple[Day, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PERIODS = {"hourly": ("hours", HOUR), "daily": ("days", DAY), "weekly": ("weeks", WEEK)}
BY_CALENDAR = "export the schedule as iCal, and name that file or feed in a layer: `calendar: …`"


class User(Shape):
    """A user."""

    id: str
    username: str
    email: str = ""


class Shift(Shape):
    """A shift: once, again and again, or of users who take turns."""

    id: str
    name: str = ""
    type: str
    time_zone: str | None = None
    level: int | None = None
    start: str
    duration: int = Field(ge=60)
    frequency: Literal["hourly", "daily", "weekly", "monthly"] | None = None
    interval: int | None = Field(None, ge=1)
    until: str | None = None
    week_start: Day | None = None
    by_day: tuple[Day, ...] | None = None
    by_month: tuple[int, ...] | None = None
    by_monthday: tuple[int, ...] | None = None
    users: tuple[str, ...] | None = None
    rolling_users: tuple[tuple[str, ...], ...] | None = None
    start_rotation_from_user_index: int | None = None


class Schedule(Shape):
    """A schedule: of shifts, or of calendars elsewhere."""

    id: str
    name: str = ""
    type: str
    time_zone: str | None = None
    shifts: tuple[str, ...] | None = None
    ical_url_primary: str | None = None
    ical_url_overrides: str | None = None


class PolicyStep(Shape):
    """A step of an escalation chain."""

    id: str
    escalation_chain_id: str
    position: int = 0
    type: str
    notify_on_call_from_schedule: str | None = None
    persons_to_notify: tuple[str, ...] | None = None
    persons_to_notify_next_each_time: tuple[str, ...] | None = None


class Chain(Shape):
    """An escalation chain."""

    id: str
    name: str


KINDS = {
    "shift": lambda each: "duration" in each and "start" in each,
    "schedule": lambda each: "on_call_now" in each or ("shifts" in each and "type" in each),
    "step": lambda each: "escalation_chain_id" in each and "type" in each,
    "user": lambda each: "username" in each,
    "chain": lambda each: {"id", "name", "team_id"} == each.keys() or {"id", "name"} == each.keys(),
}


def convert(data: object, now: datetime) -> Imported:
    """Understand an export of Grafana OnCall."""
    found = sort_out(data, KINDS)
    schedules = shaped(Schedule, found["schedule"], "schedule")
    if not schedules:
        raise NotAnExport(
            "there is no schedule of Grafana OnCall in it",
            remedy="export `GET /api/v1/schedules/` and `/on_call_shifts/`; docs/imports.md says how",
        )
    imported = Imported("Grafana OnCall")
    for user in shaped(User, found["user"], "user"):
        imported.person(user.id, user.username, [user.email] if user.email else [])
    shifts = {each.id: each for each in shaped(Shift, found["shift"], "shift")}
    teams = {each.id: _schedule(imported, each, shifts, now) for each in schedules}
    names = {each.id: each.name for each in shaped(Chain, found["chain"], "escalation chain")}
    chains: dict[str, list[PolicyStep]] = {}
    for step in sorted(
        shaped(PolicyStep, found["step"], "escalation policy"), key=lambda each: each.position
    ):
        chains.setdefault(step.escalation_chain_id, []).append(step)
    attach(
        imported,
        teams,
        [_policy(imported, names.get(key, key), steps, teams) for key, steps in chains.items()],
    )
    return imported


def _schedule(imported: Imported, schedule: Schedule, shifts: dict[str, Shift], now: datetime) -> Team:
    where = f"schedule {schedule.name or schedule.id}"
    named = [shifts[key] for key in schedule.shifts or () if key in shifts]
    if absent := [key for key in schedule.shifts or () if key not in shifts]:
        imported.lose(
            where, f"the shifts {', '.join(absent)}", "they are not in the export", "export them with it"
        )
    zone_name = schedule.time_zone
    if schedule.type == "web" and not any(shift.time_zone for shift in named):
        zone_name = "UTC"
        imported.lose(
            where,
            f"that it is shown in {schedule.time_zone or 'UTC'}",
            "shifts of web schedules keep the times of UTC: they move by an hour when clocks change",
            f"leave `timezone: UTC`, or write {schedule.time_zone or 'yours'} and correct the times",
        )
    zone = zone_of(zone_name, where)
    team, ids = imported.team(schedule.name or schedule.id, where, zone.key), Ids()
    for url in (schedule.ical_url_primary, schedule.ical_url_overrides):
        if url:
            imported.lose(
                where,
                "a calendar that it takes from elsewhere",
                "its address may be a secret, and is not written here",
                "name it in a layer: `calendar: {feed: NAME}`, and its address in the settings",
            )
    levels: list[tuple[int, Layer]] = []
    for shift in named:
        layer = _layer(imported, shift, team, f"{where}, shift {shift.name or shift.id}")
        if layer is None or (
            layer.end is not None and layer.end <= now.astimezone(zone).replace(tzinfo=None)
        ):
            continue
        layer.id = ids.of(shift.name or shift.type, "shift")
        levels.append((100 if shift.type == "override" else shift.level or 0, layer))
    levels.sort(key=lambda each: each[0])
    team.layers = [layer for _, layer in levels]
    if any(a == b and overlap(one, other) for (a, one), (b, other) in combinations(levels, 2)):
        rung_each(imported, team, where)
    return team


def _layer(imported: Imported, shift: Shift, team: Team, where: str) -> Layer | None:
    zone = zone_of(shift.time_zone or team.timezone, where)
    home = zone_of(team.timezone, where)
    at = instant(shift.start, zone, where)
    start = wall(at, home, where, imported)
    if zone.key != home.key and shift.frequency is not None:
        imported.lose(
            where,
            f"the times of {zone.key}",
            f"a roster has one time zone, here {home.key}",
            "look at the days after the next clock change, if the two do not change together",
        )
    groups = [list(each) for each in shift.rolling_users or ()] or [list(shift.users or ())]
    groups = [[imported.person(key) for key in group] or [imported.nobody(where)] for group in groups]
    if shift.frequency is None:
        end = wall(at + timedelta(seconds=shift.duration), home, where, imported)
        return Layer("", groups[:1], start=start, end=end, note=where)
    turned = (shift.start_rotation_from_user_index or 0) % len(groups)
    groups = groups[turned:] + groups[:turned]
    layer = Layer("", groups, start=start, note=where)
    if shift.until:
        last = instant(shift.until, zone, where) + timedelta(seconds=shift.duration)
        layer.end = wall(last, home, where, imported)
    if _repeat(shift, layer, start):
        return layer
    imported.lose(where, "the shift", "its recurrence is none that a rotation with windows has", BY_CALENDAR)
    return None


def _repeat(shift: Shift, layer: Layer, start: datetime) -> bool:
    """Set windows and turns so that they are those of a shift that recurs; tell whether there are such."""
    interval, minutes = shift.interval or 1, shift.duration // 60
    if shift.frequency is None or shift.frequency == "monthly" or shift.by_month or shift.by_monthday:
        return False
    unit, length = PERIODS[shift.frequency]
    layer.anchor, layer.every = start, (interval, unit)
    if shift.duration == interval * length and not shift.by_day:
        return True  # one turn after the other, without a gap
    if interval != 1 or shift.duration > length or shift.frequency == "hourly" or shift.duration % 60:
        return False
    time = start.hour * 60 + start.minute
    days = sorted(DAYS.index(day) for day in shift.by_day or ())
    if shift.frequency == "daily":
        if minutes > MINUTES_A_DAY:
            return False
        pieces = [piece for day in days or range(7) for piece in windows(day, time, minutes)]
    else:
        days = days or [start.weekday()]
        pieces = [piece for day in days for piece in windows(day, time, minutes)]
        first = DAYS.index(shift.week_start or "SU")
        opening = min((day - first) % 7 for day in days)
        layer.anchor = start - timedelta(days=(start.weekday() - first) % 7 - opening)
    if _too_much(pieces):
        return False
    layer.windows = joined(pieces)
    return True


def _too_much(pieces: list[Window]) -> bool:
    """Tell whether windows overlap: somebody would be on call by two shifts."""
    total = sum((piece.end - piece.start) % MINUTES_A_DAY or MINUTES_A_DAY for piece in pieces)
    return covered(pieces).bit_count() != total


def _policy(imported: Imported, name: str, steps: list[PolicyStep], teams: dict[str, Team]) -> Policy:
    note = f"escalation chain {name}"
    rules: list[tuple[list[str], list[str]]] = []
    for step in steps:
        schedule = step.notify_on_call_from_schedule
        people = step.persons_to_notify or step.persons_to_notify_next_each_time or ()
        if schedule is not None and schedule in teams:
            rules.append(([schedule], []))
        elif people:
            rules.append(([], [imported.person(key) for key in people]))
        elif step.type != "wait":
            imported.lose(
                note, f"the step `{step.type}`", "it rings nobody whom the export names", "leave it out"
            )
    return Policy(name, note, rules)
