"""Which numbers the line calls back: strangers say them, and it is at the line's expense."""

from __future__ import annotations

import pytest

from ari_app.callers.callable_numbers import CallableNumbers
from ari_app.core.settings import CallbackSettings, DialSettings, Settings

FRENCH, BRITISH, AMERICAN = "+33199000100", "+442079460100", "+12125550100"


def callable_from(line: str, **words: object) -> CallableNumbers:
    """Return the numbers that a line calls back, with these settings of `callbacks`."""
    settings = Settings(
        lines={"default": "menu", line: "menu"}, callbacks=CallbackSettings.model_validate(words)
    )
    return CallableNumbers.of(settings, line)


@pytest.mark.parametrize(
    ("line", "number", "called"),
    [
        (FRENCH, "+33612345678", "+33612345678"),  # as most carriers say it
        (FRENCH, "33612345678", "+33612345678"),  # as some do
        (FRENCH, "0033612345678", "+33612345678"),
        (FRENCH, "0612345678", "+33612345678"),
        (FRENCH, "0199001234", "+33199001234"),
        (FRENCH, "0949001234", "+33949001234"),  # over the Internet
        (FRENCH, "+33899701234", None),  # premium rate
        (FRENCH, "0811221234", None),  # shared cost
        (FRENCH, "0800123456", None),  # free for who calls, and nobody's telephone
        (FRENCH, "3900", None),
        (FRENCH, "112", None),
        (FRENCH, "15", None),
        (FRENCH, "+442079460000", None),  # abroad
        (FRENCH, "00442079460000", None),
        (FRENCH, "+262262123456", None),
        (FRENCH, "+8816123456", None),  # by satellite
        (FRENCH, "+88212345678", None),
        (FRENCH, "+33199000100", None),  # the line itself
        (FRENCH, "0199000100", None),
        (FRENCH, "+331990", None),
        (FRENCH, "", None),
        (FRENCH, None, None),
        (FRENCH, "anonymous", None),
        (FRENCH, "+33612345678&PJSIP/bruno", None),
        (FRENCH, "+33612345678@evil", None),
        (FRENCH, "+33612345678\r\nX-Evil: 1", None),
        (FRENCH, "+33612345678;ext=12", None),
        (FRENCH, "+33 6 12 34 56 78", None),  # a text, not what a network says
        (FRENCH, "tel:+33612345678", None),
        (FRENCH, "${EXTEN}", None),
        (FRENCH, "\u0660\u0661", None),  # digits, in Arabic
        (FRENCH, "9" * 500, None),
        (BRITISH, "+442079460000", "+442079460000"),
        (BRITISH, "+441534123456", None),  # Jersey: the same code, and not the same price
        (AMERICAN, "+12125550123", "+12125550123"),
        (AMERICAN, "+18765551234", None),  # Jamaica
        (AMERICAN, "+19005551234", None),
    ],
)
def test_by_default_ordinary_numbers_of_the_lines_country_are_called(
    line: str, number: str | None, called: str | None
) -> None:
    assert callable_from(line).number(number) == called


@pytest.mark.parametrize(
    ("number", "called"),
    [
        ("+3225551234", "+3225551234"),
        ("+262262123456", "+262262123456"),
        ("+33612345678", "+33612345678"),
        ("+33899701234", None),  # a prefix lets no premium rate through
        ("+442079460000", None),
    ],
)
def test_prefixes_say_what_else_is_called(number: str, called: str | None) -> None:
    assert callable_from(FRENCH, prefixes=["+33", "+32", "+262"]).number(number) == called


def test_the_country_may_be_said_where_the_line_has_no_number() -> None:
    assert callable_from("default").number("+33612345678") is None
    settings = Settings(
        lines={"default": "menu"},
        dial=DialSettings(caller_id=FRENCH),
        callbacks=CallbackSettings(country="BE"),
    )
    numbers = CallableNumbers.of(settings, "100")
    assert numbers.number("+3225551234") == "+3225551234"
    assert numbers.number("025551234") == "+3225551234"
    assert numbers.number("+33612345678") is None
    assert numbers.shown == FRENCH


@pytest.mark.parametrize(
    ("number", "spoken"), [("+33612345678", "0612345678"), ("+3225551234", "+3225551234")]
)
def test_numbers_are_read_out_as_people_say_them(number: str, spoken: str) -> None:
    assert callable_from(FRENCH).spoken(number) == spoken
