"""`route`: ring who is on call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ..fields import ToNode
from ..phone import Connection, Destination, Waiting
from ..recording import Record
from ..step import Step
from ..while_waiting import WhileWaiting
from ..words import WAITED, Word

if TYPE_CHECKING:
    from ..walk import Walk


class Ringing(Step):
    """A node that looks for somebody to talk to."""

    ends: ClassVar[bool] = True
    rings: ClassVar[bool] = True

    nobody: ToNode = Field(description="The next node when everybody was tried and nobody took the call.")
    off_duty: ToNode | None = Field(
        None, description="The next node when nobody is on call at all; `nobody` if it is not given."
    )

    then: ToNode | None = Field(
        None, description="The next node when the two have talked and the agent hung up first."
    )
    while_waiting: WhileWaiting = Field(
        WhileWaiting(), description="What the caller hears, and may press, while telephones ring."
    )

    voicemail: ToNode | None = Field(
        None,
        description="The next node, instead of both, where the team's escalation ends with `voicemail`.",
    )
    record: Record | None = Field(None, description="Record what caller and agent say to each other.")

    def destination(self) -> Destination | None:
        """Return who is rung, None for who is on call for the caller's reason."""
        return None

    def own_words(self) -> Iterable[Word]:
        """Return those for how long the caller has waited, if it tells."""
        return (Word.CALLER_WAITED, *WAITED.values()) if self.while_waiting.tell_time else ()

    async def visit(self, walk: Walk) -> str | None:
        """Ring, and let the two talk."""
        recording = await self.record.announced(walk) if self.record is not None else None
        match await walk.connect(self.destination(), self._waiting(walk), recording):
            case Connection.TALKED:
                return self.then
            case Connection.NOBODY:
                return self.nobody
            case Connection.NOT_ON_DUTY:
                return self.off_duty or self.nobody
            case Connection.VOICEMAIL:
                return self.voicemail or self.nobody
            case Connection.VOICEMAIL_OFF_DUTY:
                return self.voicemail or self.off_duty or self.nobody
            case Connection.KEY:
                key = await walk.key(0) or ""
                walk.note("menu.key", node=walk.node, key=key)
                return self.while_waiting.choices[key]

    def _waiting(self, walk: Walk) -> Waiting:
        asked, flow = self.while_waiting, walk.flow
        told = WAITED if asked.tell_time else {}
        return Waiting(
            music=asked.music if asked.hear == "music" else None,
            say=flow.prompts(asked.say or (), [walk.language]),
            every=asked.every,
            waited={
                seconds: [flow.word(word, walk.language) for word in (Word.CALLER_WAITED, waited)]
                for seconds, waited in told.items()
            },
            keys=frozenset(asked.choices),
        )


class Route(Ringing):
    """Ring who is on call for the caller's reason."""
