"""What callers hear, and may press, while somebody to talk to is looked for: a part of `Ringing` nodes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..core.documents import Schema
from ..core.durations import Duration, between
from .fields import Key, Prompts, ToNode


class WhileWaiting(Schema):
    """What is heard while telephones ring."""

    hear: Literal["ringing", "music"] = Field("ringing", description="What is heard all the time.")
    music: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = Field(
        "default", description="With `hear: music`: a class of Asterisk's `musiconhold.conf`."
    )
    say: Prompts | None = Field(None, description="The prompts that are said in between.")
    every: Annotated[Duration, between(2, 600)] = Field(
        20.0, description="How long until they are said again.", json_schema_extra={"default": "20s"}
    )
    tell_time: bool = Field(False, description="Say, after them, how long the caller has been waiting.")
    choices: dict[Key, ToNode] = Field(
        {}, description="Keys that end the search, each with the node that it leads to."
    )
