"""`menu`: ask for a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ...core.documents import Schema
from ...core.durations import Duration, between
from ..fields import Key, Prompts, Reason, Spoken, ToNode
from ..step import Saying, Way

if TYPE_CHECKING:
    from ..walk import Walk


class Choice(Schema):
    """What a key does."""

    goto: ToNode = Field(description="The next node.")
    language: Spoken | None = Field(None, description="Speak this language from here on.")
    reason: Reason | None = Field(None, description="The caller calls for this reason.")


class Menu(Saying):
    """Ask for a key."""

    asks: ClassVar[bool] = True

    keys: Annotated[dict[Key, Choice], Field(min_length=1)] = Field(description="What each key does.")
    otherwise: ToNode = Field(description="The next node when no key, or no right one, was pressed.")
    timeout: Annotated[Duration, between(1, 60)] = Field(
        6.0,
        description="How long to wait for a key once everything was said.",
        json_schema_extra={"default": "6s"},
    )
    retries: Annotated[int, Field(ge=0, le=9)] = Field(2, description="How often the menu is said again.")
    invalid: Prompts | None = Field(None, description="Said after a key that the menu does not have.")
    silence: Prompts | None = Field(None, description="Said after the timeout, before the menu comes again.")
    barge_in: bool = Field(True, description="Whether a key cuts the words short.")

    def silent_ways(self) -> list[Way]:
        """Return `otherwise` alone."""
        return [(("otherwise",), self.otherwise)]

    async def visit(self, walk: Walk) -> str:
        """Ask until a key leads on, or the tries are used up."""
        for tries_left in range(self.retries, -1, -1):
            await walk.say(self, barge_in=self.barge_in)
            key = await walk.key(self.timeout)
            if key is None:
                walk.note("menu.silence", node=walk.node)
                answer = self.silence
            elif choice := self.keys.get(key):
                walk.note("menu.key", node=walk.node, key=key)
                walk.choose(language=choice.language, reason=choice.reason)
                return choice.goto
            elif (elsewhere := walk.led_away_by(key)) is not None:
                return elsewhere
            else:
                walk.note("menu.invalid", node=walk.node, key=key)
                answer = self.invalid
            if answer and tries_left:
                await walk.say_prompts(answer, self.languages, barge_in=self.barge_in)
        return self.otherwise
