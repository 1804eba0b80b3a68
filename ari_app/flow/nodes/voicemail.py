"""`voicemail`: let the caller leave a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ...core.durations import Duration, between
from ..fields import Team, ToNode
from ..phone import Message, Recorded
from ..step import Saying, Way
from ..words import Word

if TYPE_CHECKING:
    from ..walk import Walk

KEEP, AGAIN, LISTEN = "1", "2", "3"
"""The keys after a message was recorded; the line's own words name them."""
READINGS = 2
"""How often these keys are told to a caller who presses none of them; then the message is kept."""


class Voicemail(Saying):
    """Record a message for a team. A caller who hangs up leaves what they have said."""

    words: ClassVar[tuple[Word, ...]] = (
        Word.VOICEMAIL_KEYS,
        Word.VOICEMAIL_NOTHING,
        Word.VOICEMAIL_FAILED,
    )

    team: Team | None = Field(
        None, description="Whose message it is; the team that was rung, or that answers for the reason."
    )
    longest: Annotated[Duration, between(10, 300)] = Field(
        120.0, description="How long a message may be.", json_schema_extra={"default": "2m"}
    )
    silence: Annotated[Duration, between(2, 10)] = Field(
        4.0, description="The silence that ends it.", json_schema_extra={"default": "4s"}
    )
    confirm: bool = Field(
        True, description="Whether callers may listen to it, keep it or record it again, by a key."
    )
    timeout: Annotated[Duration, between(1, 60)] = Field(
        6.0, description="How long to wait for that key.", json_schema_extra={"default": "6s"}
    )
    retries: Annotated[int, Field(ge=0, le=9)] = Field(
        1, description="How often a caller who said nothing is asked again."
    )
    goto: ToNode = Field(description="The next node, once there is a message.")
    otherwise: ToNode = Field(description="The next node when there is none.")

    def silent_ways(self) -> list[Way]:
        """Return `otherwise` alone: who says nothing leaves no message."""
        return [(("otherwise",), self.otherwise)]

    async def visit(self, walk: Walk) -> str:
        """Record until there is a message that the caller keeps, or the tries are used up.

        Who wanted to record it again and then says nothing leaves the one that there is.
        """
        tries_left, said = self.retries, False
        async with walk.message(self.team) as message:
            while True:
                await walk.say(self)
                match await message.record(longest=self.longest, silence=self.silence):
                    case Recorded.FAILED:
                        return await self._kept(walk, message) if said else await self._failed(walk)
                    case Recorded.NOTHING:
                        walk.note("voicemail.nothing", node=walk.node)
                        await walk.say_words(Word.VOICEMAIL_NOTHING)
                        if not tries_left:
                            return await self._kept(walk, message) if said else self.otherwise
                        tries_left -= 1
                    case Recorded.MESSAGE:
                        said = True
                        if not self.confirm or await self._confirmed(walk, message):
                            return await self._kept(walk, message)
                        walk.note("voicemail.again", node=walk.node)

    async def _confirmed(self, walk: Walk, message: Message) -> bool:
        """Ask what to do with the message; False if it is to be recorded again."""
        unheard = 0
        while unheard < READINGS:
            await walk.say_words(Word.VOICEMAIL_KEYS)
            key = await walk.key(self.timeout)
            if key in (KEEP, AGAIN):
                return key == KEEP
            if key == LISTEN:
                await message.play()
            else:
                unheard += 1
        return True

    async def _kept(self, walk: Walk, message: Message) -> str:
        return self.goto if await walk.keep(message) else await self._failed(walk)

    async def _failed(self, walk: Walk) -> str:
        walk.note("voicemail.failed", node=walk.node)
        await walk.say_words(Word.VOICEMAIL_FAILED, barge_in=False)
        return self.otherwise
