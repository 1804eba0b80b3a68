"""What must hold within and across the flows: one rule a function, every finding in one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from ..core.documents import Loc
from ..core.findings import Finding
from ..core.suggest import one_of
from . import ways
from .fields import LanguageName, PromptName, ReasonName, VariableName
from .flow import words_of
from .http_service import VARIABLE
from .nodes.route import Ringing
from .nodes.webhook import Webhook
from .schema import Texts
from .source import FlowSource
from .words import FILE, Words, names_of_words


def _prompts_exist(source: FlowSource) -> Iterator[Finding]:
    prompts = source.file.prompts
    for loc, name in source.named(PromptName):
        if name not in prompts:
            yield source.unknown(loc, "prompt", name, prompts, f"add `{name}` to the prompts")


def _prompts_are_said(source: FlowSource) -> Iterator[Finding]:
    said = {name for _, name in source.named(PromptName)}
    for name in source.file.prompts:
        if name not in said:
            yield source.document.finding(
                ("prompts", name),
                f"the prompt `{name}` is never said",
                found=f"`{name}`, named by no node",
                expected="a node that says it",
                remedy="remove it, or name it in a node",
                key=True,
                severity="warning",
            )


def _prompts_keep_their_names(source: FlowSource) -> Iterator[Finding]:
    taken = set(names_of_words())
    for name in source.file.prompts:
        if name in taken:
            yield source.document.finding(
                ("prompts", name),
                f"`{name}` is one of the line's own words",
                found=f"`{name}`",
                expected=f"another name than {one_of(sorted(taken))}",
                remedy=f"give it another name; to change the line's words, write them in `{FILE}`",
                key=True,
            )


def _texts_are_in_every_language(source: FlowSource) -> Iterator[Finding]:
    for name, texts in source.file.prompts.items():
        yield from _languages_of(source, ("prompts", name), f"the prompt `{name}`", texts)
    for name, texts in source.file.reasons.items():
        yield from _languages_of(source, ("reasons", name), f"the reason `{name}`", texts)


def _languages_of(source: FlowSource, loc: Loc, what: str, texts: Texts) -> Iterator[Finding]:
    wanted = source.file.languages
    missing = [language for language in wanted if language not in texts]
    if missing:
        yield source.document.finding(
            loc,
            f"{what} is missing in {one_of(missing).replace(' or ', ' and ')}",
            found=f"its words in {one_of(texts).replace(' or ', ' and ')}",
            expected=f"every language of the flow: {', '.join(wanted)}",
            remedy=f"add its words under `{missing[0]}`",
            key=True,
        )
    for language in texts:
        if language not in wanted:
            yield source.unknown(
                (*loc, language), "language", language, wanted, f"add `{language}` to the flow's languages"
            )


def _reasons_are_spoken(source: FlowSource) -> Iterator[Finding]:
    reasons = source.file.reasons
    for loc, name in source.named(ReasonName):
        if name not in reasons:
            yield source.unknown(loc, "reason", name, reasons, f"add `{name}` and its words to the reasons")


def _languages_are_the_flows(source: FlowSource) -> Iterator[Finding]:
    languages = source.file.languages
    for loc, language in source.named(LanguageName):
        if language not in languages:
            remedy = f"add `{language}` to the flow's languages"
            yield source.unknown(loc, "language", language, languages, remedy)


def _variables_are_set(source: FlowSource) -> Iterator[Finding]:
    stored = list(dict.fromkeys(name for _, _, step in source.nodes() for name in step.stores()))
    for loc, name in source.named(VariableName):
        if name not in stored:
            remedy = f"let a `collect`, a `set` or a `webhook` store `{name}`"
            yield source.unknown(loc, "variable", name, stored, remedy)


def _the_environment_is_set(source: FlowSource) -> Iterator[Finding]:
    for loc, _, step in source.nodes():
        if not isinstance(step, Webhook):
            continue
        texts: list[tuple[Loc, str]] = [((*loc, "url"), step.url)]
        texts += [((*loc, "headers", name), text) for name, text in step.headers.items()]
        for where, text in texts:
            for name in VARIABLE.findall(text):
                if name not in os.environ:
                    yield source.document.finding(
                        where,
                        f"the environment variable `{name}` is not set here",
                        found=f"no `{name}` in the environment of this command",
                        expected="its value in the environment of the line",
                        remedy="set it where the line runs; until then this node goes to `failed`",
                        severity="warning",
                    )


def _recordings_may_be_objected_to(source: FlowSource) -> Iterator[Finding]:
    for loc, _, step in source.nodes():
        if isinstance(step, Ringing) and step.record is not None and step.record.objection is None:
            yield source.document.finding(
                (*loc, "record"),
                "callers cannot object to being recorded",
                found="no `objection`",
                expected='a key that says so, such as `objection: "9"`, and its name in the announcement',
                remedy="add `objection`, unless the law wants these calls recorded",
                key=True,
                severity="warning",
            )


RULES: tuple[Callable[[FlowSource], Iterator[Finding]], ...] = (
    *ways.RULES,
    _prompts_exist,
    _prompts_are_said,
    _prompts_keep_their_names,
    _texts_are_in_every_language,
    _reasons_are_spoken,
    _languages_are_the_flows,
    _variables_are_set,
    _the_environment_is_set,
    _recordings_may_be_objected_to,
)


def check(sources: Iterable[FlowSource], words: Words) -> Iterator[Finding]:
    """Yield what every rule finds."""
    flows: dict[str, FlowSource] = {}
    reasons: dict[tuple[str, str], tuple[str, FlowSource]] = {}
    for source in sources:
        findings = [finding for rule in RULES for finding in rule(source)]
        findings += _words_are_known(source, words)
        findings += _name_is_new(source, flows)
        findings += _reasons_sound_the_same(source, reasons)
        errors = [finding for finding in findings if finding.severity == "error"]
        yield from errors or findings  # a misspelt name makes warnings that go away with it


def _words_are_known(source: FlowSource, words: Words) -> Iterator[Finding]:
    of_nodes = words_of(step for _, _, step in source.nodes())
    for number, language in enumerate(source.file.languages):
        if missing := words.missing_in(language, of_nodes):
            yield source.document.finding(
                ("languages", number),
                f"the line's own words are missing in `{language}`",
                found=f"no words for {one_of(missing).replace(' or ', ' and ')}",
                expected=f"each of them in `{FILE}`, under `prompts`",
                remedy=f"add them to `{FILE}`, in `{language}`",
            )


def _name_is_new(source: FlowSource, flows: dict[str, FlowSource]) -> Iterator[Finding]:
    first = flows.setdefault(source.file.flow, source)
    if first is not source:
        yield source.document.finding(
            ("flow",),
            f"there are two flows `{source.file.flow}`",
            expected=f"a name of its own; the first is in {first.document.path}",
            remedy="give one of them another name, or remove it",
        )


def _reasons_sound_the_same(
    source: FlowSource, seen: dict[tuple[str, str], tuple[str, FlowSource]]
) -> Iterator[Finding]:
    for name, texts in source.file.reasons.items():
        for language, text in texts.items():
            first, where = seen.setdefault((name, language), (text, source))
            if first != text:
                yield source.document.finding(
                    ("reasons", name, language),
                    f"agents would hear the reason `{name}` in two ways",
                    expected=f'"{first}", as in {where.document.path}',
                    remedy="write the same words in both flows, or give one of the reasons another name",
                )
