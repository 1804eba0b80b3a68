"""A flow's file with its places, and the ways from node to node in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..core.documents import Document, Loc
from ..core.findings import Finding
from ..core.suggest import nearest, one_of
from .schema import FlowFile
from .step import Reference, Step, references

Graph = Mapping[str, list[str]]
"""Every node with the nodes that it may lead to."""


@dataclass(frozen=True, slots=True)
class FlowSource:
    """A flow's file and where everything in it stands."""

    document: Document
    file: FlowFile

    def nodes(self) -> Iterator[tuple[Loc, str, Step]]:
        """Yield each node: where its details stand, its name, and what it does."""
        for name, node in self.file.nodes.items():
            yield ("nodes", name, node.kind), name, node.step

    def named(self, kind: type[Reference]) -> Iterator[tuple[Loc, str]]:
        """Yield everything of a kind that is named anywhere in the file, and where."""
        for loc, name in references(self.file):
            if isinstance(name, kind):
                yield loc, str(name)

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

    def ways(self) -> Graph:
        """Return where callers can get from each node, whatever they press."""
        human = [str(self.file.human.goto)] if self.file.human else []
        return {
            name: [str(to) for _, to in step.ways()] + (human if step.asks else [])
            for _, name, step in self.nodes()
        }

    def silent_ways(self) -> Graph:
        """Return where callers can get from each node who press nothing."""
        return {name: [str(to) for _, to in step.silent_ways()] for _, name, step in self.nodes()}

    def ends(self) -> set[str]:
        """Return the nodes at which a call can end."""
        return {name for _, name, step in self.nodes() if step.ends}


def without_exit(graph: Graph, ends: Iterable[str]) -> list[str]:
    """Return the nodes from which no way leads to an end. A name that is no node's counts as one."""
    backwards: dict[str, list[str]] = {}
    for name, targets in graph.items():
        for target in targets:
            backwards.setdefault(target, []).append(name)
    can_end = reached_from([*ends, *(name for name in backwards if name not in graph)], backwards)
    return [name for name in graph if name not in can_end]


def circle_from(start: str, graph: Graph) -> list[str]:
    """Return the circle that the first way of each node leads into, from a node without exit."""
    way: list[str] = []
    name = start
    while name not in way:
        way.append(name)
        name = graph[name][0]
    return way[way.index(name) :]


def reached_from(starts: Iterable[str], graph: Mapping[str, Iterable[str]]) -> set[str]:
    """Return some nodes and all that can be reached from them."""
    reached, ahead = set[str](), list(starts)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(graph.get(name, ()))
    return reached
