"""What an agent hears on picking up, before they say that they take the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..core.prompt import Prompt
from ..core.settings import safe_number
from ..flow.book import FlowBook
from ..flow.words import SIGNS, WAITED, Word
from .desk import Call


class Said(Protocol):
    """What somebody hears on picking up."""

    def shown(self) -> str:
        """Return what their phone shows as the caller's name."""

    def prompts(self, language: str, now: float) -> list[Prompt]:
        """Return what is said at an instant of the event loop's clock; the last one tells the keys."""


@dataclass(frozen=True, slots=True)
class Whisper:
    """Why an agent is rung: for `call`, for `reason`; `first` is said before anything else, if it is given.

    `since` is when the caller began to wait, by the clock of the event loop; None: that is not said. The talk
    is `recorded`, or not.
    """

    call: Call
    reason: str
    since: float | None = None
    first: Word | None = None
    recorded: bool = False

    def prompts(self, language: str, now: float) -> list[Prompt]:
        """Return what is said in a language at an instant of the event loop's clock."""
        flows = self.call.desk.flows
        first = [flows.line_prompt(self.first, language)] if self.first else []
        recorded = [Word.AGENT_RECORDED] if self.recorded else []
        words = [*self._number(), *self._waited(now), *recorded, Word.AGENT_KEYS]
        said = [flows.whisper(self.reason, language), *self._vip(language), *_said(flows, words, language)]
        return [*first, *said]

    def _vip(self, language: str) -> Iterator[Prompt]:
        """Yield that a VIP calls, and the name that the admins gave them, if its sound is there."""
        desk, caller = self.call.desk, self.call.known
        if caller.vip:
            yield desk.flows.line_prompt(Word.AGENT_VIP, language)
            if name := desk.announcements.name_of(caller, language):
                yield name

    def shown(self) -> str:
        """Return what the agent's telephone shows beside the number; never a caller's own text."""
        name = self.call.known.name
        return f"{name} ({self.reason})" if name else f"Astreinte {self.reason}"

    def _number(self) -> Iterator[Word]:
        """Yield the words for the caller's number; it is theirs to withhold, and a stranger's text."""
        if not self.call.desk.settings.dial.say_number:
            return
        number = safe_number(self.call.caller_number)
        if number is None:
            yield Word.AGENT_NO_NUMBER
        else:
            yield Word.AGENT_NUMBER
            yield from (SIGNS[sign] for sign in number)

    def _waited(self, now: float) -> Iterator[Word]:
        seconds = 0.0 if self.since is None else now - self.since
        if told := max((least for least in WAITED if least <= seconds), default=None):
            yield Word.AGENT_WAITED
            yield WAITED[told]


def _said(flows: FlowBook, words: list[Word], language: str) -> Iterator[Prompt]:
    return (flows.line_prompt(word, language) for word in words)
