"""What may stand in a flow's file. `docs/flows.md` explains it to admins."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from ..core.documents import Schema, mistake
from ..core.durations import Duration, between
from ..core.suggest import one_of
from .fields import Key, Language, Languages, Name, Names, Text

Texts = Annotated[dict[Language, Text], Field(min_length=1)]
"""The same words in each language."""


class Spoken(Schema):
    """What every node that says something has."""

    prompt: Names = Field(description="The prompts to say, by name, one after the other.")
    languages: Languages | None = Field(
        None, description="Say them in each of these languages, in this order, instead of the caller's."
    )


class Say(Spoken):
    """Say something, then go on. A key cuts it short and counts for the next menu."""

    goto: Name = Field(description="The next node.")


class Choice(Schema):
    """What a key of a menu does."""

    goto: Name = Field(description="The next node.")
    language: Language | None = Field(None, description="Speak this language from here on.")
    reason: Name | None = Field(None, description="The caller calls for this reason.")


class Menu(Spoken):
    """Ask for a key."""

    keys: Annotated[dict[Key, Choice], Field(min_length=1)] = Field(description="What each key does.")
    otherwise: Name = Field(description="The next node when no key, or no right one, was pressed.")
    timeout: Annotated[Duration, between(1, 60)] = Field(
        6.0,
        description="How long to wait for a key once everything was said.",
        json_schema_extra={"default": "6s"},
    )
    retries: Annotated[int, Field(ge=0, le=9)] = Field(2, description="How often the menu is said again.")
    invalid: Names | None = Field(None, description="Said after a key that the menu does not have.")
    silence: Names | None = Field(None, description="Said after the timeout, before the menu comes again.")
    barge_in: bool = Field(True, description="Whether a key cuts the words short.")


class Route(Schema):
    """Ring who is on call for the caller's reason; the flow ends when the two have talked."""

    nobody: Name = Field(description="The next node when everybody was tried and nobody took the call.")
    off_duty: Name | None = Field(
        None, description="The next node when nobody is on call at all; `nobody` if it is not given."
    )


class Goodbye(Spoken):
    """Say something and hang up."""


AnyNode = Say | Menu | Route | Goodbye
KINDS = ("say", "menu", "route", "goodbye")


class Node(Schema):
    """One place of a flow: a single field names its kind and holds its details."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    say: Say | None = None
    menu: Menu | None = None
    route: Route | None = None
    goodbye: Goodbye | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_one_kind(cls, value: Any) -> Any:
        """A misspelt kind is left to the check of unknown fields, which knows the nearest one."""
        if not isinstance(value, Mapping) or any(field not in KINDS for field in value):
            return value
        kinds = [field for field in value if value[field] is not None]
        if len(kinds) != 1:
            raise mistake(
                "this node has no kind" if not kinds else "this node is of two kinds",
                found=one_of(kinds).replace(" or ", " and ") or "an empty node",
                expected=f"one of {one_of(KINDS)}",
                remedy="give it one" if not kinds else "make two nodes of it",
            )
        return value

    @property
    def step(self) -> AnyNode:
        """What the node does."""
        step = self.say or self.menu or self.route or self.goodbye
        assert step is not None  # noqa: S101 - `_has_one_kind` saw one
        return step


class FlowFile(Schema):
    """One file of `ivr_flows/`: a flow."""

    flow: Name = Field(description="The flow's name; `lines` in the settings refer to it.")
    languages: Languages = Field(description="Every prompt exists in each; callers begin in the first.")
    start: Name = Field(description="The node that callers begin at.")
    fallback_reason: Name = Field(
        description="The reason of callers who chose none; also who is rung while the line itself is away."
    )
    reasons: Annotated[dict[Name, Texts], Field(min_length=1, max_length=200)] = Field(
        description="Why people call: each reason as agents hear it before they take a call."
    )
    nodes: Annotated[dict[Name, Node], Field(min_length=1, max_length=500)]
    prompts: Annotated[dict[Name, Texts], Field(min_length=1, max_length=1000)] = Field(
        description="Every prompt, in every language."
    )

    @model_validator(mode="after")
    def _languages_are_different(self) -> Self:
        for number, language in enumerate(self.languages):
            if language in self.languages[:number]:
                raise mistake(
                    f"the language `{language}` is there twice",
                    expected="each language once",
                    remedy="remove one of the two",
                    at=("languages", number),
                )
        return self


def editors_schema() -> str:
    """Return the JSON Schema of a flow's file: editors complete and check with it."""
    return json.dumps(FlowFile.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":  # python -m ari_app.flow.schema > ivr_flows/flow.schema.json
    sys.stdout.write(editors_schema())
