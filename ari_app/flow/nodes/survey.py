"""`survey`: ask the caller, once, how it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ...core.durations import Duration, between
from ..fields import Prompts, ToNode
from ..step import Saying

if TYPE_CHECKING:
    from ..walk import Walk

SCORES = "12345"
TRIES = 3
"""Keys that are read: who presses 6 may have meant 5."""
AGAIN = "#"


class Survey(Saying):
    """Ask for a score from 1 to 5, once. Only who has talked with an agent is asked."""

    ends: ClassVar[bool] = True

    timeout: Annotated[Duration, between(1, 60)] = Field(
        5.0, description="How long to wait for a key.", json_schema_extra={"default": "5s"}
    )
    thanks: Prompts | None = Field(None, description="Said to who has answered.")
    goto: ToNode | None = Field(None, description="The next node; without one the call is over.")

    async def visit(self, walk: Walk) -> str | None:
        """Ask, and note the answer if there is one."""
        if not walk.talked or walk.surveyed:
            return self.goto
        walk.surveyed = True
        await walk.say(self)
        for _ in range(TRIES):
            key = await walk.key(self.timeout)
            if key is None:
                break
            if key == AGAIN:
                await walk.say(self)
            if key in SCORES:
                walk.note("survey.answer", node=walk.node, score=int(key))
                if self.thanks:
                    await walk.say_prompts(self.thanks, self.languages, barge_in=False)
                return self.goto
        walk.note("survey.silence", node=walk.node)
        return self.goto
