"""A flow's file with its places, and the ways from node to node in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..core.documents import Document, Loc
from ..core.findings import Finding
from ..core.suggest import nearest, one_of
from .schema import AnyNode, FlowFile, Goodbye, Menu, Route, Say


@dataclass(frozen=True, slots=True)
class FlowSource:
    """A flow's file and where everything in it stands."""

    document: Document
    file: FlowFile

    def nodes(self) -> Iterator[tuple[Loc, str, AnyNode]]:
        """Yield each node: where its details stand, its name, and what it does."""
        for name, node in self.file.nodes.items():
            kind = type(node.step).__name__.lower()
            yield ("nodes", name, kind), name, node.step

    def unknown(self, loc: Loc, what: str, name: str, known: Iterable[str], remedy: str) -> Finding:
        """Return the finding that a name leads nowhere."""
        near = nearest(name, known)
        return self.document.finding(
            loc,
            f"there is no {what} `{name}`",
            found=f"`{name}`",
            expected=one_of(known) or f"a {what}",
            remedy=f"did you mean `{near}`?" if near else remedy,
        )


def ways(step: AnyNode) -> list[tuple[Loc, str]]:
    """Return every node that a node may lead to, and where it says so."""
    match step:
        case Say():
            return [(("goto",), step.goto)]
        case Menu():
            keys = [(("keys", key, "goto"), choice.goto) for key, choice in step.keys.items()]
            return [*keys, (("otherwise",), step.otherwise)]
        case Route():
            ways: list[tuple[Loc, str]] = [(("nobody",), step.nobody)]
            return ways if step.off_duty is None else [*ways, (("off_duty",), step.off_duty)]
        case Goodbye():
            return []


def silent_way(step: AnyNode) -> str | None:
    """Return where a caller gets who presses nothing, None where the way ends or an agent is looked for."""
    match step:
        case Say():
            return step.goto
        case Menu():
            return step.otherwise
        case _:
            return None


def silent_way_from(start: str, source: FlowSource) -> tuple[list[str], str]:
    """Return the nodes that a caller who presses nothing passes, and the one that follows: none, or one
    that was passed before."""
    way: dict[str, None] = {}
    name = start
    while name in source.file.nodes and name not in way:
        way[name] = None
        name = silent_way(source.file.nodes[name].step) or ""
    return list(way), name


def without_exit(source: FlowSource) -> list[str]:
    """Return the nodes from which no way leads to an end. A name that is no node's counts as one."""
    all_ways = graph(source)
    backwards: dict[str, list[str]] = {}
    for name, targets in all_ways.items():
        for target in targets:
            backwards.setdefault(target, []).append(name)
    ends = {name for _, name, step in source.nodes() if isinstance(step, Route | Goodbye)}
    ends |= {name for name in backwards if name not in all_ways}
    can_end = set[str]().union(*(reached_from(end, backwards) for end in ends))
    return [name for name in all_ways if name not in can_end]


def graph(source: FlowSource) -> dict[str, list[str]]:
    """Return every node with the nodes that it may lead to."""
    return {name: [to for _, to in ways(step)] for _, name, step in source.nodes()}


def reached_from(start: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    """Return a node and all that can be reached from it."""
    reached, ahead = set[str](), [start]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(graph.get(name, ()))
    return reached
