"""What must hold within and across the flows: one rule a function, every finding in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..core.documents import Loc
from ..core.findings import Finding
from ..core.suggest import one_of
from .schema import Menu, Route, Texts
from .source import FlowSource, graph, reached_from, silent_way_from, ways, without_exit
from .words import FILE, Words, names_of_words


def _ways_lead_to_nodes(source: FlowSource) -> Iterator[Finding]:
    nodes = source.file.nodes
    places: list[tuple[Loc, str]] = [(("start",), source.file.start)]
    places += [((*loc, *way), to) for loc, _, step in source.nodes() for way, to in ways(step)]
    for loc, name in places:
        if name not in nodes:
            yield source.unknown(loc, "node", name, nodes, f"add `{name}` to the nodes, or name another")


def _nodes_can_be_reached(source: FlowSource) -> Iterator[Finding]:
    reached = reached_from(source.file.start, graph(source))
    for loc, name, _ in source.nodes():
        if name not in reached and source.file.start in source.file.nodes:
            yield source.document.finding(
                loc[:2],
                f"no way leads to the node `{name}`",
                found=f"`{name}`, named nowhere that callers get to",
                expected="a way from `start`",
                remedy="remove the node, or lead a key to it",
                key=True,
                severity="warning",
            )


def _nodes_have_an_exit(source: FlowSource) -> Iterator[Finding]:
    all_ways, told = graph(source), set[str]()
    for name in without_exit(source):
        circle = reached_from(name, all_ways)
        if told.isdisjoint(circle) and all(name in reached_from(each, all_ways) for each in circle):
            told |= circle
            yield source.document.finding(
                ("nodes", name),
                f"who gets to the node `{name}` never gets out",
                found=f"ways to {one_of(sorted(circle)).replace(' or ', ' and ')} alone",
                expected="a way to a `route` or a `goodbye`",
                remedy="lead `otherwise`, a key or a `goto` to a node that ends the call",
                key=True,
            )


def _silence_ends(source: FlowSource) -> Iterator[Finding]:
    """A caller who presses nothing (no keys, no hands) must get somewhere too."""
    told = set(without_exit(source))
    for start in source.file.nodes:
        way, last = silent_way_from(start, source)
        circle = way[way.index(last) :] if last in way else []
        menus = [name for name in circle if source.file.nodes[name].menu]
        if menus and told.isdisjoint(menus):
            told.update(menus)
            yield source.document.finding(
                ("nodes", menus[-1], "menu", "otherwise"),
                "a caller who presses nothing goes round in a circle",
                found=" → ".join([*circle, last]),
                expected="a way to a `route` or a `goodbye` without any key",
                remedy="lead `otherwise` on to an agent or to the end",
            )


def _silence_reaches_an_agent(source: FlowSource) -> Iterator[Finding]:
    way, _ = silent_way_from(source.file.start, source)
    has_route = any(node.route for node in source.file.nodes.values())
    if way and has_route and source.file.nodes[way[-1]].goodbye:
        yield source.document.finding(
            ("nodes", way[-1]),
            "a caller who presses nothing reaches nobody",
            found=" → ".join(way),
            expected="a way to a `route` without any key",
            remedy="lead `otherwise` of the menus to a `route`: not every telephone has keys that work",
            key=True,
            severity="warning",
        )


def _prompts_exist(source: FlowSource) -> Iterator[Finding]:
    prompts = source.file.prompts
    for loc, name in _prompts_said(source):
        if name not in prompts:
            yield source.unknown(loc, "prompt", name, prompts, f"add `{name}` to the prompts")


def _prompts_are_said(source: FlowSource) -> Iterator[Finding]:
    said = {name for _, name in _prompts_said(source)}
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
    for loc, name in reasons_named(source):
        if name not in reasons:
            yield source.unknown(loc, "reason", name, reasons, f"add `{name}` and its words to the reasons")


def _languages_are_the_flows(source: FlowSource) -> Iterator[Finding]:
    languages = source.file.languages
    for loc, language in _languages_named(source):
        if language not in languages:
            remedy = f"add `{language}` to the flow's languages"
            yield source.unknown(loc, "language", language, languages, remedy)


RULES: tuple[Callable[[FlowSource], Iterator[Finding]], ...] = (
    _ways_lead_to_nodes,
    _nodes_can_be_reached,
    _nodes_have_an_exit,
    _silence_ends,
    _silence_reaches_an_agent,
    _prompts_exist,
    _prompts_are_said,
    _prompts_keep_their_names,
    _texts_are_in_every_language,
    _reasons_are_spoken,
    _languages_are_the_flows,
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
    for number, language in enumerate(source.file.languages):
        if missing := words.missing_in(language):
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


def reasons_named(source: FlowSource) -> Iterator[tuple[Loc, str]]:
    """Yield each reason that a caller can have, and where it is given to them."""
    yield ("fallback_reason",), source.file.fallback_reason
    for loc, _, step in source.nodes():
        if isinstance(step, Menu):
            for key, choice in step.keys.items():
                if choice.reason is not None:
                    yield (*loc, "keys", key, "reason"), choice.reason


def _languages_named(source: FlowSource) -> Iterator[tuple[Loc, str]]:
    for loc, _, step in source.nodes():
        if not isinstance(step, Route):
            for number, language in enumerate(step.languages or ()):
                yield (*loc, "languages", number), language
        if isinstance(step, Menu):
            for key, choice in step.keys.items():
                if choice.language is not None:
                    yield (*loc, "keys", key, "language"), choice.language


def _prompts_said(source: FlowSource) -> Iterator[tuple[Loc, str]]:
    for loc, _, step in source.nodes():
        if isinstance(step, Route):
            continue
        for number, name in enumerate(step.prompt):
            yield (*loc, "prompt", number), name
        if isinstance(step, Menu):
            for field in ("invalid", "silence"):
                for number, name in enumerate(getattr(step, field) or ()):
                    yield (*loc, field, number), name
