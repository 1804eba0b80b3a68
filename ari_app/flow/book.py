"""All flows of a folder, checked, ready for calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..core.documents import load_document, validate
from ..core.findings import Finding
from ..core.prompt import Prompt
from .checks import check
from .fields import ReasonName, TeamName
from .flow import Flow, build_flow
from .nodes.route import Ringing
from .phone import ToNumber
from .schema import FlowFile
from .source import FlowSource
from .step import Reference
from .words import FILE, KNOWN_IN, OF_NODES, Word, Words, load_words

Wanted = tuple[str, Path, int, int]
"""A reason or team that some roster must have, and where a flow names it: file, line, column."""


class Rung(NamedTuple):
    """A node that rings who answers for some reasons, or a team, and where it stands."""

    reasons: Sequence[str]
    team: str | None
    file: Path
    line: int
    column: int


SUFFIXES = frozenset({".yaml", ".yml"})


class FlowBook:
    """One version of all flows and of the line's own words. It never changes: keep it for a call's length.

    `flows` is by name; `languages` are those of all flows, each once.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        words: Words,
        *,
        reasons: Sequence[Wanted] = (),
        teams: Sequence[Wanted] = (),
        without_voicemail: Sequence[Rung] = (),
    ) -> None:
        self.flows = flows
        self.languages = tuple(
            dict.fromkeys(language for flow in flows.values() for language in flow.languages)
        )
        self._reasons = tuple(reasons)
        self._teams = tuple(teams)
        self.without_voicemail = tuple(without_voicemail)
        """The nodes that ring people and lead nobody to a message."""
        self._words: dict[tuple[Word, str], Prompt] = {
            (word, language): words.prompt(word, language)
            for word in Word
            if word not in KNOWN_IN.values() and word not in OF_NODES
            for language in self.languages
        }
        self._own = words
        self._whispers = {
            (reason, language): words.whisper(reason, text, language)
            for flow in flows.values()
            for reason, texts in flow.reasons.items()
            for language, text in texts.items()
        }

    def prompts(self) -> list[Prompt]:
        """Return everything that the line can say, each prompt once."""
        said = [prompt for flow in self.flows.values() for prompt in flow.every_prompt()]
        duty_calls = [
            self.duty_call("", "", language) for language in self.languages
        ]  # known, for recordings
        return list(dict.fromkeys([*said, *self._words.values(), *self._whispers.values(), *duty_calls]))

    def reasons_wanted(self) -> list[Wanted]:
        """Return the reasons that some roster must answer for."""
        return list(self._reasons)

    def teams_wanted(self) -> list[Wanted]:
        """Return the teams that there must be a roster of."""
        return list(self._teams)

    def line_prompt(self, word: str, language: str | None = None) -> Prompt:
        """Return one of the words that are said on any call, in the first language if none is given.

        Raises `ValueError` for what is no such word; `AGENT_ACCEPT` is a `whisper`.
        """
        known = Word(word)
        return self._words.get((known, language or "")) or self._words[known, self.languages[0]]

    def whisper(self, reason: str, language: str) -> Prompt:
        """Return what an agent hears on picking up, in another language if `reason` has no words in this one.

        Raises `KeyError` for a reason that no flow has.
        """
        for each in (language, *self.languages):
            if (reason, each) in self._whispers:
                return self._whispers[reason, each]
        raise KeyError(reason)

    def duty_call(self, team: str, time: str, language: str) -> Prompt:
        """Return what an agent hears whose duty for a team begins at a time; it is to be prepared first."""
        return self._own.duty_call(team, time, language)


def load_flows(folder: Path) -> tuple[FlowBook | None, list[Finding]]:
    """Read and check every flow of a folder, and its `line.yaml`.

    Returns the book (None when there is an error) and the findings, in the order of the files.
    """
    paths = sorted(
        path
        for path in folder.glob("*")
        if path.suffix in SUFFIXES and path.name != FILE and not path.name.startswith(".")
    )
    if not paths:
        return None, [_no_flows(folder)]
    words, findings = load_words(folder)
    sources = []
    for path in paths:
        document, more = load_document(path)
        findings += more
        if document is None:
            continue
        file, more = validate(document, FlowFile)
        findings += more
        if file is not None:
            sources.append(FlowSource(document, file))
    findings += check(sources, words)
    findings.sort()
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    flows = {source.file.flow: build_flow(source.file, words) for source in sources}
    reasons, teams = _wanted(sources, ReasonName), _wanted(sources, TeamName)
    without = [rung for source in sources for rung in _without_voicemail(source)]
    return FlowBook(flows, words, reasons=reasons, teams=teams, without_voicemail=without), findings


def _without_voicemail(source: FlowSource) -> Iterator[Rung]:
    nodes = source.file.nodes
    for loc, _, step in source.nodes():
        if isinstance(step, Ringing) and step.voicemail is None and nodes[step.nobody].voicemail is None:
            to = step.destination()
            if not isinstance(to, ToNumber):
                reasons = () if to else tuple(source.file.reasons)
                place = source.document.position(loc[:2], key=True)
                yield Rung(reasons, to.team if to else None, source.document.path, *place)


def _wanted(sources: Sequence[FlowSource], kind: type[Reference]) -> list[Wanted]:
    return [
        (name, source.document.path, *source.document.position(loc))
        for source in sources
        for loc, name in source.named(kind)
    ]


def _no_flows(folder: Path) -> Finding:
    there = folder.is_dir()
    return Finding(
        folder,
        1,
        1,
        "there is no flow" if there else "the folder of the flows is missing",
        "no file that ends in .yaml" if there else "no such folder",
        "a folder with at least one flow, such as `accueil.yaml`",
        "write a flow (`docs/flows.md` shows how), or correct `flows` in the settings",
    )
