"""`callback`: promise to call the caller back when an agent is free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ...core.durations import Duration, between
from ..fields import Prompts, ToNode
from ..phone import CallbackPlan
from ..step import Step, Way
from ..words import DIGITS, SIGNS, Word

if TYPE_CHECKING:
    from ..walk import Walk

CONFIRM, OTHER = "1", "2"
"""The keys after a number was read out; the line's own words name them."""
LONGEST_NUMBER = 18
"""Keys: 15 digits (ITU-T E.164) and what is dialled before them to call abroad."""


class Callback(Step):
    """Promise to call back. The caller confirms the number by a key; nobody is called who did not."""

    asks: ClassVar[bool] = True
    words: ClassVar[tuple[Word, ...]] = (
        Word.CALLBACK_NUMBER,
        Word.CALLBACK_CONFIRM,
        Word.CALLBACK_OTHER,
        Word.CALLBACK_TYPE,
        Word.CALLBACK_IMPOSSIBLE,
        Word.CALLBACK_NOTED,
        Word.CALLBACK_KEYS,
        Word.DIGIT_PLUS,
        *DIGITS,
    )

    prompt: Prompts | None = Field(None, description="Said first.")
    attempts: Annotated[int, Field(ge=1, le=50)] = Field(
        5, description="How often telephones ring in vain, an agent's or the caller's, until it is given up."
    )
    delays: Annotated[
        tuple[Annotated[Duration, between(1, 86400)], ...], Field(min_length=1, max_length=50)
    ] = Field(
        (300.0, 900.0, 1800.0, 3600.0),
        description="How long to wait after each; the last one from then on.",
        json_schema_extra={"default": ["5m", "15m", "30m", "1h"]},
    )
    within: Annotated[Duration, between(60, 86400)] = Field(
        8 * 3600.0, description="Until when it is tried.", json_schema_extra={"default": "8h"}
    )
    ring_for: Annotated[Duration, between(5, 120)] = Field(
        30.0,
        alias="for",
        description="How long the caller's telephone rings.",
        json_schema_extra={"default": "30s"},
    )
    then: ToNode | None = Field(
        None, description="The next node, on the call back, when the agent hung up first."
    )
    otherwise: ToNode = Field(description="The next node of a caller who is not to be called back.")
    timeout: Annotated[Duration, between(1, 60)] = Field(
        6.0, description="How long to wait for a key.", json_schema_extra={"default": "6s"}
    )
    retries: Annotated[int, Field(ge=0, le=9)] = Field(2, description="How often it is asked again.")

    def silent_ways(self) -> list[Way]:
        """Return `otherwise` alone."""
        return [(("otherwise",), self.otherwise)]

    async def visit(self, walk: Walk) -> str | None:
        """Ask for the number, and promise; the call is over then."""
        if self.prompt:
            await walk.say_prompts(self.prompt)
        callbacks, tries = walk.phone.callbacks, 0
        number = callbacks.number()
        if number is None and not callbacks.other_numbers:
            walk.note("callback.refused", node=walk.node, reason="number")
            await walk.say_words(Word.CALLBACK_IMPOSSIBLE, barge_in=False)
            return self.otherwise
        while tries <= self.retries:
            key = await self._confirmed(walk, number) if number else OTHER
            if key == CONFIRM and number:
                return await self._promise(walk, number)
            if key == OTHER and callbacks.other_numbers:
                number = await self._typed(walk)
                tries += number is None
                continue
            elsewhere = walk.led_away_by(key) if key else None
            if elsewhere not in (None, walk.node):
                return elsewhere
            tries += elsewhere is None
        return self.otherwise

    async def _confirmed(self, walk: Walk, number: str) -> str | None:
        """Read a number out; return the key that says what to do with it."""
        signs = [SIGNS[sign] for sign in walk.phone.callbacks.spoken(number)]
        other = (Word.CALLBACK_OTHER,) if walk.phone.callbacks.other_numbers else ()
        await walk.say_words(Word.CALLBACK_NUMBER, *signs, Word.CALLBACK_CONFIRM, *other)
        return await walk.key(self.timeout)

    async def _typed(self, walk: Walk) -> str | None:
        """Return the number that a caller types; None, and they hear so, if it cannot be called."""
        await walk.say_words(Word.CALLBACK_TYPE)
        digits = ""
        while len(digits) < LONGEST_NUMBER:
            match await walk.key(self.timeout):
                case None | "#":
                    break
                case "*":
                    digits = ""
                case digit:
                    digits += digit
        number = walk.phone.callbacks.number(digits)
        if number is None:
            walk.note("callback.refused", node=walk.node, reason="typed" if digits else "silence")
            await walk.say_words(Word.CALLBACK_IMPOSSIBLE, barge_in=False)
        return number

    async def _promise(self, walk: Walk, number: str) -> str | None:
        then = str(self.then) if self.then else None
        plan = CallbackPlan(self.attempts, self.delays, self.within, self.ring_for, then)
        if not await walk.call_back(number, plan):
            walk.note("callback.refused", node=walk.node, reason="too-many")
            await walk.say_words(Word.CALLBACK_IMPOSSIBLE, barge_in=False)
            return self.otherwise
        walk.note("callback.asked", node=walk.node)
        await walk.say_words(Word.CALLBACK_NOTED, barge_in=False)
        return None
