"""`set`: note something about the call, go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ...core.documents import mistake
from ..fields import Name, Reason, Spoken, ToNode
from ..step import Step

if TYPE_CHECKING:
    from ..walk import Walk

Value = Annotated[str, StringConstraints(max_length=200)] | bool | int | float


class Set(Step):
    """Say what is known of the call from here on, then go on."""

    language: Spoken | None = Field(None, description="Speak this language from here on.")
    reason: Reason | None = Field(None, description="The caller calls for this reason.")
    priority: Annotated[int, Field(ge=0, le=9)] | None = Field(
        None, description="How urgent the call is: 0 at first, 9 at most."
    )
    vip: bool | None = Field(None, description="Whether the caller is a VIP, whatever the lists say.")
    variables: Annotated[dict[Name, Value], Field(max_length=50)] = Field(
        {}, description="Variables of the call, such as `{canal: web}`, for webhooks."
    )
    goto: ToNode = Field(description="The next node.")

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        given = (self.language, self.reason, self.priority, self.vip)
        if given == (None,) * len(given) and not self.variables:
            raise mistake(
                "this node sets nothing",
                expected="`language`, `reason`, `priority`, `vip` or `variables`",
                remedy="add what it shall set, or write `goto` instead of `set`",
            )
        return self

    def stores(self) -> Iterable[str]:
        """Return the names of `variables`."""
        return self.variables

    async def visit(self, walk: Walk) -> str:
        """Set it."""
        walk.choose(language=self.language, reason=self.reason)
        if self.priority is not None:
            walk.priority = self.priority
            walk.note("flow.priority", priority=self.priority)
        if self.vip is not None:
            walk.vip = self.vip
            walk.note("flow.vip", vip=str(self.vip).lower())
        walk.variables |= self.variables
        return self.goto
