"""What a flow asks of the telephone that a caller holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Protocol

from ..core.prompt import Prompt


class CallerGone(Exception):
    """The caller hung up. A phone raises it from whatever it is asked next, or cancels the task instead."""


class Connection(StrEnum):
    """How the search for an agent ended."""

    TALKED = "talked"
    """An agent took the call, and the conversation is over."""
    NOBODY = "nobody"
    """Everybody of the plan was tried; nobody took the call."""
    NOT_ON_DUTY = "not-on-duty"
    """There was nobody to try at this instant."""
    VOICEMAIL = "voicemail"
    """Nobody took the call, and the team wants messages."""
    VOICEMAIL_OFF_DUTY = "voicemail-off-duty"
    """There was nobody to try, and the team wants messages."""
    KEY = "key"
    """The caller waits no longer: they pressed a key of `Waiting`, which is the next to be read."""


@dataclass(frozen=True, slots=True)
class ToTeam:
    """Whoever is on call in a team."""

    team: str


@dataclass(frozen=True, slots=True)
class ToNumber:
    """A fixed number (E.164), rung for so many seconds; whoever picks up has taken the call."""

    number: str
    seconds: float


Destination = ToTeam | ToNumber


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a caller hears, and may press, while somebody to talk to is looked for."""

    music: str | None = None
    """A class of Asterisk's music on hold; None: ringing."""
    say: Sequence[Prompt] = ()
    """Said in between, `every` so many seconds."""
    every: float = 20.0
    waited: Mapping[int, Sequence[Prompt]] = field(default_factory=dict)
    """Seconds → what is said after `say` to who has waited so long at least; the most that fits."""
    keys: frozenset[str] = frozenset()
    """Keys that end the waiting."""


RINGING = Waiting()
"""Nothing but ringing."""


@dataclass(frozen=True, slots=True)
class TalkRecording:
    """How a talk is recorded."""

    keep_days: int
    """After how many days a recording is deleted."""
    announcement: Sequence[Prompt] = ()
    """Said to both when the agent asks for it; empty: the caller was told, and it begins by itself."""
    objection: str | None = None
    """The key with which the caller objects to it, if there is one."""
    timeout: float = 2.0
    """Seconds that this key is waited for after the announcement."""
    refused: bool = False
    """Whether the caller has objected: nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a call before a word is said."""

    call: str
    """The call's id."""
    called: str
    """The number that was called, `default` if it is not known."""
    number: str | None
    """The caller's number as the carrier sends it, if it is a number and is shown."""
    vip: bool = False
    """Whether the admins' lists say that they are a VIP."""


class Recorded(Enum):
    """What came of recording a caller."""

    MESSAGE = "message"
    """They said something."""
    NOTHING = "nothing"
    """They said nothing, or next to nothing."""
    FAILED = "failed"
    """They cannot be recorded: no space, say."""


class Message(Protocol):
    """A message that a caller is about to leave.

    Leaving its `async with` early, because they hang up, keeps what they have said.
    """

    async def record(self, *, longest: float, silence: float) -> Recorded:
        """Record after a beep until silence, the key `#`, or the longest time (seconds).

        Keys that are pressed before, and while it records, are gone. What was recorded before is replaced, as
        soon as there is something new.
        """
        ...

    async def play(self) -> None:
        """Let the caller hear what was recorded; a key cuts it short."""
        ...

    async def keep(self) -> bool:
        """Store what was recorded, and tell those who want to know; False if that cannot be done."""
        ...


@dataclass(frozen=True, slots=True)
class CallbackPlan:
    """How it is tried to call somebody back; all times in seconds."""

    attempts: int
    """How often the telephones of agents, or the caller's, ring in vain at most."""
    delays: tuple[float, ...]
    """From one attempt to the next; the last one from then on."""
    within: float
    """From the caller's wish until it is given up."""
    ring_for: float
    """How long the caller's telephone rings."""
    then: str | None = None
    """The node at which the flow goes on when the agent hung up first."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What a caller wishes who asks to be called back at a number (E.164)."""

    number: str
    reason: str
    language: str
    priority: int
    plan: CallbackPlan


class Callbacks(Protocol):
    """Takes in callers' wishes to be called back."""

    @property
    def other_numbers(self) -> bool:
        """Whether callers may name another number than the one that they call from."""
        ...

    def number(self, typed: str | None = None) -> str | None:
        """Return what a caller typed, or the number that they call from, in E.164.

        None for a number that the line does not call: withheld, premium-rate, abroad, none at all.
        """
        ...

    def spoken(self, number: str) -> str:
        """Return the signs (digits and `+`) in which a number is read out to people of the line's country."""
        ...

    async def ask(self, callback: Callback) -> bool:
        """Put a wish on record; False when no more can be promised. One number has one wish at a time."""
        ...


class Phone(Protocol):
    """A caller's telephone. Asterisk's is in `call`; a terminal or a script can be one too.

    Keys are never lost: one that is pressed while nobody reads waits for the next `key`.
    """

    @property
    def caller(self) -> Caller:
        """Who calls, and whom."""
        ...

    def now(self) -> datetime:
        """Return the instant at which the call is (aware)."""
        ...

    async def play(self, prompts: Sequence[Prompt], *, barge_in: bool) -> None:
        """Say prompts one after the other; return when all were said.

        With `barge_in`, return as soon as a key is pressed, or at once if one waits already; the key
        stays to be read by `key`.
        """
        ...

    async def quiet(self) -> None:
        """End what is being said, where a `play` was cancelled."""
        ...

    async def key(self, within: float) -> str | None:
        """Return the next key (0 to 9, `*`, `#`), or None when none was pressed within `within` seconds."""
        ...

    async def connect(
        self,
        reason: str,
        language: str,
        to: Destination | None = None,
        waiting: Waiting = RINGING,
        *,
        vip: bool = False,
        recording: TalkRecording | None = None,
    ) -> Connection:
        """Ring who is on call for `reason`, or a destination, and let the two talk.

        The caller is spoken to in `language`, and may be a `vip`. What they say is recorded as `recording`
        says. After `TALKED` they are still there: the agent hung up.
        """
        ...

    def message(self, reason: str, language: str, team: str | None) -> AbstractAsyncContextManager[Message]:
        """Let the caller leave a message: for a team, or for the one that answers for `reason`.

        The caller is spoken to in `language`.
        """
        ...

    @property
    def callbacks(self) -> Callbacks:
        """What takes in the caller's wish to be called back."""
        ...

    def note(self, name: str, **facts: str | int | float | None) -> None:
        """Take note of what the flow does. Never waits, never fails; the names are in `interpreter`."""
        ...
