"""A flow that was checked and is ready to be walked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.prompt import Prompt
from .schema import AnyNode, FlowFile


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow. Every name in it leads to something, in every language: `checks` saw to that."""

    name: str
    languages: tuple[str, ...]
    """The first is the one that callers begin in."""
    start: str
    fallback_reason: str
    reasons: Mapping[str, Mapping[str, str]]
    """Reason → language → how agents hear it."""
    nodes: Mapping[str, AnyNode]
    apology: Mapping[str, Prompt]
    """By language: said when the flow cannot go on."""
    _said: Mapping[tuple[str, str], Prompt]

    def prompts(self, names: Sequence[str], languages: Iterable[str]) -> list[Prompt]:
        """Return the named prompts, in each language in turn."""
        return [self._said[name, language] for language in languages for name in names]

    def every_prompt(self) -> list[Prompt]:
        """Return all that the flow can say."""
        return [*self._said.values(), *self.apology.values()]


def build_flow(file: FlowFile, apology: Mapping[str, Prompt]) -> Flow:
    """Return the flow of a file that holds no error."""
    return Flow(
        name=file.flow,
        languages=file.languages,
        start=file.start,
        fallback_reason=file.fallback_reason,
        reasons=file.reasons,
        nodes={name: node.step for name, node in file.nodes.items()},
        apology=apology,
        _said={
            (name, language): Prompt(name, language, text)
            for name, texts in file.prompts.items()
            for language, text in texts.items()
        },
    )
