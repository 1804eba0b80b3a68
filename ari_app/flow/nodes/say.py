"""`say`: say something, go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ..fields import ToNode
from ..step import Saying

if TYPE_CHECKING:
    from ..walk import Walk


class Say(Saying):
    """Say something, then go on. A key cuts it short and counts for the next menu."""

    goto: ToNode = Field(description="The next node.")

    async def visit(self, walk: Walk) -> str:
        """Say it."""
        await walk.say(self)
        return self.goto
