"""What an agent does with the keys of their phone during a call."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ..core.settings import KeySettings


class Action(StrEnum):
    """What the keys can do; the values are the names of the settings."""

    TRANSFER = "transfer"
    """Hand the call over to somebody, and be out of it at once."""
    CONSULT = "consult"
    """Talk with a colleague first; pressed again: back to the caller."""
    CONFERENCE = "conference"
    """Bring a colleague in: three of them talk."""
    RECORD = "record"
    """Pause the recording, go on with it, or begin one."""
    ESCALATE = "escalate"
    """Hand the call over to the next step of the plan."""


class Keys:
    """Which keys do what, and what was pressed of them so far."""

    def __init__(self, settings: KeySettings) -> None:
        named = {action: getattr(settings, action) for action in Action}
        self._actions: Mapping[str, Action] = {keys: action for action, keys in named.items() if keys}
        self.typed = ""
        """The beginning of something, as far as it was pressed."""

    def __bool__(self) -> bool:
        return bool(self._actions)

    def press(self, key: str) -> Action | None:
        """Take a key; return what was asked for, if that is complete."""
        self.typed += key
        while self.typed and not any(keys.startswith(self.typed) for keys in self._actions):
            self.typed = self.typed[1:]
        action = self._actions.get(self.typed)
        if action is not None:
            self.typed = ""
        return action
