"""Days that are unlike the others of their week: public holidays, and dates of an admin's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..core.public_holidays import PublicHolidays


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates of an admin's own, as ordinals."""

    days: frozenset[int]

    def __contains__(self, day: int) -> bool:
        """Tell whether a day (its ordinal) is one of them."""
        return day in self.days

    def of_year(self, year: int) -> frozenset[int]:
        """Return those of a year, as ordinals."""
        return frozenset(day for day in self.days if date.fromordinal(day).year == year)


Days = PublicHolidays | Dates


@dataclass(frozen=True, slots=True)
class Closures:
    """Which days are open: those of a calendar of `only_on` if there is one, but those of `except_on`."""

    only_on: tuple[Days, ...] = ()
    except_on: tuple[Days, ...] = ()

    def is_open(self, day: int) -> bool:
        """Tell whether a day (its ordinal) is open."""
        for days in self.except_on:
            if day in days:
                return False
        for days in self.only_on:
            if day in days:
                return True
        return not self.only_on

    def days_named(self, year: int) -> frozenset[int]:
        """Return the days of a year that a calendar names, as ordinals; all others are like one another."""
        days = (calendar.of_year(year) for calendar in (*self.only_on, *self.except_on))
        return frozenset[int]().union(*days)
