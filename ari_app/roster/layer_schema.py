"""What an admin writes of a layer: when it is there, and who takes turns in it (see `docs/rosters.md`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from ..core.documents import Schema, mistake
from ..core.one_or_more import OneOrMore
from .calendar import Unit
from .calendar_schema import CalendarEntry
from .fields import (
    DAYS,
    Day,
    DaysNamed,
    Id,
    TimeOfDay,
    WallDateOrTime,
    WallTime,
)
from .plan import Kind


class WindowEntry(Schema):
    """When in the week a layer is there. `days` are the days on which the window starts."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    """The days on which it starts. Default: every day."""
    from_: Annotated[TimeOfDay, Field(alias="from")]
    """`HH:MM`, as a clock in the team's time zone shows it."""
    to: TimeOfDay
    """`HH:MM`; not after `from`: on the next day; the same as `from`: 24 hours."""


Windows = Annotated[tuple[WindowEntry, ...], Field(min_length=1), OneOrMore()]


class EveryEntry(Schema):
    """How long a turn lasts, in one unit."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    hours: Annotated[int, Field(ge=1, le=8784)] | None = None
    """So many hours, as the clock on the wall shows them."""
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """So many days."""
    weeks: Annotated[int, Field(ge=1, le=520)] | None = None
    """So many weeks."""
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """So many months; from 31 January to 28 February, then to 31 March."""

    def length(self) -> tuple[int, Unit]:
        """Return the one length that is given: `(2, "weeks")`."""
        lengths: tuple[tuple[int | None, Unit], ...] = (
            (self.hours, "hours"),
            (self.days, "days"),
            (self.weeks, "weeks"),
            (self.months, "months"),
        )
        return next((count, unit) for count, unit in lengths if count is not None)

    @model_validator(mode="after")
    def _has_one_unit(self) -> EveryEntry:
        if len(self.model_fields_set) != 1 or None in self.model_dump(exclude_unset=True).values():
            raise mistake(
                "a turn has one length",
                expected="one of `hours`, `days`, `weeks` or `months`",
                remedy="write `{weeks: 1}`, `{days: 2}` …",
            )
        return self


Group = Annotated[tuple[Id, ...], Field(min_length=1), OneOrMore()]
Groups = Annotated[tuple[Group, ...], Field(min_length=1)]


class MembersEntry(Schema):
    """The groups of a rotation from a date on; a change moves nothing before it."""

    from_: Annotated[WallDateOrTime | None, Field(alias="from")] = None
    """The date from which they are there; the first version needs none."""
    members: Groups
    """The groups that take turns, in order."""


def _form_of_members(value: Any) -> str:
    some = value if isinstance(value, list) else ()
    return "dated" if any(isinstance(each, dict | MembersEntry) for each in some) else "groups"


class RotationEntry(Schema):
    """Who takes turns. A single group needs neither `anchor` nor `every`: it is always its turn."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"anchor": ["every"], "every": ["anchor"]}}
    )

    anchor: WallTime | None = None
    """The first handoff, such as `2026-01-05T08:00`: the first group's turn begins. Before it: nobody."""
    every: EveryEntry | None = None
    """How long a turn lasts, such as `{weeks: 1}`."""
    advance: Literal["calendar", "active_shift"] = "calendar"
    """`calendar`: a turn passes with time. `active_shift`: only when a window was served."""
    members: Annotated[
        Annotated[Groups, Tag("groups")]
        | Annotated[tuple[MembersEntry, ...], Field(min_length=1), Tag("dated")],
        Discriminator(_form_of_members),
    ]
    """Who takes turns, in order; an inner list is on call together. Or dated versions of it."""

    def versions(self) -> list[tuple[tuple[str | int, ...], datetime | None, Groups]]:
        """Return each version of the members: the way to its groups, from when it holds, the groups."""
        if isinstance(self.members[0], MembersEntry):
            dated = [each for each in self.members if isinstance(each, MembersEntry)]
            return [
                (("members", index, "members"), each.from_, each.members) for index, each in enumerate(dated)
            ]
        groups = tuple(each for each in self.members if not isinstance(each, MembersEntry))
        return [(("members",), None, groups)]

    @model_validator(mode="after")
    def _turns_pass(self) -> RotationEntry:
        one_group = all(len(groups) == 1 for _, _, groups in self.versions())
        if (self.anchor is None) != (self.every is None) or (self.anchor is None and not one_group):
            absent = "anchor" if self.anchor is None else "every"
            raise mistake(
                f"the rotation has no `{absent}`",
                found=f"no `{absent}`",
                expected="`anchor` (the first handoff) and `every` (a turn's length), or a single group",
                remedy="add it, as in `anchor: 2026-01-05T08:00` and `every: {weeks: 1}`",
            )
        return self

    @model_validator(mode="after")
    def _versions_follow_each_other(self) -> RotationEntry:
        before: datetime | None = None
        for index, (_, start, _) in enumerate(self.versions()):
            if index and start is None:
                raise mistake(
                    "it is not said from when these members are there",
                    found="no `from`",
                    expected="a `from` in each version of the members but the first",
                    remedy="add the date on which they take over: `from: 2026-09-01`",
                    at=("members", index),
                )
            if before is not None and start is not None and start <= before:
                raise mistake(
                    "this version of the members does not begin after the one before it",
                    expected=f"a date after {before:%Y-%m-%dT%H:%M}",
                    remedy="put the versions in the order of their dates",
                    at=("members", index, "from"),
                )
            before = start
        return self


