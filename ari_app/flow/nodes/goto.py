"""`goto`: go on at another node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from ..fields import ToNode
from ..step import Step

if TYPE_CHECKING:
    from ..walk import Walk


class Goto(Step):
    """Go on at another node: a place with a second name, which is changed in one line."""

    node: ToNode = Field(description="The next node.")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let editors know that the name may be written alone."""
        written = handler(schema)
        name = handler.resolve_ref_schema(written)["properties"]["node"]
        return {"anyOf": [name, written]}

    @model_validator(mode="before")
    @classmethod
    def _is_a_name(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"node": value}

    async def visit(self, walk: Walk) -> str:
        """Go there."""
        return self.node
