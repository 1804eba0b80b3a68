"""How a layer names the calendar that says who is on call: a file, or the address of a feed."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from .fields import Id

LONGEST_ADDRESS = 2048


def feed_address(text: str) -> str:
    """Return the address of a feed as it is fetched; `webcal:` is what programs call `https:` there.

    Raises pydantic's custom error, without the address: who knows it can read the calendar.
    """
    try:
        url = urlsplit(text)
        fits = url.scheme in {"http", "https", "webcal", "webcals"} and url.hostname and url.port != 0
    except ValueError:
        fits = False
    if not fits or len(text) > LONGEST_ADDRESS or not text.isprintable() or " " in text:
        raise mistake(
            "this is not the address of a calendar",
            found="an address that is not shown here",
            expected="`https://HOST/…`, as the calendar's program gives it for iCal or ICS",
            remedy="copy it again, whole; a file is named by its path",
        )
    return text if url.scheme in {"http", "https"} else f"https:{text.partition(':')[2]}"


class CalendarEntry(Schema):
    """Where a calendar is: a `file` by the roster, a `url`, or a `feed` whose address is in the settings."""

    file: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    url: Annotated[str, AfterValidator(feed_address)] | None = None
    feed: Id | None = None
    every: Annotated[Duration, between(60, 86400)] = 900.0

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"url" if "://" in value else "file": value}
        return value

    @model_validator(mode="after")
    def _is_somewhere(self) -> CalendarEntry:
        if sum(each is not None for each in (self.file, self.url, self.feed)) != 1:
            raise mistake(
                "a calendar is in one place",
                found="another number of them",
                expected="one of `file`, `url` or `feed`",
                remedy="keep the one that is meant, or write the address alone: `calendar: https://…`",
            )
        return self
