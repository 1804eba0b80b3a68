"""`caller`: go on by who calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ..fields import ToNode
from ..step import Step

if TYPE_CHECKING:
    from ..walk import Walk


class Caller(Step):
    """Go on by who calls: a VIP, somebody who withholds their number, or anybody else."""

    vip: ToNode | None = Field(None, description="The next node of VIPs; as `otherwise` if it is not given.")
    anonymous: ToNode | None = Field(
        None, description="The next node of callers without a number; as `otherwise` if it is not given."
    )
    otherwise: ToNode = Field(description="The next node of everybody else.")

    async def visit(self, walk: Walk) -> str:
        """Look, and go on."""
        if walk.vip:
            answer, node = "vip", self.vip
        elif walk.phone.caller.number is None:
            answer, node = "anonymous", self.anonymous
        else:
            answer, node = "otherwise", None
        walk.note("caller.answer", node=walk.node, answer=answer)
        return node or self.otherwise
