"""Opsgenie: what its REST API v2 answers for schedules, overrides, escalations, teams and users."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from .export import CamelShape, NotAnExport, shaped, sort_out
from .model import Ids, Imported, Layer, Team, Window
from .steps import Policy, attach, rung_each
from .times import DAYS, MINUTES_A_DAY, MINUTES_A_WEEK, instant, joined, overlap, wall, windows, zone_of

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
UNITS = {"hourly": "hours", "daily": "days", "weekly": "weeks"}


class Named(CamelShape):
    """Somebody or something, referred to in one of several ways."""

    id: str | None = None
    name: str | None = None
    username: str | None = None

    @property
    def key(self) -> str:
        """What identifies a user: the e-mail address where there is one, as other objects have it."""
        return (self.username or self.id or self.name or "").casefold()


class Participant(Named):
    """Who has a turn, or is told."""

    type: str


class Span(CamelShape):
    """Hours of the day, or from a day of the week to another."""

    start_day: Day | None = None
    end_day: Day | None = None
    start_hour: int = Field(0, ge=0, le=24)
    start_min: int = Field(0, ge=0, le=59)
    end_hour: int = Field(0, ge=0, le=24)
    end_min: int = Field(0, ge=0, le=59)


class TimeRestriction(CamelShape):
    """When in the day or week a rotation is there."""

    type: str
    restriction: Span | None = None
    restrictions: tuple[Span, ...] = ()


class Rotation(CamelShape):
    """Participants who take turns."""

    id: str | None = None
    name: str | None = None
    start_date: str
    end_date: str | None = None
    type: Literal["hourly", "daily", "weekly"]
    length: int = Field(1, ge=1)
    participants: tuple[Participant, ...] = ()
    time_restriction: TimeRestriction | None = None


class Schedule(CamelShape):
    """A schedule: all of its rotations count together."""

    id: str
    name: str | None = None
    timezone: str | None = None
    enabled: bool = True
    rotations: tuple[Rotation, ...]


class OverridesOf(CamelShape):
    """The schedule of an override."""

    id: str | None = None


class Override(CamelShape):
    """Somebody instead of whoever is on call."""

    alias: str | None = None
    user: Participant
    start_date: str
    end_date: str
    rotations: tuple[Participant | OverridesOf, ...] = ()


class Rule(CamelShape):
    """A rule of an escalation."""

    recipient: Participant


class Repeat(CamelShape):
    """How often an escalation is repeated."""

    count: int = Field(0, ge=0)


class Escalation(CamelShape):
    """An escalation."""

    id: str
    name: str | None = None
    rules: tuple[Rule, ...]
    repeat: Repeat | None = None


class User(CamelShape):
    """A user."""

    id: str
    username: str
    full_name: str = ""


class Member(CamelShape):
    """Somebody's place in a team."""

    user: Named


class OpsgenieTeam(CamelShape):
    """A team and who is in it."""

    id: str
    name: str
    members: tuple[Member, ...]


KINDS = {
    "schedule": lambda each: "rotations" in each and "timezone" in each,
    "override": lambda each: {"startDate", "endDate", "user"} <= each.keys(),
    "escalation": lambda each: "rules" in each and "rotations" not in each,
    "team": lambda each: "members" in each,
    "user": lambda each: "username" in each and "fullName" in each,
}


def convert(data: object, now: datetime) -> Imported:
    """Understand an export of Opsgenie."""
    found = sort_out(data, KINDS)
    schedules = shaped(Schedule, found["schedule"], "schedule")
    if not schedules:
        raise NotAnExport(
            "there is no schedule of Opsgenie in it",
            remedy="export `GET /v2/schedules?expand=rotation`; docs/imports.md says how",
        )
    imported = Imported("Opsgenie")
    for user in shaped(User, found["user"], "user"):
        imported.person(user.username.casefold(), user.full_name, [user.username])
        imported.people[user.id] = imported.people[user.username.casefold()]
    groups = _Groups(imported, shaped(OpsgenieTeam, found["team"], "team"))
    overrides = shaped(Override, found["override"], "override")
    if overrides and len(schedules) != 1:
        what = f"{len(overrides)} overrides"
        imported.lose("overrides", what, "they do not say of which schedule", "import one schedule at a time")
        overrides = []
    teams = {each.id: _schedule(imported, groups, each, overrides, now) for each in schedules}
    escalations = shaped(Escalation, found["escalation"], "escalation")
    by_name = {each.name: each.id for each in schedules if each.name}
    attach(imported, teams, [_policy(imported, groups, each, teams, by_name) for each in escalations])
    return imported


