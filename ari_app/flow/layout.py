"""Places the nodes of a directed graph in layers, so that most arrows point down and few cross.

Sugiyama's method (1981): turn the arrows that close circles round, put nodes in layers, let long arrows pass
layers through points of their own, order each layer by its neighbours, then move everything as close to its
neighbours as the order allows. The libraries for it are copyleft, need a program beside Python, or are a
month old; a flow has tens of nodes, for which this is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

Node = str
"""A name without blanks; the points of arrows have names of their own, with blanks."""
Size = tuple[float, float]
"""Width and height."""
Point = tuple[float, float]

GAP_ACROSS, GAP_DOWN = 28.0, 22.0
"""Blank between neighbours, and between layers."""
ORDERING_SWEEPS, PLACING_SWEEPS = 24, 120
STRAIGHT = 8.0
"""How much more the points of one long arrow want to be above each other than two nodes do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is: the middles of nodes and of arrows' labels, and the points that arrows pass."""

    size: Size
    nodes: Mapping[Node, Point]
    labels: Mapping[tuple[Node, Node], Point]
    routes: Mapping[tuple[Node, Node], Sequence[Point]]
    """The points between the two nodes, from the source's side on; an arrow to its own node has none."""


def lay_out(nodes: Mapping[Node, Size], arrows: Mapping[tuple[Node, Node], Size]) -> Layout:
    """Place nodes and arrows; each has its size (an arrow that of its label). The first nodes are on top."""
    arrows = {ends: size for ends, size in arrows.items() if ends[0] != ends[1]}
    turned = _closing_circles(nodes, arrows)
    down = {ends: ends[::-1] if ends in turned else ends for ends in arrows}
    ranks = _ranks(nodes, down.values())
    sizes: dict[Node, Size] = dict(nodes)
    chains: dict[tuple[Node, Node], list[Node]] = {}
    links: dict[tuple[Node, Node], float] = {}
    for ends, (top, bottom) in down.items():
        on_the_way = {f"{ends[0]} {ends[1]} {rank}": rank for rank in range(ranks[top] + 1, ranks[bottom])}
        between = list(on_the_way)
        ranks |= on_the_way
        sizes |= dict.fromkeys(between, (0.0, 0.0))
        chain = [top, *between, bottom]
        for upper, lower in pairwise(chain):
            links[upper, lower] = STRAIGHT if upper in between and lower in between else 1.0
        chains[ends] = chain[::-1] if ends in turned else chain
        sizes[chains[ends][1]] = arrows[ends]
    layers = _ordered(ranks, links)
    across = _across(layers, links, sizes)
    down_to, height = _down(layers, sizes)
    places = {node: (across[node], down_to[ranks[node]]) for node in ranks}
    width = max((across[node] + sizes[node][0] / 2 for node in ranks), default=0.0)
    return Layout(
        (width, height),
        {node: places[node] for node in nodes},
        {ends: places[chain[1]] for ends, chain in chains.items()},
        {ends: [places[point] for point in chain[1:-1]] for ends, chain in chains.items()},
    )


def _closing_circles(nodes: Iterable[Node], arrows: Iterable[tuple[Node, Node]]) -> set[tuple[Node, Node]]:
    """Return the arrows that lead back to a node on the way to them."""
    targets: dict[Node, list[Node]] = {}
    for source, target in arrows:
        targets.setdefault(source, []).append(target)
    closing, done = set[tuple[Node, Node]](), set[Node]()
    for root in nodes:
        way: dict[Node, list[Node]] = {}  # the nodes on the way, each with the targets that are not looked at
        if root not in done:
            way[root] = list(targets.get(root, ()))
        while way:
            node = next(reversed(way))
            if not way[node]:
                del way[node]
                done.add(node)
                continue
            target = way[node].pop(0)
            if target in way:
                closing.add((node, target))
            elif target not in done:
                way[target] = list(targets.get(target, ()))
    return closing


def _ranks(nodes: Iterable[Node], arrows: Iterable[tuple[Node, Node]]) -> dict[Node, int]:
    """Return each node's layer: below all that leads to it, with a layer between for labels."""
    sources: dict[Node, list[Node]] = {node: [] for node in nodes}
    for top, bottom in arrows:
        sources[bottom].append(top)
    ranks: dict[Node, int] = {}
    while len(ranks) < len(sources):
        for node, above in sources.items():
            if node not in ranks and all(each in ranks for each in above):
                ranks[node] = max((ranks[each] + 2 for each in above), default=0)
    return ranks


