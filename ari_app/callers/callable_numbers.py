"""Which numbers the line calls back. A stranger says which one: the rules are those against toll fraud."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from ..core.settings import Settings, safe_number

SOMEBODYS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
"""Kinds of number that somebody has as their telephone's and that cost what a call costs."""


@dataclass(frozen=True, slots=True)
class CallableNumbers:
    """The numbers that may be called back from a line.

    `shown` is the line's own number, as those who are called see it: without one nobody is called.
    `prefixes` are how numbers must begin; without any they must be of `country`, which is less than its
    calling code: `+1` is that of Jamaica, too, and `+44` that of Jersey.
    """

    shown: str | None
    country: str | None
    prefixes: tuple[str, ...]
    ours: frozenset[str]
    """The line's own numbers: it does not call itself."""

    @classmethod
    def of(cls, settings: Settings, line: str) -> CallableNumbers:
        """Return those of a line, by the number that was called."""
        wanted = settings.callbacks
        dial = settings.dial.caller_id
        shown = safe_number(dial) or safe_number(line) or next(filter(safe_number, settings.lines), None)
        country = wanted.country or _country_of(shown)
        ours = {_e164(each, country) for each in (*settings.lines, line, shown or "")}
        return cls(shown, country, wanted.prefixes, frozenset(each for each in ours if each))

    def number(self, text: str | None) -> str | None:
        """Return a number in E.164; None for one that is not called."""
        safe = safe_number(text) or ""
        number = _e164(safe, self.country) or _e164(f"+{safe}", None)  # some carriers leave the `+` out
        if number is None or self.shown is None or number in self.ours:
            return None
        parsed = phonenumbers.parse(number)
        if self.prefixes:
            near = number.startswith(self.prefixes)
        else:
            near = phonenumbers.region_code_for_number(parsed) == self.country is not None
        return number if near and phonenumbers.number_type(parsed) in SOMEBODYS else None

    def spoken(self, number: str) -> str:
        """Return a number's signs as people of the line's country would read it out."""
        parsed = phonenumbers.parse(number)
        if self.country not in phonenumbers.region_codes_for_country_code(parsed.country_code or 0):
            return number
        national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        return "".join(filter(str.isdigit, national))


def _e164(text: str, country: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _country_of(number: str | None) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) if number else None
    except phonenumbers.NumberParseException:
        return None
