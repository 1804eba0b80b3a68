"""An agent's phone as Asterisk dials it."""

from __future__ import annotations

import phonenumbers

from ..ami import PhoneState
from ..core.settings import DialSettings
from ..roster.plan import Phone
from .desk import Desk


def endpoint_of(phone: Phone, dial: DialSettings) -> str:
    """Return the dial string of a phone: `PJSIP/alice`, or `PJSIP/+33612345678@trunk`.

    Every part of it was validated when the roster was read; nothing of a caller is in it.
    """
    if phone.scheme == "sip":
        return f"PJSIP/{phone.address}"
    return endpoint_of_number(phone.address, dial)


def endpoint_of_number(e164: str, dial: DialSettings) -> str:
    """Return the dial string of a telephone number, which the trunk leads to."""
    return f"PJSIP/{_number(e164, dial)}@{dial.trunk}"


def known_state(phone: Phone, desk: Desk) -> PhoneState:
    """Return a phone's state as Asterisk last told; one beyond the trunk has none."""
    return desk.phone_state(phone.address) if phone.scheme == "sip" else PhoneState.UNKNOWN


def _number(e164: str, dial: DialSettings) -> str:
    match dial.number_format:
        case "e164":
            return e164
        case "digits":
            return e164.removeprefix("+")
        case "national":
            number = phonenumbers.parse(e164)
            national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
            return "".join(character for character in national if character.isdigit())
