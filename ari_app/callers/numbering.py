"""Telephone numbers as admins and carriers write them, made one form that can be compared: E.164.

`01 99 00 12 34`, `0033 1 99 00 12 34`, `33199001234` and `+33 1 99 00 12 34` are the same number in France.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

from ..core.settings import safe_number

LONGEST_SHORT = 6
"""Digits: an extension or a short number (3900) has no more, and no country's code before it."""
_NOT_DIALLED = re.compile(r"[ .()/-]")
_SHORT = re.compile(f"[0-9]{{2,{LONGEST_SHORT}}}")


class Numbering:
    """How numbers are read; `country` (ISO 3166-1) is the one that those without a country's code are of."""

    def __init__(self, country: str | None = None) -> None:
        self.country = country
        plan = PhoneMetadata.metadata_for_region(country) if country else None
        self._code = f"+{plan.country_code}" if plan else None
        self._trunk_prefix = (plan.national_prefix if plan else None) or ""

    def of_caller(self, text: str | None) -> str | None:
        """Return a caller's number as it is looked up; None for one that is withheld, or no number."""
        number = safe_number(text)
        if number is None or _SHORT.fullmatch(number):
            return number
        return self._e164(number, self.country) or self._e164(f"+{number.lstrip('+')}") or number

    def of_entry(self, text: str) -> str | None:
        """Return a number that an admin wrote; None if it is none, or lacks its country."""
        number = _NOT_DIALLED.sub("", text)
        return number if _SHORT.fullmatch(number) else self._e164(number, self.country)

    def of_beginning(self, text: str) -> str | None:
        """Return the beginning of numbers that an admin wrote (without its `*`); None as above."""
        digits = _NOT_DIALLED.sub("", text)
        if digits.startswith("00") and self._trunk_prefix == "0":
            digits = f"+{digits[2:]}"
        if digits.startswith("+"):
            return digits if len(digits) > 1 and digits[1] != "0" else None  # no country's code begins with 0
        if self._code is None or not digits:
            return None
        return self._code + digits.removeprefix(self._trunk_prefix)

    def _e164(self, number: str, country: str | None = None) -> str | None:
        try:
            parsed = phonenumbers.parse(number, country)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_possible_number(parsed):
            return None
        return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