def _ordered(ranks: Mapping[Node, int], links: Mapping[tuple[Node, Node], float]) -> list[list[Node]]:
    """Return the layers, each ordered so that few links cross."""
    layers: list[list[Node]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for node, rank in ranks.items():
        layers[rank].append(node)
    above, below = _neighbours(links)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    for sweep in range(ORDERING_SWEEPS):
        beside, order = (above, layers) if sweep % 2 == 0 else (below, layers[::-1])
        turn = 1 if sweep % 4 < 2 else -1  # nodes that want the same place change it, or none would ever
        for fixed, layer in pairwise(order):
            place = {node: float(index) for index, node in enumerate(fixed)}
            own = {node: index for index, node in enumerate(layer)}
            wish = {node: _mean([place[each] for each in beside.get(node, ())], own[node]) for node in layer}
            layer.sort(key=lambda node: (wish[node], turn * own[node]))
        if (crossings := _crossings(layers, below)) < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _mean(places: Sequence[float], none: float) -> float:
    return sum(places) / len(places) if places else none


def _neighbours(
    links: Iterable[tuple[Node, Node]],
) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    above: dict[Node, list[Node]] = {}
    below: dict[Node, list[Node]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _crossings(layers: Sequence[Sequence[Node]], below: Mapping[Node, list[Node]]) -> int:
    crossings = 0
    for upper, lower in pairwise(layers):
        place = {node: index for index, node in enumerate(lower)}
        ends = [sorted(place[each] for each in below.get(node, ())) for node in upper]
        flat = [(index, end) for index, each in enumerate(ends) for end in each]
        crossings += sum(a < c and b > d for a, b in flat for c, d in flat)
    return crossings


def _across(
    layers: Sequence[Sequence[Node]], links: Mapping[tuple[Node, Node], float], sizes: Mapping[Node, Size]
) -> dict[Node, float]:
    """Return how far right each node's middle is: near its neighbours, and never over another node."""
    across: dict[Node, float] = {}
    wishes: dict[Node, list[tuple[Node, float]]] = {}
    for (upper, lower), weight in links.items():
        wishes.setdefault(upper, []).append((lower, weight))
        wishes.setdefault(lower, []).append((upper, weight))
    for layer in layers:
        across |= dict(zip(layer, _offsets(layer, sizes), strict=True))
    for sweep in range(PLACING_SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            offsets = _offsets(layer, sizes)
            wanted = []
            for node, offset in zip(layer, offsets, strict=True):
                near = wishes.get(node, [(node, 1.0)])
                weight = sum(each for _, each in near)
                middle = sum(across[other] * each for other, each in near) / weight
                wanted.append((middle - offset, weight))
            across |= {
                node: fitted + offset
                for node, fitted, offset in zip(layer, _ascending(wanted), offsets, strict=True)
            }
    left = min((across[node] - sizes[node][0] / 2 for node in across), default=0.0)
    return {node: place - left for node, place in across.items()}


def _offsets(layer: Sequence[Node], sizes: Mapping[Node, Size]) -> list[float]:
    """Return how far right of the first each node of a layer is at least."""
    offsets, at = [], 0.0
    for index, node in enumerate(layer):
        if index:
            at += (sizes[layer[index - 1]][0] + sizes[node][0]) / 2 + GAP_ACROSS
        offsets.append(at)
    return offsets


def _ascending(wanted: Iterable[tuple[float, float]]) -> list[float]:
    """Return the ascending numbers that are nearest to wanted ones, by weight (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in wanted:
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean, heavy, many), (other, light, few) = pools.pop(-2), pools.pop()
            total = heavy + light
            pools.append(((mean * heavy + other * light) / total, total, many + few))
    return [mean for mean, _, many in pools for _ in range(many)]


def _down(layers: Sequence[Sequence[Node]], sizes: Mapping[Node, Size]) -> tuple[list[float], float]:
    """Return how far down each layer's middle is, and where the last one ends."""
    middles, at = [], 0.0
    for layer in layers:
        height = max(map(itemgetter(1), (sizes[node] for node in layer)), default=0.0)
        middles.append(at + height / 2)
        at += height + GAP_DOWN
    return middles, max(0.0, at - GAP_DOWN)
