"""What every kind of node has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, Field

from ..core.documents import Loc, Schema
from .fields import (
    LanguageName,
    NodeName,
    PromptName,
    Prompts,
    ReasonName,
    SpokenLanguages,
    TeamName,
    VariableName,
)
from .words import Word

if TYPE_CHECKING:
    from .walk import Walk

Reference = NodeName | PromptName | ReasonName | LanguageName | VariableName | TeamName
"""A value that names something else: in the flow, or a team of the rosters."""
Way = tuple[Loc, NodeName]
"""A node that another leads to, and where it says so."""


class Step(Schema):
    """What a node does.

    A new kind of node is a subclass in a module of its own, and a field of `schema.Node`. What it refers to
    is found by the types of its fields; it tells of itself what cannot be seen there.
    """

    asks: ClassVar[bool] = False
    """Whether it waits for keys: `*` leads back to it, `0` away from it."""
    ends: ClassVar[bool] = False
    """Whether a call can end here, or an agent is looked for."""
    rings: ClassVar[bool] = False
    """Whether it looks for somebody to talk to."""
    words: ClassVar[tuple[Word, ...]] = ()
    """What of the line's own words its kind says."""

    @abstractmethod
    async def visit(self, walk: Walk) -> str | None:
        """Do it for a caller, and return the next node, None at the end of the flow."""

    def ways(self) -> list[Way]:
        """Return every node that it may lead to, and where it says so."""
        return [(loc, name) for loc, name in references(self) if isinstance(name, NodeName)]

    def silent_ways(self) -> list[Way]:
        """Return where a caller may get who presses nothing; nowhere where a call can end."""
        return [] if self.ends else self.ways()

    def own_words(self) -> Iterable[Word]:
        """Return what of the line's own words it says."""
        return self.words

    def stores(self) -> Iterable[str]:
        """Return the variables that it may set."""
        return ()


class Saying(Step):
    """A node that says something first."""

    prompt: Prompts = Field(description="The prompts to say, by name, one after the other.")
    languages: SpokenLanguages | None = Field(
        None, description="Say them in each of these languages, in this order, instead of the caller's."
    )


def references(value: object, loc: Loc = ()) -> Iterator[tuple[Loc, Reference]]:
    """Yield everything that a value names elsewhere, and where it does."""
    if isinstance(value, Reference):
        yield loc, value
    elif isinstance(value, BaseModel):
        for field, info in type(value).model_fields.items():
            yield from references(getattr(value, field), (*loc, info.alias or field))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from references(each, (*loc, key))
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from references(each, (*loc, number))
