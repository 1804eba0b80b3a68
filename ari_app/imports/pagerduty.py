"""PagerDuty: what its REST API v2 answers for schedules, escalation policies, users and overrides."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from .export import NotAnExport, Object, Shape, shaped, sort_out
from .model import Ids, Imported, Layer, Team, Window
from .steps import Policy, attach
from .times import MINUTES_A_DAY, begin_before, instant, joined, turn, wall, windows, zone_of


class Contact(Shape):
    """A way to reach a user."""

    type: str = ""
    address: str = ""
    country_code: int | None = None


class User(Shape):
    """A user, or the reference to one."""

    id: str
    name: str | None = None
    summary: str | None = None
    email: str | None = None
    contact_methods: tuple[Contact, ...] = ()


class Member(Shape):
    """A user's place in a layer."""

    user: User


class Restriction(Shape):
    """When in the day or week a layer is there. Monday is 1."""

    type: str
    start_time_of_day: str
    start_day_of_week: int | None = Field(None, ge=1, le=7)
    duration_seconds: int = Field(ge=1, le=604_800)


class ScheduleLayer(Shape):
    """A layer of a schedule."""

    name: str | None = None
    start: str
    end: str | None = None
    rotation_virtual_start: str
    rotation_turn_length_seconds: int = Field(ge=1)
    users: tuple[Member, ...] = ()
    restrictions: tuple[Restriction, ...] = ()


class Entry(Shape):
    """Somebody on call for a while."""

    id: str | None = None
    start: str
    end: str
    user: User


class Overrides(Shape):
    """What stands over all layers."""

    rendered_schedule_entries: tuple[Entry, ...] = ()


class Schedule(Shape):
    """A schedule; the first of its layers is the highest."""

    id: str
    name: str | None = None
    summary: str | None = None
    time_zone: str | None = None
    schedule_layers: tuple[ScheduleLayer, ...]
    override_subschedule: Overrides | None = None


class Target(Shape):
    """What a rule of a policy names."""

    id: str
    type: str
    summary: str | None = None


class Rule(Shape):
    """A rule of a policy."""

    targets: tuple[Target, ...]


class EscalationPolicy(Shape):
    """An escalation policy."""

    id: str
    name: str | None = None
    num_loops: int = Field(0, ge=0)
    escalation_rules: tuple[Rule, ...]


def _is_user(each: Object) -> bool:
    return each.get("type") == "user" or "contact_methods" in each


KINDS = {
    "schedule": lambda each: "schedule_layers" in each,
    "policy": lambda each: "escalation_rules" in each,
    "user": _is_user,
    "override": lambda each: {"start", "end", "user"} <= each.keys(),
}


def convert(data: object, now: datetime) -> Imported:
    """Understand an export of PagerDuty."""
    found = sort_out(data, KINDS)
    schedules = shaped(Schedule, found["schedule"], "schedule")
    policies = shaped(EscalationPolicy, found["policy"], "escalation policy")
    if not schedules and not policies:
        raise NotAnExport(
            "there is no schedule and no escalation policy of PagerDuty in it",
            remedy="export `GET /schedules/{id}` and `GET /escalation_policies`; docs/imports.md says how",
        )
    imported = Imported("PagerDuty")
    for user in shaped(User, found["user"], "user"):
        _person(imported, user)
    loose = shaped(Entry, found["override"], "override")
    if loose and len(schedules) != 1:
        imported.lose(
            "overrides",
            f"{len(loose)} overrides",
            "they do not say of which schedule",
            "import one schedule at a time",
        )
        loose = []
    teams = {each.id: _schedule(imported, each, loose, now) for each in schedules}
    attach(imported, teams, [_policy(imported, each, teams) for each in policies])
    return imported


