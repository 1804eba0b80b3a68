"""`goto`: go on at another node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import model_validator

from ..fields import ToNode
from ..step import Step

if TYPE_CHECKING:
    from ..walk import Walk


class Goto(Step):
    """Go on at another node: a place with a second name, which is changed in one line."""

    node: ToNode

    @model_validator(mode="before")
    @classmethod
    def _is_a_name(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"node": value}

    async def visit(self, walk: Walk) -> str:
        """Go there."""
        return self.node
