"""`hours`: go on by the time of day, the day of the week and public holidays."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from ...core.documents import Schema, mistake
from ...core.one_or_more import OneOrMore
from ...core.public_holidays import names_of_holidays, public_holidays
from ...core.suggest import nearest
from ...core.times import DAYS, Day, TimeOfDay, Zone, minutes
from ..fields import ToNode
from ..step import Step

if TYPE_CHECKING:
    from ..walk import Walk

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Window(Schema):
    """A span of the day that recurs on some days of the week; `days` are those on which it starts."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    """The days on which it starts. Default: every day."""
    from_: Annotated[TimeOfDay, Field(alias="from")]
    """`HH:MM`."""
    to: TimeOfDay
    """`HH:MM`; not after `from`: on the next day; the same as `from`: 24 hours."""

    def holds(self, wall: datetime) -> date | None:
        """Return the day whose window a wall time is in, None if it is in none.

        An end that is not after the start is on the next day.
        """
        minute, start, end = wall.hour * 60 + wall.minute, minutes(self.from_), minutes(self.to)
        today, overnight = wall.date(), end <= start
        if self._starts_on(today) and minute >= start and (overnight or minute < end):
            return today
        if self._starts_on(yesterday := today - timedelta(days=1)) and overnight and minute < end:
            return yesterday
        return None

    def _starts_on(self, day: date) -> bool:
        return DAYS[day.weekday()] in self.days


def _holiday(value: Any) -> str:
    """Return a date, or the name of a place's public holidays."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise mistake(
                "this is not a date", expected="a day that the calendar has", remedy="mend it"
            ) from None
        return value
    if not isinstance(value, str) or public_holidays(value) is None:
        known = names_of_holidays(value[:2]) if isinstance(value, str) else []
        near = nearest(value, known)
        raise mistake(
            "these are no known holidays",
            expected="`fr-public-holidays`, `de-by-public-holidays`, or a date such as `2026-12-24`",
            remedy=f"did you mean `{near}`?" if near else "write the country's code (ISO 3166) first",
        )
    return value


class Hours(Step):
    """Go on by the time of day, the day of the week and public holidays."""

    timezone: Zone = Field(description="The IANA time zone of the times below.")
    window: Annotated[tuple[Window, ...], Field(min_length=1, max_length=50), OneOrMore()] = Field(
        description="When it is open, as in rosters: one window or several."
    )
    holidays: Annotated[
        tuple[Annotated[str, BeforeValidator(_holiday)], ...],
        Field(max_length=400),
        OneOrMore(),
    ] = Field((), description="Days that are holidays: `fr-public-holidays`, dates, or both in a list.")
    open: ToNode = Field(description="The next node within a window.")
    closed: ToNode = Field(description="The next node outside of every window.")
    holiday: ToNode | None = Field(
        None, description="The next node on a holiday; `closed` if it is not given."
    )

    async def visit(self, walk: Walk) -> str:
        """Look at the clock."""
        wall = walk.phone.now().astimezone(self.timezone)
        day = next((day for each in self.window if (day := each.holds(wall))), None)
        if self._is_holiday(day or wall.date()):
            walk.note("hours.answer", node=walk.node, answer="holiday")
            return self.holiday or self.closed
        walk.note("hours.answer", node=walk.node, answer="open" if day else "closed")
        return self.open if day else self.closed

    def _is_holiday(self, day: date) -> bool:
        return any(
            day.toordinal() in calendar
            if (calendar := public_holidays(each))
            else date.fromisoformat(each) == day
            for each in self.holidays
        )
