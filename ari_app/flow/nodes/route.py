"""`route`: ring who is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ..fields import ToNode
from ..phone import Connection, Destination
from ..step import Step

if TYPE_CHECKING:
    from ..walk import Walk


class Ringing(Step):
    """A node that looks for somebody to talk to; the flow ends when the two have talked."""

    ends: ClassVar[bool] = True
    rings: ClassVar[bool] = True

    nobody: ToNode = Field(description="The next node when everybody was tried and nobody took the call.")
    off_duty: ToNode | None = Field(
        None, description="The next node when nobody is on call at all; `nobody` if it is not given."
    )

    def destination(self) -> Destination | None:
        """Return who is rung, None for who is on call for the caller's reason."""
        return None

    async def visit(self, walk: Walk) -> str | None:
        """Ring, and let the two talk."""
        match await walk.connect(self.destination()):
            case Connection.TALKED:
                return None
            case Connection.NOBODY:
                return self.nobody
            case Connection.NOT_ON_DUTY:
                return self.off_duty or self.nobody


class Route(Ringing):
    """Ring who is on call for the caller's reason; the flow ends when the two have talked."""