class _Groups:
    """The people whom participants stand for."""

    def __init__(self, imported: Imported, teams: list[OpsgenieTeam]) -> None:
        self._imported = imported
        self._teams = {key: team for team in teams for key in (team.id, team.name)}

    def of(self, participant: Participant, where: str) -> list[str]:
        """Return the ids of the people of a participant: those of a team are on call together."""
        if participant.type == "user" and participant.key:
            mails = [participant.username] if participant.username else []
            return [self._imported.person(participant.key, "", mails)]
        team = self._teams.get(participant.id or "") or self._teams.get(participant.name or "")
        if participant.type == "team" and team is not None:
            keys = [each.user.key for each in team.members if each.user.key]
            if keys:
                return [self._imported.person(key, "", [key] if "@" in key else []) for key in keys]
        if participant.type == "none":
            return [self._imported.nobody(where)]
        name = participant.name or participant.id or participant.type
        self._imported.lose(
            where,
            f"the {participant.type} {name} among the participants",
            "people are on call, and the export does not say who that is",
            f"name people in place of the agent that stands for {name}",
        )
        key = f"({participant.type} {name})"
        return [self._imported.person(key, name, note=f"the {participant.type} {name}: name people")]


def _schedule(
    imported: Imported, groups: _Groups, schedule: Schedule, overrides: list[Override], now: datetime
) -> Team:
    name = schedule.name or schedule.id
    where = f"schedule {name}"
    zone = zone_of(schedule.timezone, where)
    team, ids = imported.team(name, where, zone.key), Ids()
    if not schedule.enabled:
        imported.lose(
            where, "that it is disabled", "every roster is in force", "remove its file if it is not needed"
        )
    for number, rotation in enumerate(schedule.rotations, 1):
        place = f"{where}, {rotation.name or f'rotation {number}'}"
        layer = _layer(imported, groups, rotation, place, zone)
        if layer is not None and (layer.end is None or layer.end > now.astimezone(zone).replace(tzinfo=None)):
            layer.id = ids.of(rotation.name or f"rotation-{number}", "rotation")
            team.layers.append(layer)
    if any(overlap(one, other) for one, other in combinations(team.layers, 2)):
        rung_each(imported, team, where)
    for number, each in enumerate(overrides, 1):
        begin, end = (
            instant(text, zone, f"{where}, an override") for text in (each.start_date, each.end_date)
        )
        if not now < end or not begin < end:
            continue
        if each.rotations or team.steps:
            imported.lose(
                f"{where}, override {each.alias or number}",
                "that it is for some of the rotations",
                "here it stands over all layers",
                "remove it, or write `replace` and `with` under `overrides`",
            )
        layer = Layer(
            id=ids.of(f"override-{number}", "override"),
            members=[groups.of(each.user, where)],
            start=wall(begin, zone, where, imported),
            end=wall(end, zone, where, imported),
            note="an override: whoever was on call",
        )
        team.layers.append(layer)
    return team


def _layer(
    imported: Imported, groups: _Groups, rotation: Rotation, where: str, zone: ZoneInfo
) -> Layer | None:
    if not rotation.participants:
        imported.lose(where, "the rotation", "it has no participants", "leave it out")
        return None
    return Layer(
        id="",
        members=[groups.of(each, where) for each in rotation.participants],
        anchor=wall(instant(rotation.start_date, zone, where), zone, where, imported),
        every=(rotation.length, UNITS[rotation.type]),
        windows=_windows(rotation.time_restriction),
        end=wall(instant(rotation.end_date, zone, where), zone, where, imported)
        if rotation.end_date
        else None,
        note=where,
    )


def _windows(restriction: TimeRestriction | None) -> list[Window]:
    spans = (
        [*restriction.restrictions, *([restriction.restriction] if restriction.restriction else [])]
        if restriction
        else []
    )
    pieces = []
    for span in spans:
        start, end = span.start_hour * 60 + span.start_min, span.end_hour * 60 + span.end_min
        if span.start_day is None or span.end_day is None:
            length = (end - start) % MINUTES_A_DAY or MINUTES_A_DAY
            pieces += [piece for day in range(7) for piece in windows(day, start % MINUTES_A_DAY, length)]
            continue
        first, last = DAYS.index(span.start_day), DAYS.index(span.end_day)
        length = ((last - first) * MINUTES_A_DAY + end - start) % MINUTES_A_WEEK or MINUTES_A_WEEK
        pieces += windows(first + start // MINUTES_A_DAY, start % MINUTES_A_DAY, length)
    return joined(pieces)


def _policy(
    imported: Imported,
    groups: _Groups,
    escalation: Escalation,
    teams: dict[str, Team],
    by_name: dict[str, str],
) -> Policy:
    note = f"escalation {escalation.name or escalation.id}"
    rules = []
    for rule in escalation.rules:
        to = rule.recipient
        key = to.id if to.id in teams else by_name.get(to.name or "")
        if to.type == "schedule" and key is not None:
            rules.append(([key], list[str]()))
        elif to.type in {"user", "team"}:
            rules.append((list[str](), groups.of(to, note)))
        else:
            name = to.name or to.id or to.type
            imported.lose(
                note, f"the {to.type} {name}", "it is not in the export", "import that schedule with it"
            )
    rounds = escalation.repeat.count + 1 if escalation.repeat is not None else 1
    return Policy(escalation.name or escalation.id, note, rules, rounds)
