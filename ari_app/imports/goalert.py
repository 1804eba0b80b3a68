"""GoAlert: what its GraphQL API answers for schedules, rotations, policies, overrides and users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from .export import CamelShape, NotAnExport, shaped, sort_out
from .model import Ids, Imported, Layer, Override, Team, Window
from .steps import Policy, attach, rung_each
from .times import instant, joined, overlap, wall, windows, zone_of

UNITS = {"hourly": "hours", "daily": "days", "weekly": "weeks", "monthly": "months"}
LENGTHS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}


class Contact(CamelShape):
    """A way to reach a user."""

    type: str = ""
    value: str = ""


class User(CamelShape):
    """A user."""

    id: str
    name: str = ""
    email: str = ""
    contact_methods: tuple[Contact, ...] = ()


class Rotation(CamelShape):
    """Users who take turns, counted from what is stored: whose turn it is now."""

    id: str
    name: str = ""
    start: str
    time_zone: str
    type: Literal["hourly", "daily", "weekly", "monthly"]
    shift_length: int = Field(1, ge=1)
    active_user_index: int = 0
    next_handoff_times: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = Field(alias="userIDs")


class Target(CamelShape):
    """What somebody's time, or an escalation's step, is."""

    id: str
    type: str
    name: str = ""


class Rule(CamelShape):
    """When in the week; the week begins on Sunday."""

    start: str
    end: str
    weekday_filter: tuple[bool, ...] = Field(min_length=7, max_length=7)


class ScheduleTarget(CamelShape):
    """A rotation or a user, and when."""

    target: Target
    rules: tuple[Rule, ...]


class FixedShift(CamelShape):
    """A user's shift of a temporary schedule."""

    user_id: str = Field(alias="userID")
    start: str
    end: str


class Temporary(CamelShape):
    """Shifts that replace all others for a while."""

    start: str
    end: str
    shifts: tuple[FixedShift, ...] = ()


class Schedule(CamelShape):
    """A schedule: all of its targets count together."""

    id: str
    name: str = ""
    time_zone: str
    targets: tuple[ScheduleTarget, ...]
    temporary_schedules: tuple[Temporary, ...] = ()


class UserOverride(CamelShape):
    """A user instead of another, or more, or fewer."""

    id: str = ""
    start: str
    end: str
    add_user_id: str = Field("", alias="addUserID")
    remove_user_id: str = Field("", alias="removeUserID")
    target: Target | None = None


class PolicyStep(CamelShape):
    """A step of a policy."""

    targets: tuple[Target, ...] = ()


class EscalationPolicy(CamelShape):
    """An escalation policy."""

    id: str
    name: str = ""
    repeat: int = Field(0, ge=0)
    steps: tuple[PolicyStep, ...]


