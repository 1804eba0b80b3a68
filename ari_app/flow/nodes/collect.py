"""`collect`: ask for a number, such as that of a contract or a card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ...core.documents import mistake
from ...core.durations import Duration, between
from ..digits import LONGEST, Checksum, Length, Patterns, fits, longest_of, masked, passes
from ..fields import Name, Prompts, ToNode
from ..step import Saying, Way
from ..words import DIGITS, Word

if TYPE_CHECKING:
    from ..walk import Walk

CONFIRM, CORRECT = "1", "2"
"""The keys after a number was read back; the line's own words name them."""
READINGS = 2
"""How often a number is read back to a caller who presses nothing that counts."""


class Collect(Saying):
    """Ask for a number, read it back, and keep it."""

    asks: ClassVar[bool] = True
    words: ClassVar[tuple[Word, ...]] = (Word.DIGITS_HEARD, Word.DIGITS_CONFIRM, Word.DIGITS_WRONG, *DIGITS)

    store: Name = Field(description="The variable that keeps the number.")
    length: Length | None = Field(None, description="How many digits it has: `8`, or `6-10`.")
    pattern: Patterns = Field((), description="What it looks like: `33XXXXXX`; any of several.")
    checksum: Checksum | None = Field(None, description="How its check digits are computed.")
    confirm: bool = Field(True, description="Whether it is read back, digit by digit, to be confirmed.")
    record: Literal["masked", "full"] = Field(
        "masked", description="How the call's record keeps it. The log never does."
    )
    goto: ToNode = Field(description="The next node, with the number.")
    otherwise: ToNode = Field(description="The next node of a caller who typed no right number.")
    timeout: Annotated[Duration, between(1, 60)] = Field(
        6.0, description="How long to wait for a key.", json_schema_extra={"default": "6s"}
    )
    retries: Annotated[int, Field(ge=0, le=9)] = Field(2, description="How often it is asked again.")
    invalid: Prompts | None = Field(
        None, description="Said after a wrong number; the line's own `digits-wrong` otherwise."
    )
    silence: Prompts | None = Field(None, description="Said after the timeout, before it is asked again.")

    @model_validator(mode="after")
    def _has_a_form(self) -> Self:
        if self.length is None and not self.pattern:
            raise mistake(
                "nothing says how long this number is",
                found="neither `length` nor `pattern`",
                expected="`length: 8`, `length: 6-10`, or `pattern: 33XXXXXX`",
                remedy="add one of the two",
            )
        if self.pattern and not any(self._in_length(longest_of(each)) for each in self.pattern):
            raise mistake(
                "no number has this length and this form",
                expected="a `pattern` of as many digits as `length` says",
                remedy="remove `length`, or mend one of the two",
                at=("pattern",),
            )
        return self

    def silent_ways(self) -> list[Way]:
        """Return `otherwise` alone."""
        return [(("otherwise",), self.otherwise)]

    def stores(self) -> Iterable[str]:
        """Return the variable that keeps the number."""
        return (self.store,)

    async def visit(self, walk: Walk) -> str:
        """Ask until there is a right number that the caller confirms, or the tries are used up."""
        tries_left = self.retries
        while True:
            number = await self._typed(walk)
            if number in ("*", "#"):
                return walk.led_away_by(number) or self.otherwise
            answer = CONFIRM if self._is_right(number) else None
            if answer and self.confirm:
                answer = await self._confirmed(walk, number)
            if answer == CONFIRM:
                walk.variables[self.store] = number
                kept = number if self.record == "full" else masked(number)
                walk.note("call.number", node=walk.node, variable=self.store, number=kept)
                return self.goto
            if answer and (elsewhere := walk.led_away_by(answer)) is not None:
                return elsewhere
            if answer is None:
                walk.note("collect.invalid" if number else "collect.silence", node=walk.node)
                if not tries_left:
                    return self.otherwise
                tries_left -= 1
                await self._say_what_is_wrong(walk, silent=not number)

    async def _typed(self, walk: Walk) -> str:
        """Return the digits that a caller types; `*` or `#` if that is all, nothing after silence."""
        await walk.say(self)
        digits = ""
        while len(digits) < self._longest:
            match await walk.key(self.timeout):
                case None:
                    break
                case "#":
                    return digits or "#"
                case "*":
                    if not digits:
                        return "*"
                    digits = ""
                case digit:
                    digits += digit
        return digits

    async def _confirmed(self, walk: Walk, number: str) -> str | None:
        """Read a number back until a key says what to do with it; None when none does."""
        unheard = 0
        while unheard < READINGS:
            spoken = [Word(f"digit-{digit}") for digit in number]
            await walk.say_words(Word.DIGITS_HEARD, *spoken, Word.DIGITS_CONFIRM)
            key = await walk.key(self.timeout)
            if key in (CONFIRM, CORRECT):
                return key
            if key == "*":
                return CORRECT
            if key == "0" and walk.flow.human:
                return key
            if key != "#":
                unheard += 1
        return None

    async def _say_what_is_wrong(self, walk: Walk, *, silent: bool) -> None:
        if prompts := self.silence if silent else self.invalid:
            await walk.say_prompts(prompts, self.languages)
        elif not silent:
            await walk.say_words(Word.DIGITS_WRONG)

    @property
    def _longest(self) -> int:
        longest = max((longest_of(each) for each in self.pattern), default=LONGEST)
        return min(longest, self.length[1]) if self.length else longest

    def _in_length(self, digits: int) -> bool:
        return self.length is None or self.length[0] <= digits <= self.length[1]

    def _is_right(self, number: str) -> bool:
        return (
            bool(number)
            and self._in_length(len(number))
            and (not self.pattern or any(fits(number, each) for each in self.pattern))
            and (self.checksum is None or passes(number, self.checksum))
        )