def _schedule(imported: Imported, schedule: Schedule, loose: list[Entry], now: datetime) -> Team:
    name = schedule.name or schedule.summary or schedule.id
    where = f"schedule {name}"
    zone = zone_of(schedule.time_zone, where)
    team, ids = imported.team(name, where, zone.key), Ids()
    for number, layer in enumerate(reversed(schedule.schedule_layers), 1):  # ours: the last one wins
        made = _layer(imported, layer, f"{where}, {layer.name or f'layer {number}'}", zone)
        if made is not None and (made.end is None or made.end > now.astimezone(zone).replace(tzinfo=None)):
            made.id = ids.of(layer.name or f"layer-{number}", "layer")
            team.layers.append(made)
    rendered = (
        schedule.override_subschedule.rendered_schedule_entries if schedule.override_subschedule else []
    )
    for number, entry in enumerate([*rendered, *loose], 1):
        begin, end = (instant(text, zone, f"{where}, an override") for text in (entry.start, entry.end))
        if now < end and begin < end:
            team.layers.append(
                Layer(
                    id=ids.of(f"override-{number}", "override"),
                    members=[[_person(imported, entry.user)]],
                    start=wall(begin, zone, f"{where}, an override", imported),
                    end=wall(end, zone, f"{where}, an override", imported),
                    note="an override: whoever was on call",
                )
            )
    return team


def _layer(imported: Imported, layer: ScheduleLayer, where: str, zone: ZoneInfo) -> Layer | None:
    length = turn(layer.rotation_turn_length_seconds)
    if not layer.users or length is None:
        why = "it has no users" if length is not None else "a turn is whole hours, days or weeks"
        what = f"the layer, with turns of {layer.rotation_turn_length_seconds} s"
        imported.lose(where, what, why, "write a layer for it if it is needed")
        return None
    made = Layer(
        id="",
        members=[[_person(imported, member.user)] for member in layer.users],
        anchor=wall(instant(layer.rotation_virtual_start, zone, where), zone, where, imported),
        every=length,
        windows=joined([piece for each in layer.restrictions for piece in _windows(imported, each, where)]),
        start=wall(instant(layer.start, zone, where), zone, where, imported),
        end=wall(instant(layer.end, zone, where), zone, where, imported) if layer.end else None,
        note=where,
    )
    if length[1] == "hours" and len(made.members) > 1:
        imported.lose(
            where,
            "turns of hours at a clock change",
            "rosters count hours as the clock shows them, PagerDuty as they pass",
            "look at the days around a clock change: `astreinte schedule`",
        )
    begin_before(made)
    return made


def _windows(imported: Imported, restriction: Restriction, where: str) -> list[Window]:
    try:
        hour, minute, second = map(int, restriction.start_time_of_day.strip().split(":"))
        start = hour * 60 + minute
        assert 0 <= start < MINUTES_A_DAY  # noqa: S101 - told below
    except (ValueError, AssertionError):
        raise NotAnExport(
            f"{restriction.start_time_of_day[:40]!r} of {where} is not a time of day",
            remedy="export it again",
        ) from None
    minutes, rest = divmod(restriction.duration_seconds, 60)
    if second or rest:
        imported.lose(where, "the seconds of its hours", "windows are in minutes", "look at `window`")
    if restriction.start_day_of_week is not None and restriction.type == "weekly_restriction":
        return windows(restriction.start_day_of_week - 1, start, minutes)
    return [piece for day in range(7) for piece in windows(day, start, min(minutes, MINUTES_A_DAY))]


def _policy(imported: Imported, policy: EscalationPolicy, teams: dict[str, Team]) -> Policy:
    note = f"escalation policy {policy.name or policy.id}"
    rules = []
    for rule in policy.escalation_rules:
        schedules, agents = [], []
        for target in rule.targets:
            if target.type.startswith("schedule") and target.id in teams:
                schedules.append(target.id)
            elif target.type.startswith("user"):
                agents.append(imported.person(target.id, target.summary or ""))
            else:
                imported.lose(
                    note,
                    f"the target {target.summary or target.id} ({target.type})",
                    "it is not in the export",
                    "import that schedule with it",
                )
        rules.append((schedules, agents))
    return Policy(policy.name or policy.id, note, rules, rounds=policy.num_loops + 1)


def _person(imported: Imported, user: User) -> str:
    numbers = [
        f"+{each.country_code}{each.address}"
        for each in user.contact_methods
        if each.type.startswith("phone") and each.country_code and each.address
    ]
    return imported.person(
        user.id, user.name or user.summary or "", [user.email] if user.email else [], numbers
    )
