"""Where a caller is in a flow, and what is known of their call: what nodes work with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum

from .flow import Flow
from .phone import (
    RINGING,
    Callback,
    CallbackPlan,
    Connection,
    Destination,
    Message,
    Phone,
    TalkRecording,
    ToTeam,
    Waiting,
)
from .step import Saying
from .words import Word

Value = str | int | float | bool
"""What a variable of a call holds."""


class Outcome(StrEnum):
    """How a walk ended."""

    TALKED = "talked"
    NOBODY = "nobody"
    NOT_ON_DUTY = "not-on-duty"
    GOODBYE = "goodbye"
    """The flow said goodbye without having looked for an agent."""
    MESSAGE = "message"
    """The caller left a message."""
    CALLBACK = "callback"
    """The caller asked to be called back."""
    ABANDONED = "abandoned"
    """The caller hung up first."""


_OUTCOMES = {
    Connection.TALKED: Outcome.TALKED,
    Connection.NOBODY: Outcome.NOBODY,
    Connection.VOICEMAIL: Outcome.NOBODY,
    Connection.NOT_ON_DUTY: Outcome.NOT_ON_DUTY,
    Connection.VOICEMAIL_OFF_DUTY: Outcome.NOT_ON_DUTY,
}


class Walk:
    """One caller's way through a flow."""

    def __init__(self, flow: Flow, phone: Phone, language: str) -> None:
        self.flow = flow
        self.phone = phone
        self.node = flow.start
        self.language = language
        self.reason: str | None = None
        self.priority = 0
        self.vip = phone.caller.vip
        self.variables: dict[str, Value] = {}
        self.outcome = Outcome.GOODBYE
        self.objected = False
        """Whether the caller does not want to be recorded."""
        self.team: str | None = None
        """The team that was rung whatever the reason, if that was so."""
        self.surveyed = False
        """Whether the caller was asked how it was."""
        self._visits = Counter[str]()
        self._asked: list[str] = []

    @property
    def talked(self) -> bool:
        """Whether the caller has talked with an agent."""
        return self.outcome is Outcome.TALKED

    # The way

    def enter(self, node: str) -> int:
        """Go to a node, and return how often that was so since the caller last pressed a key."""
        self.node = str(node)
        self._visits[self.node] += 1
        if self.flow.nodes[self.node].asks:
            if self.node in self._asked:
                del self._asked[self._asked.index(self.node) :]
            self._asked.append(self.node)
        return self._visits[self.node]

    def led_away_by(self, key: str) -> str | None:
        """Return where a key leads that the node itself does nothing with; None if nowhere.

        `*` goes back to the question before, `#` asks again, `0` leads to a human where the flow has one.
        """
        match key:
            case "*":
                self.note("menu.key", node=self.node, key=key)
                return self._asked[-2] if len(self._asked) > 1 else self.node
            case "#":
                self.note("menu.key", node=self.node, key=key)
                return self.node
            case "0" if human := self.flow.human:
                self.note("menu.key", node=self.node, key=key)
                self.choose(language=human.language, reason=human.reason)
                return human.goto
            case _:
                return None

    # What is said and pressed

    async def say(self, node: Saying, *, barge_in: bool = True) -> None:
        """Say the prompts of a node."""
        await self.say_prompts(node.prompt, node.languages, barge_in=barge_in)

    async def say_prompts(
        self, names: Sequence[str], languages: Sequence[str] | None = None, *, barge_in: bool = True
    ) -> None:
        """Say prompts of the flow, in each of the languages; in the caller's if there are none."""
        prompts = self.flow.prompts(names, languages or (self.language,))
        await self.phone.play(prompts, barge_in=barge_in)

    async def say_words(self, *words: Word, barge_in: bool = True) -> None:
        """Say words of the line itself, in the caller's language."""
        prompts = [self.flow.word(word, self.language) for word in words]
        await self.phone.play(prompts, barge_in=barge_in)

    async def key(self, within: float) -> str | None:
        """Return the caller's next key, None after silence."""
        key = await self.phone.key(within)
        if key is not None:
            self._visits.clear()
        return key

    async def connect(
        self,
        to: Destination | None = None,
        waiting: Waiting = RINGING,
        recording: TalkRecording | None = None,
    ) -> Connection:
        """Ring who is on call for the caller's reason, or a destination, and let the two talk."""
        if self.reason is None:
            self.choose(reason=self.flow.fallback_reason)
        connection = await self.phone.connect(
            str(self.reason), self.language, to, waiting, vip=self.vip, recording=recording
        )
        self.note("flow.connected", result=connection)
        self.team = to.team if isinstance(to, ToTeam) else None
        if connection is not Connection.KEY:
            self.outcome = _OUTCOMES[connection]
        return connection

    def message(self, team: str | None) -> AbstractAsyncContextManager[Message]:
        """Let the caller leave a message: for a team, for the one that was rung, or that answers for them."""
        if self.reason is None:
            self.choose(reason=self.flow.fallback_reason)
        return self.phone.message(str(self.reason), self.language, team or self.team)

    async def keep(self, message: Message) -> bool:
        """Keep a message that the caller recorded; False if that cannot be done."""
        kept = await message.keep()
        if kept:
            self.outcome = Outcome.MESSAGE
        return kept

    async def call_back(self, number: str, plan: CallbackPlan) -> bool:
        """Have the caller called back at a number; False if that cannot be promised."""
        if self.reason is None:
            self.choose(reason=self.flow.fallback_reason)
        asked = Callback(number, str(self.reason), self.language, self.priority, plan)
        promised = await self.phone.callbacks.ask(asked)
        if promised:
            self.outcome = Outcome.CALLBACK
        return promised

    # What is known

    def choose(self, *, language: str | None = None, reason: str | None = None) -> None:
        """Speak another language from here on, or call for a reason."""
        if language:
            self.language = str(language)
            self.note("flow.language", language=language)
        if reason:
            self.reason = str(reason)
            self.note("flow.reason", reason=reason)

    def known(self) -> Mapping[str, object]:
        """Return what is known of the call, but for its variables, as other programs are told it."""
        caller = self.phone.caller
        return {
            "call": caller.call,
            "called": caller.called,
            "number": caller.number,
            "flow": self.flow.name,
            "node": self.node,
            "language": self.language,
            "reason": self.reason,
            "priority": self.priority,
            "vip": self.vip,
        }

    def note(self, name: str, **facts: str | int | float | None) -> None:
        """Take note of something, in plain text and numbers."""
        plain = {key: str(fact) if isinstance(fact, str) else fact for key, fact in facts.items()}
        self.phone.note(name, **plain)
