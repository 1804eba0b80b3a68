"""`webhook`: ask an HTTP service about the call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ...core.documents import mistake
from ...core.durations import Duration, between
from ...core.logs import get_logger
from ..fields import Name, Prompts, ToNode, Variable
from ..http_service import ServiceFailed, ask, found_in
from ..step import Step
from ..words import Word

if TYPE_CHECKING:
    from ..walk import Walk

log = get_logger(__name__)

SILENCE_SECONDS = 1.0
"""How long a caller hears nothing before they are told to wait."""
AGAIN_SECONDS = 5.0
"""The pause before they are told again."""


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        right = False
    if not right:
        raise mistake(
            "this is no address of an HTTP service",
            expected="`https://` and a host, without a user's name or password",
            remedy="write the address as in `https://crm.example.com/calls`; secrets go in `headers`",
        )
    return url


class Webhook(Step):
    """Ask an HTTP service about the call; what it answers can be kept, and lead on."""

    words: ClassVar[tuple[Word, ...]] = (Word.CALLER_WAIT,)

    url: Annotated[str, StringConstraints(max_length=500), AfterValidator(_address)] = Field(
        description="Where to POST. The path may hold `${NAME}`, from the environment."
    )
    headers: dict[
        Annotated[str, StringConstraints(pattern="^[A-Za-z0-9-]{1,60}$")],
        Annotated[str, StringConstraints(max_length=500)],
    ] = Field({}, description="Headers; `${NAME}` is replaced by the environment's value.")
    send: tuple[Variable, ...] = Field((), description="The variables of the call that the service is told.")
    timeout: Annotated[Duration, between(1, 30)] = Field(
        5.0, description="How long the service has to answer.", json_schema_extra={"default": "5s"}
    )
    wait: Prompts | None = Field(
        None, description="Said when it takes longer than a second; the line's own `caller-wait` otherwise."
    )
    take: Annotated[
        dict[Name, Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=100)]],
        Field(max_length=50),
    ] = Field({}, description="Variable → where it stands in the answer, such as `client.level`.")
    branch_on: Variable | None = Field(None, description="The variable of `take` that says where to go on.")
    branches: dict[str, ToNode] = Field({}, description="Its value → the next node.")
    goto: ToNode = Field(description="The next node after an answer that no branch is for.")
    failed: ToNode = Field(description="The next node when there was no answer, or none that can be used.")

    @model_validator(mode="after")
    def _branches_on_what_is_taken(self) -> Self:
        if self.branch_on is not None and self.branch_on not in self.take:
            raise mistake(
                f"`{self.branch_on}` is not taken from the answer",
                expected="a variable of `take`",
                remedy=f"add `{self.branch_on}` to `take`, with where it stands in the answer",
                at=("branch_on",),
            )
        if (self.branch_on is None) != (not self.branches):
            raise mistake(
                "`branches` and `branch_on` go together",
                found="one of them",
                expected="the variable that says where to go on, and a node for its values",
                remedy="add the other, or remove this one",
            )
        return self

    def stores(self) -> Iterable[str]:
        """Return the variables of `take`."""
        return self.take

    async def visit(self, walk: Walk) -> str:
        """Ask, and go on with what was answered."""
        variables = {name: walk.variables[name] for name in self.send if name in walk.variables}
        question = {**walk.known(), "variables": variables}
        try:
            answer = await self._answer(walk, question)
        except ServiceFailed as error:
            walk.note("webhook.failed", node=walk.node, reason=str(error))
            log.warning("webhook.failed", node=walk.node, reason=str(error))
            return self.failed
        found = {name: found_in(answer, path) for name, path in self.take.items()}
        walk.variables |= {name: value for name, value in found.items() if value is not None}
        branch = _as_text(found[self.branch_on]) if self.branch_on else None
        walk.note("webhook.answered", node=walk.node, branch=branch)
        return self.branches.get(branch or "", self.goto)

    async def _answer(self, walk: Walk, question: Mapping[str, object]) -> Mapping[str, Any]:
        """Return the service's answer; a caller who waits for it longer than a moment is told so."""
        asking = asyncio.ensure_future(ask(self.url, question, self.headers, self.timeout))
        telling: asyncio.Future[None] | None = None
        try:
            await asyncio.wait([asking], timeout=SILENCE_SECONDS)
            if not asking.done():
                telling = asyncio.ensure_future(self._tell_to_wait(walk))
                await asyncio.wait([asking, telling], return_when=asyncio.FIRST_COMPLETED)
                if telling.done():
                    telling.result()  # it ends by what the phone raises alone
                await _cancelled(telling)
                await walk.phone.quiet()
            return await asking
        finally:
            await _cancelled(asking, *([telling] if telling else []))

    async def _tell_to_wait(self, walk: Walk) -> None:
        while True:
            if self.wait:
                await walk.say_prompts(self.wait, barge_in=False)
            else:
                await walk.say_words(Word.CALLER_WAIT, barge_in=False)
            await asyncio.sleep(AGAIN_SECONDS)


async def _cancelled(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
