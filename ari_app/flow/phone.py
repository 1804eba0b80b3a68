"""What a flow asks of the telephone that a caller holds."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
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


class Phone(Protocol):
    """A caller's telephone. Asterisk's is in `call`; a terminal or a script can be one too.

    Keys are never lost: one that is pressed while nobody reads waits for the next `key`.
    """

    async def play(self, prompts: Sequence[Prompt], *, barge_in: bool) -> None:
        """Say prompts one after the other; return when all were said.

        With `barge_in`, return as soon as a key is pressed, or at once if one waits already; the key
        stays to be read by `key`.
        """
        ...

    async def key(self, within: float) -> str | None:
        """Return the next key (0 to 9, `*`, `#`), or None when none was pressed within `within` seconds."""
        ...

    async def connect(self, reason: str, language: str) -> Connection:
        """Ring who is on call for `reason` and let the two talk. The caller is spoken to in `language`."""
        ...

    def note(self, name: str, **facts: str | int | float | None) -> None:
        """Take note of what the flow does. Never waits, never fails; the names are in `interpreter`."""
        ...