class EffectiveEntry(Schema):
    """From when (inclusive) until when (exclusive) a layer is in force. A date is its midnight."""

    from_: Annotated[WallDateOrTime | None, Field(alias="from")] = None
    """A date, or a date and time, inclusive."""
    until: WallDateOrTime | None = None
    """A date, or a date and time, exclusive."""

    @model_validator(mode="after")
    def _is_some_time(self) -> EffectiveEntry:
        if self.from_ is not None and self.until is not None and self.until <= self.from_:
            raise mistake(
                "it ends before it begins",
                expected="`until` after `from`",
                remedy="correct one of the two",
                at=("until",),
            )
        return self


class ClosuresEntry(Schema):
    """The only days on which a layer is there, or days on which it is not: public holidays, dates."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    only_on: Annotated[tuple[DaysNamed, ...], Field(min_length=1), OneOrMore()] | None = None
    """There on these days alone: `fr-public-holidays`, a list of the team's `dates`, or dates."""
    except_on: Annotated[tuple[DaysNamed, ...], Field(min_length=1), OneOrMore()] | None = None
    """Not there on these days."""

    @model_validator(mode="after")
    def _names_days(self) -> ClosuresEntry:
        if self.only_on is None and self.except_on is None:
            raise mistake(
                "no days are named",
                expected="`only_on` or `except_on`",
                remedy="write `{except_on: fr-public-holidays}`, or remove `closures`",
            )
        return self


class LayerEntry(Schema):
    """A rotation within windows of the week. The last layer that has someone wins."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["rotation"]}, {"required": ["calendar"]}]}
    )

    id: Id
    """Its name in steps and in answers."""
    kind: Kind = "astreinte"
    """`astreinte`: at home, interventions are work. `permanence`: the whole slot is work."""
    window: Windows | None = None
    """When in the week it is there: one window, or several. Default: always."""
    rotation: RotationEntry | None = None
    """Who takes turns."""
    calendar: CalendarEntry | None = None
    """An iCalendar file or feed that says who is on call, instead of a rotation."""
    effective: EffectiveEntry = EffectiveEntry()
    """From when until when it is in force. Default: always."""
    closures: ClosuresEntry | None = None
    """On which days it is there or not: public holidays, dates of your own."""

    @model_validator(mode="after")
    def _has_agents(self) -> LayerEntry:
        if (self.rotation is None) == (self.calendar is None):
            raise mistake(
                "it is not said who is on call"
                if self.rotation is None
                else "it is said twice who is on call",
                found="neither `rotation` nor `calendar`" if self.rotation is None else "both",
                expected="`rotation`, or `calendar`",
                remedy="add `rotation: {members: [...]}`"
                if self.rotation is None
                else "write a layer for each",
            )
        return self
