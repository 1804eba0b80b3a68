"""A country as an admin writes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from .documents import mistake


def _country(value: Any) -> str:
    import phonenumbers  # noqa: PLC0415 - every command reads the settings, and few of them name a country

    if isinstance(value, str) and value in phonenumbers.SUPPORTED_REGIONS:
        return value
    raise mistake(
        "this is not a country",
        expected="the ISO 3166 code of a country, in capitals, such as `FR` or `BE`",
        remedy="write the country's code, which is not always how its web addresses end: `GB`, not `UK`",
    )


Country = Annotated[
    str, BeforeValidator(_country), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})
]
"""The ISO 3166 code of a country that has telephone numbers."""
