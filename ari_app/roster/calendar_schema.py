"""How a layer names the calendar that says who is on call: a file, or the address of a feed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.feed_address import feed_address
from .fields import Id


class CalendarEntry(Schema):
    """Where a calendar is: a `file` by the roster, a `url`, or a `feed` whose address is in the settings."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [each]} for each in ("file", "url", "feed")]}
    )

    file: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    """An iCalendar file; its path begins at the folder of the roster."""
    url: Annotated[str, AfterValidator(feed_address)] | None = None
    """The address of an iCalendar feed, if it is no secret."""
    feed: Id | None = None
    """The name of a feed whose address is a secret, among the settings."""
    every: Annotated[Duration, between(60, 86400)] = 900.0
    """How often the feed is read, 1m to 24h."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let editors know that a path or an address may be written alone."""
        return {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 400}, handler(schema)]}

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
