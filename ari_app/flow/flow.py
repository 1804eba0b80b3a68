"""A flow that was checked and is ready to be walked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.prompt import Prompt
from .nodes.menu import Choice
from .phone import Caller
from .schema import FlowFile, LanguageOf
from .step import Step
from .words import Word, Words


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow. Every name in it leads to something, in every language: `checks` saw to that."""

    name: str
    languages: tuple[str, ...]
    """The first is the one that callers begin in."""
    language_of: LanguageOf
    """In which language callers begin instead, by their number and the one that they called."""
    start: str
    fallback_reason: str
    human: Choice | None
    """What key 0 does where a node does nothing else with it."""
    reasons: Mapping[str, Mapping[str, str]]
    """Reason → language → how agents hear it."""
    nodes: Mapping[str, Step]
    _said: Mapping[tuple[str, str], Prompt]
    _words: Mapping[tuple[Word, str], Prompt]

    def prompts(self, names: Sequence[str], languages: Iterable[str]) -> list[Prompt]:
        """Return the named prompts, in each language in turn."""
        return [self._said[name, language] for language in languages for name in names]

    def word(self, word: Word, language: str) -> Prompt:
        """Return one of the line's own words that the flow says."""
        return self._words[word, language]

    def reason_in(self, language: str, reason: str) -> str:
        """Return how agents hear a reason, in another language if it has no words in this one."""
        words = self.reasons.get(reason, {})
        return words.get(language) or next(iter(words.values()), reason)

    def every_prompt(self) -> list[Prompt]:
        """Return all that the flow can say."""
        return [*self._said.values(), *self._words.values()]

    def language_for(self, caller: Caller) -> str:
        """Return the language that a caller is spoken to in at first."""
        return self.language_of.of(caller) or self.languages[0]


def words_of(steps: Iterable[Step]) -> frozenset[Word]:
    """Return the line's own words that a flow of these nodes says."""
    return frozenset({Word.CALLER_ERROR}.union(*(step.own_words() for step in steps)))


def build_flow(file: FlowFile, words: Words) -> Flow:
    """Return the flow of a file that holds no error."""
    nodes = {name: node.step for name, node in file.nodes.items()}
    return Flow(
        name=file.flow,
        languages=file.languages,
        language_of=file.language_of,
        start=str(file.start),
        fallback_reason=str(file.fallback_reason),
        human=file.human,
        reasons=file.reasons,
        nodes=nodes,
        _said={
            (name, language): Prompt(name, language, text)
            for name, texts in file.prompts.items()
            for language, text in texts.items()
        },
        _words={
            (word, language): words.prompt(word, language)
            for word in words_of(nodes.values())
            for language in file.languages
        },
    )
