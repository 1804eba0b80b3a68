"""What may stand in a flow's file. `docs/flows.md` explains it to admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from ..core.documents import Schema, mistake
from ..core.suggest import one_of
from .fields import Beginning, Language, Languages, Name, Reason, Spoken, Text, ToNode
from .nodes.callback import Callback
from .nodes.caller import Caller as CallerNode
from .nodes.collect import Collect
from .nodes.goodbye import Goodbye
from .nodes.goto import Goto
from .nodes.hours import Hours
from .nodes.menu import Choice, Menu
from .nodes.route import Route
from .nodes.say import Say
from .nodes.set import Set
from .nodes.survey import Survey
from .nodes.transfer import Transfer
from .nodes.voicemail import Voicemail
from .nodes.webhook import Webhook
from .phone import Caller
from .step import Step

Texts = Annotated[dict[Language, Text], Field(min_length=1)]
"""The same words in each language."""


class Node(Schema):
    """One place of a flow: a single field names its kind and holds its details."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    say: Say | None = None
    menu: Menu | None = None
    collect: Collect | None = None
    hours: Hours | None = None
    caller: CallerNode | None = None
    set: Set | None = None
    webhook: Webhook | None = None
    goto: Goto | None = None
    route: Route | None = None
    transfer: Transfer | None = None
    voicemail: Voicemail | None = None
    callback: Callback | None = None
    survey: Survey | None = None
    goodbye: Goodbye | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_one_kind(cls, value: Any) -> Any:
        """A misspelt kind is left to the check of unknown fields, which knows the nearest one."""
        kinds = cls.model_fields
        if not isinstance(value, Mapping) or any(field not in kinds for field in value):
            return value
        given = [field for field in value if value[field] is not None]
        if len(given) != 1:
            raise mistake(
                "this node has no kind" if not given else "this node is of two kinds",
                found=one_of(given).replace(" or ", " and ") or "an empty node",
                expected=f"one of {one_of(kinds)}",
                remedy="give it one" if not given else "make two nodes of it",
            )
        return value

    @property
    def kind(self) -> str:
        """The field that is there."""
        return next(field for field in type(self).model_fields if getattr(self, field) is not None)

    @property
    def step(self) -> Step:
        """What the node does."""
        step = getattr(self, self.kind)
        assert isinstance(step, Step)  # noqa: S101 - every kind of node is one
        return step


class LanguageOf(Schema):
    """In which language callers begin, when it is not the flow's first.

    The called number counts before the caller's, and of the beginnings that fit a number the longest.
    """

    called: dict[Beginning, Spoken] = Field({}, description="How the called number begins → language.")
    caller: dict[Beginning, Spoken] = Field(
        {}, description="How the caller's number begins, such as `+44` → language."
    )

    def of(self, caller: Caller) -> str | None:
        """Return the language for a caller, None for the flow's first."""
        return _longest(self.called, caller.called) or _longest(self.caller, caller.number or "")


def _longest(languages: Mapping[str, str], number: str) -> str | None:
    fitting = [beginning for beginning in languages if number.startswith(beginning)]
    return str(languages[max(fitting, key=len)]) if fitting else None


class FlowFile(Schema):
    """One file of `ivr_flows/`: a flow."""

    flow: Name = Field(description="The flow's name; `lines` in the settings refer to it.")
    languages: Languages = Field(description="Every prompt exists in each; callers begin in the first.")
    language_of: LanguageOf = Field(
        LanguageOf(), description="The language that callers begin in, by number, instead of the first."
    )
    start: ToNode = Field(description="The node that callers begin at.")
    human: Choice | None = Field(
        None, description="What key 0 does wherever a question has no 0 of its own: a way to a human."
    )
    fallback_reason: Reason = Field(
        description="The reason of callers who chose none; also who is rung while the line itself is away."
    )
    reasons: Annotated[dict[Name, Texts], Field(min_length=1, max_length=200)] = Field(
        description="Why people call: each reason as agents hear it before they take a call."
    )
    nodes: Annotated[dict[Name, Node], Field(min_length=1, max_length=500)] = Field(
        description="What is said and asked, node by node."
    )
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
