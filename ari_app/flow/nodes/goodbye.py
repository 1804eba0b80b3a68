"""`goodbye`: say something and hang up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..step import Saying

if TYPE_CHECKING:
    from ..walk import Walk


class Goodbye(Saying):
    """Say something and hang up."""

    ends: ClassVar[bool] = True

    async def visit(self, walk: Walk) -> None:
        """Say it, to its end."""
        await walk.say(self, barge_in=False)
