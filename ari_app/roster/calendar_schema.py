"""How a layer names the calendar that says who is on call: a file, or the address of a feed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.feed_address import feed_address
from .fields import Id


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
