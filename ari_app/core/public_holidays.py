"""Public holidays by name: those of the `holidays` library, by country and subdivision.

It takes half a second to load, so that only files that name them pay for it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_NAME = re.compile(r"([a-z]{2})(?:-([a-z0-9-]{1,60}))?-public-holidays")
_OUR_NAMES = {("FR", "alsace-moselle"): "57"}
"""Readable names of our own. Alsace (6AE) and Moselle (57) have the same days."""


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """The public holidays of a country (ISO 3166-1), or of a subdivision of it (as the library names it)."""

    country: str
    subdivision: str | None

    def __contains__(self, day: int) -> bool:
        """Tell whether a day (its ordinal) is a holiday."""
        return day in self.of_year(date.fromordinal(day).year)

    def of_year(self, year: int) -> frozenset[int]:
        """Return the holidays of a year, as ordinals."""
        return _holidays_of(self.country, self.subdivision, year)


def public_holidays(name: str) -> PublicHolidays | None:
    """Return the public holidays that a name stands for, None when the library knows no such place."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    country, place = match[1].upper(), match[2]
    places = _places(country)
    if places is None or (place is not None and place not in places):
        return None
    return PublicHolidays(country, places[place] if place is not None else None)


def names_of_holidays(country: str) -> list[str]:
    """Return every name of public holidays in a country (`fr`); none when the library does not know it."""
    places = _places(country.upper())
    if places is None:
        return []
    return [
        f"{country}-public-holidays",
        *(f"{country}-{place}-public-holidays" for place in sorted(places)),
    ]


@lru_cache(maxsize=256)
def _places(country: str) -> dict[str, str] | None:
    """Return the subdivisions of a country: how an admin writes each, and how the library does."""
    from holidays import country_holidays  # noqa: PLC0415 - half a second, for those who use it

    try:
        known = country_holidays(country)
    except NotImplementedError:
        return None
    names = {code: code for code in known.subdivisions} | known.subdivisions_aliases
    places = {_readable(name): code for name, code in names.items()}
    places |= {name: code for (where, name), code in _OUR_NAMES.items() if where == country}
    return places


def _readable(name: str) -> str:
    """Return a name in small letters without accents, its words joined by `-`."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", letters))


@lru_cache(maxsize=1 << 12)
def _holidays_of(country: str, subdivision: str | None, year: int) -> frozenset[int]:
    from holidays import country_holidays  # noqa: PLC0415 - half a second, for those who use it

    days = country_holidays(country, subdiv=subdivision, years=year, expand=False)
    return frozenset(day.toordinal() for day in days)