KINDS = {
    "schedule": lambda each: "targets" in each and "timeZone" in each,
    "rotation": lambda each: "userIDs" in each and "shiftLength" in each,
    "policy": lambda each: "steps" in each and "repeat" in each,
    "override": lambda each: "addUserID" in each or "removeUserID" in each,
    "user": lambda each: {"id", "name", "email"} <= each.keys(),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A schedule while it becomes a team."""

    imported: Imported
    team: Team
    ids: Ids
    where: str
    zone: ZoneInfo
    now: datetime

    def span(self, each: FixedShift | UserOverride) -> tuple[datetime, datetime] | None:
        """Return from when until when, as the clock shows it; None for what is over."""
        begin, end = (instant(text, self.zone, self.where) for text in (each.start, each.end))
        if not self.now < end or not begin < end:
            return None
        start, until = (wall(at, self.zone, self.where, self.imported) for at in (begin, end))
        return start, until


def convert(data: object, now: datetime) -> Imported:
    """Understand an export of GoAlert."""
    found = sort_out(data, KINDS)
    schedules = shaped(Schedule, found["schedule"], "schedule")
    policies = shaped(EscalationPolicy, found["policy"], "escalation policy")
    if not schedules and not policies:
        raise NotAnExport(
            "there is no schedule and no escalation policy of GoAlert in it",
            remedy="ask its GraphQL API with the query of docs/imports.md",
        )
    imported = Imported("GoAlert")
    for user in shaped(User, found["user"], "user"):
        numbers = [each.value for each in user.contact_methods if each.type in {"SMS", "VOICE"}]
        imported.person(user.id, user.name, [user.email] if user.email else [], numbers)
    rotations = {each.id: each for each in shaped(Rotation, found["rotation"], "rotation")}
    teams = {each.id: _schedule(imported, each, rotations, now) for each in schedules}
    for override in shaped(UserOverride, found["override"], "override"):
        keys = [override.target.id] if override.target is not None else list(teams)
        if len(keys) == 1 and keys[0] in teams:
            _override(teams[keys[0]], override)
        else:
            why = "it does not say of which schedule of the export"
            imported.lose("overrides", "an override", why, "ask for its `target`")
    by_key = {key: place.team for key, place in teams.items()}
    attach(imported, by_key, [_policy(imported, each, by_key, rotations) for each in policies])
    return imported


def _schedule(
    imported: Imported, schedule: Schedule, rotations: dict[str, Rotation], now: datetime
) -> _Place:
    where = f"schedule {schedule.name or schedule.id}"
    zone = zone_of(schedule.time_zone, where)
    team = imported.team(schedule.name or schedule.id, where, zone.key)
    place = _Place(imported, team, Ids(), where, zone, now)
    for each in schedule.targets:
        here = f"{where}, {each.target.name or each.target.id}"
        layer = _layer(imported, each.target, rotations, here, zone)
        if layer is not None and each.rules:
            layer.windows = joined([piece for rule in each.rules for piece in _windows(rule, here)])
            layer.id = place.ids.of(each.target.name or "layer", "layer")
            team.layers.append(layer)
    if any(overlap(one, other) for one, other in combinations(team.layers, 2)):
        rung_each(imported, team, where)
    for temporary in schedule.temporary_schedules:
        _temporary(place, temporary)
    return place


def _layer(
    imported: Imported, target: Target, rotations: dict[str, Rotation], where: str, zone: ZoneInfo
) -> Layer | None:
    if target.type == "user":
        return Layer("", [[imported.person(target.id, target.name)]], note=where)
    rotation = rotations.get(target.id)
    if rotation is None or not rotation.user_ids:
        imported.lose(
            where, "the rotation", "it is not in the export, or nobody is in it", "export it with its users"
        )
        return None
    return _turns(imported, rotation, where, zone)


def _turns(imported: Imported, rotation: Rotation, where: str, zone: ZoneInfo) -> Layer:
    own = zone_of(rotation.time_zone, where)
    if own.key != zone.key:
        imported.lose(
            where,
            f"handoffs at the times of {own.key}",
            f"a roster has one time zone, here {zone.key}",
            "look at handoffs after the next clock change, if the two do not change together",
        )
    anchor = wall(instant(rotation.start, own, where), zone, where, imported)
    unit, users = UNITS[rotation.type], list(rotation.user_ids)
    step = LENGTHS[unit] * rotation.shift_length if unit in LENGTHS else None
    if len(users) > 1 and rotation.next_handoff_times and step is not None:
        anchor = wall(instant(rotation.next_handoff_times[0], own, where), zone, where, imported) - step
        active = rotation.active_user_index % len(users)
        users = users[active:] + users[:active]
    elif len(users) > 1:
        imported.lose(
            where,
            "whose turn it is",
            "GoAlert counts from what it has stored, and the export does not say when the next handoff is",
            "compare `astreinte who` with GoAlert today, and turn `members` until they agree",
        )
    return Layer(
        "", [[imported.person(key)] for key in users], anchor, (rotation.shift_length, unit), note=where
    )


def _windows(rule: Rule, where: str) -> list[Window]:
    start, end = (_minutes(text, where) for text in (rule.start, rule.end))
    length = (end - start) % 1440 or 1440
    days = [(sunday_first - 1) % 7 for sunday_first, there in enumerate(rule.weekday_filter) if there]
    return [piece for day in days for piece in windows(day, start, length)]


def _minutes(text: str, where: str) -> int:
    try:
        at = datetime.strptime(text.strip()[:5], "%H:%M")  # noqa: DTZ007 - a time of day
    except ValueError:
        raise NotAnExport(
            f"{text[:40]!r} of {where} is not a time of day", remedy="export it again"
        ) from None
    return at.hour * 60 + at.minute


def _temporary(place: _Place, temporary: Temporary) -> None:
    where = f"{place.where}, a temporary schedule"
    if instant(temporary.end, place.zone, where) <= place.now:
        return
    place.imported.lose(
        where,
        "that nobody else is on call meanwhile",
        "where it has a gap, or two shifts at once, the layers decide",
        f"look at its days: `astreinte schedule {place.team.id}`",
    )
    for shift in temporary.shifts:
        span = place.span(shift)
        if span is not None:
            members = [[place.imported.person(shift.user_id)]]
            name = place.ids.of("temporary", "temporary")
            place.team.layers.append(Layer(name, members, start=span[0], end=span[1], note=where))


def _override(place: _Place, each: UserOverride) -> None:
    span = place.span(each)
    if span is None:
        return
    if not each.add_user_id or not each.remove_user_id:
        place.imported.lose(
            f"{place.where}, an override",
            f"somebody more, or fewer, on call from {span[0]:%Y-%m-%d %H:%M} on",
            "an override is somebody instead of somebody",
            "name them in a layer with `effective` dates",
        )
        return
    absent, stand_in = place.imported.person(each.remove_user_id), place.imported.person(each.add_user_id)
    name = place.ids.of(f"override-{stand_in}", "override")
    place.team.overrides.append(Override(name, *span, absent, stand_in))


def _policy(
    imported: Imported, policy: EscalationPolicy, teams: dict[str, Team], rotations: dict[str, Rotation]
) -> Policy:
    note = f"escalation policy {policy.name or policy.id}"
    rules = []
    for step in policy.steps:
        schedules, agents = [], []
        for target in step.targets:
            if target.type == "schedule" and target.id in teams:
                schedules.append(target.id)
            elif target.type == "user":
                agents.append(imported.person(target.id, target.name))
            elif target.type == "rotation" and target.id in rotations:
                rotation = rotations[target.id]
                key = f"rotation {target.id}"
                if key not in teams:
                    where = f"rotation {rotation.name or rotation.id}"
                    zone = zone_of(rotation.time_zone, where)
                    team = teams[key] = imported.team(rotation.name or rotation.id, where, zone.key)
                    layer = _turns(imported, rotation, where, zone)
                    layer.id = "rotation"
                    team.layers.append(layer)
                schedules.append(key)
            else:
                imported.lose(
                    note,
                    f"the target {target.name or target.id} ({target.type})",
                    "it is no person, or not in the export",
                    "write a step for whoever it rings",
                )
        rules.append((schedules, agents))
    return Policy(policy.name or policy.id, note, rules, rounds=policy.repeat + 1)
