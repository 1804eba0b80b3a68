"""What can go wrong between a text and its sound file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.errors import AstreinteError
from ..core.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Failure:
    """One prompt that has no audio, why, and what to do."""

    prompt: Prompt
    message: str
    remedy: str


class PromptsUnavailableError(AstreinteError):
    """Some prompts have no audio; `failures` names each."""

    SHOWN = 5

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        reasons = dict.fromkeys((each.message, each.remedy) for each in failures)
        names = [f"`{each.prompt.name}` ({each.prompt.language})" for each in failures[: self.SHOWN]]
        more = len(failures) - len(names)
        super().__init__(
            f"no audio for {', '.join(names)}{f' and {more} more' if more > 0 else ''}: "
            + "; ".join(message for message, _ in list(reasons)[: self.SHOWN]),
            remedy="; ".join(dict.fromkeys(remedy for _, remedy in list(reasons)[: self.SHOWN])),
        )


class PromptNotPreparedError(AstreinteError):
    """A prompt is to be played that nobody prepared: a mistake of ours, not of an admin."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        super().__init__(
            f"the prompt `{prompt.name}` ({prompt.language}) was not prepared",
            remedy="restart the line, and report this with its logs",
        )


class SoundError(AstreinteError):
    """A sound cannot be used: not what was expected, empty, or an engine that failed."""


class EngineUnavailableError(AstreinteError):
    """No speech engine can be had, or not for this language."""
