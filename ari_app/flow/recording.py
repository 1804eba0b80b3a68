"""How the talk of caller and agent is recorded: a part of `Ringing` nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from .fields import Key, Prompts
from .phone import TalkRecording

if TYPE_CHECKING:
    from .walk import Walk

AGAIN = "#"
"""The key that says the announcement again."""
TRIES = 5
"""Keys that are read after an announcement: those that were pressed before it, too."""


class Record(Schema):
    """That a talk is recorded: who is told so, and how long that is kept."""

    announce: Prompts = Field(
        description="Said before anything is recorded: that it is, what for, for how long, which key objects."
    )
    keep_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        description="After how many days a recording is deleted, counted from the call."
    )
    start: Literal["always", "on-demand"] = Field(
        "always", description="By itself when they talk, or when the agent presses `keys.record`."
    )
    objection: Key | None = Field(
        None, description="The key with which callers object: they are not recorded then."
    )
    timeout: Annotated[Duration, between(1, 10)] = Field(
        2.0,
        description="How long that key is waited for after the announcement.",
        json_schema_extra={"default": "2s"},
    )

    @model_validator(mode="after")
    def _objection_is_no_other_key(self) -> Self:
        if self.objection == AGAIN:
            raise mistake(
                f"`{AGAIN}` says the announcement again",
                expected="another key",
                remedy='name another key, such as "9"',
                at=("objection",),
            )
        return self

    async def announced(self, walk: Walk) -> TalkRecording:
        """Tell the caller, unless the agent is to begin; return how their talk is to be recorded."""
        said = walk.flow.prompts(self.announce, [walk.language])
        if self.start == "always" and not walk.objected:
            await self._announce(walk)
        return TalkRecording(
            keep_days=self.keep_days,
            announcement=said if self.start == "on-demand" else (),
            objection=self.objection,
            timeout=self.timeout,
            refused=walk.objected,
        )

    async def _announce(self, walk: Walk) -> None:
        await walk.say_prompts(self.announce, barge_in=False)
        walk.note("recording.announced", node=walk.node)
        if self.objection is None:
            return
        for _ in range(TRIES):
            key = await walk.key(self.timeout)
            if key is None:
                return
            if key == self.objection:
                walk.objected = True
                walk.note("recording.refused", node=walk.node)
                return
            if key == AGAIN:
                await walk.say_prompts(self.announce, barge_in=False)
