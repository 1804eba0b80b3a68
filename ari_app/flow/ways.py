"""What must hold of the ways through a flow: callers get in, and on, and out. One rule a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..core.findings import Finding
from ..core.suggest import one_of
from .fields import NodeName
from .nodes.menu import Menu
from .source import FlowSource, circle_from, reached_from, without_exit
from .step import Step


def _ways_lead_to_nodes(source: FlowSource) -> Iterator[Finding]:
    nodes = source.file.nodes
    for loc, name in source.named(NodeName):
        if name not in nodes:
            yield source.unknown(loc, "node", name, nodes, f"add `{name}` to the nodes, or name another")


def _nodes_can_be_reached(source: FlowSource) -> Iterator[Finding]:
    reached = reached_from([source.file.start], source.ways())
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
    ways, told = source.ways(), set[str]()
    for name in without_exit(ways, source.ends()):
        circle = reached_from([name], ways)
        if told.isdisjoint(circle) and all(name in reached_from([each], ways) for each in circle):
            told |= circle
            yield source.document.finding(
                ("nodes", name),
                f"who gets to the node `{name}` never gets out",
                found=f"ways to {one_of(sorted(circle)).replace(' or ', ' and ')} alone",
                expected="a way to a `route`, a `transfer` or a `goodbye`",
                remedy="lead `otherwise`, a key or a `goto` to a node that ends the call",
                key=True,
            )


def _silence_ends(source: FlowSource) -> Iterator[Finding]:
    """A caller who presses nothing (no keys, no hands), and says nothing, must get somewhere too."""
    ends = source.ends()
    told = set(without_exit(source.ways(), ends))
    silent = source.silent_ways()
    for start in without_exit(silent, ends):
        circle = circle_from(start, silent)
        asking = [name for name in circle if _waits_for_somebody(source.file.nodes[name].step)]
        if asking and told.isdisjoint(circle):
            told.update(circle)
            last = asking[-1]
            yield source.document.finding(
                ("nodes", last, source.file.nodes[last].kind, "otherwise"),
                "a caller who presses nothing goes round in a circle",
                found=" → ".join([*circle, circle[0]]),
                expected="a way to a `route` or a `goodbye` without any key",
                remedy="lead `otherwise` on to an agent or to the end",
            )


def _waits_for_somebody(step: Step) -> bool:
    return [where for where, _ in step.silent_ways()] == [("otherwise",)]


def _silence_reaches_an_agent(source: FlowSource) -> Iterator[Finding]:
    steps = {name: step for _, name, step in source.nodes()}
    silent = reached_from([source.file.start], source.silent_ways())
    ends = [name for name in steps if name in silent and steps[name].ends]
    if ends and any(step.rings for step in steps.values()) and not any(steps[name].rings for name in ends):
        yield source.document.finding(
            ("nodes", ends[0]),
            "a caller who presses nothing reaches nobody",
            found=f"ways to {one_of(ends).replace(' or ', ' and ')} alone, without a key",
            expected="a way to a `route` without any key",
            remedy="lead `otherwise` of the menus to a `route`: not every telephone has keys that work",
            key=True,
            severity="warning",
        )


def _zero_leads_to_a_human(source: FlowSource) -> Iterator[Finding]:
    human, ways = source.file.human, source.ways()
    if human is None or human.goto not in ways:
        return
    nodes, reached = source.file.nodes, reached_from([human.goto], ways)
    if not any(name not in nodes or nodes[name].step.rings for name in reached):  # who knows what was meant
        yield source.document.finding(
            ("human", "goto"),
            "`human` leads to nobody",
            expected="a node from which a `route` or a `transfer` can be reached",
            remedy="name a `route`, or remove `human`",
        )


def _keys_lead_somewhere(source: FlowSource) -> Iterator[Finding]:
    for loc, name, step in source.nodes():
        if isinstance(step, Menu):
            for key, choice in step.keys.items():
                if choice.goto == name and choice.language is None and choice.reason is None and key != "#":
                    yield source.document.finding(
                        (*loc, "keys", key, "goto"),
                        f"the key `{key}` leads back to where it is pressed",
                        expected="another node, a `language` or a `reason`",
                        remedy="remove the key, or lead it on; `#` says a menu again by itself",
                        severity="warning",
                    )


RULES: tuple[Callable[[FlowSource], Iterator[Finding]], ...] = (
    _ways_lead_to_nodes,
    _nodes_can_be_reached,
    _nodes_have_an_exit,
    _silence_ends,
    _silence_reaches_an_agent,
    _zero_leads_to_a_human,
    _keys_lead_somewhere,
)
