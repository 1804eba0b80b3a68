"""A flow's graph as a picture: SVG, which browsers and documents show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from .graph import Arrow, Box, Graph
from .layout import Layout, Point, Size, lay_out

LETTER, SMALL_LETTER, LINE = 7.4, 6.2, 14.0
"""Pixels: about the width of a letter of 13 and of 11 pixels, and the height of a line of labels."""
BOX_HEIGHT, PADDING, MARGIN = 42.0, 14.0, 20.0
LOOP_WIDTH = 20.0
PORTS_APART = 18.0
"""Between two arrows that begin or end at one box, at most."""
START, START_SIZE = "", (14.0, 14.0)
"""Where callers come in: a dot, and no node's name."""

_STYLE = """\
text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#0f172a;text-anchor:middle}
.name{font-size:13px;font-weight:600}.kind{font-size:11px;fill:#475569}.label{font-size:11px}
rect{stroke:#475569;rx:8px}.asks{fill:#dbeafe}.rings{fill:#dcfce7}.ends{fill:#e5e7eb}.passes{fill:#fff}
path{fill:none;stroke:#475569;stroke-width:1.2}.tip{fill:#475569;stroke:none}.paper{fill:#fff;stroke:none}.under{fill:#fff;stroke:none;rx:3px}"""


def svg(graph: Graph) -> str:
    """Return the picture."""
    boxes = {box.name: _box_size(box) for box in graph.boxes}
    labels = {(arrow.source, arrow.target): _label_size(arrow.labels) for arrow in graph.arrows}
    layout = lay_out({START: START_SIZE, **boxes}, {(START, graph.start): (0.0, 0.0), **labels})
    loops = [arrow for arrow in graph.arrows if arrow.source == arrow.target]
    right = [layout.nodes[arrow.source][0] + boxes[arrow.source][0] / 2 for arrow in loops]
    right = [at + LOOP_WIDTH + _label_size(arrow.labels)[0] for at, arrow in zip(right, loops, strict=True)]
    width = round(max([layout.size[0], *right]) + 2 * MARGIN)
    height = round(layout.size[1] + 2 * MARGIN)
    ports = _Ports(layout, {START: START_SIZE, **boxes})
    parts = [_arrow_path(ports.path((START, graph.start)))]
    for arrow in graph.arrows:
        if arrow in loops:
            parts += _loop(arrow, layout.nodes[arrow.source], boxes[arrow.source])
        else:
            ends = (arrow.source, arrow.target)
            parts += [_arrow_path(ports.path(ends)), *_label(arrow.labels, layout.labels[ends])]
    parts += [_start(layout.nodes[START])]
    parts += [part for box in graph.boxes for part in _box(box, layout.nodes[box.name], boxes[box.name])]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{escape(graph.name)}">',
            f"<style>{_STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto"><path class="tip" d="M0,0.5 L7.5,4 L0,7.5 z"/></marker></defs>',
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<g transform="translate({MARGIN:g},{MARGIN:g})">',
            *parts,
            "</g>",
            "</svg>\n",
        ]
    )


def _box_size(box: Box) -> Size:
    return max(len(box.name) * LETTER, len(box.kind) * SMALL_LETTER) + 2 * PADDING, BOX_HEIGHT


def _label_size(labels: Sequence[str]) -> Size:
    said = [label for label in labels if label]
    return max((len(label) * SMALL_LETTER + 8 for label in said), default=0.0), len(said) * LINE


class _Ports:
    """Where arrows begin and end: side by side at a box, in the order of where they come from and go to."""

    def __init__(self, layout: Layout, sizes: dict[str, Size]) -> None:
        self._layout = layout
        self._at: dict[tuple[str, tuple[str, str]], Point] = {}
        for node, (x, y) in layout.nodes.items():
            ends = [ends for ends in layout.routes if node in ends]
            for below in (False, True):
                side = [each for each in ends if (self._next(node, each)[1] > y) == below]
                side.sort(key=lambda each: self._next(node, each)[0])
                apart = min(PORTS_APART, (sizes[node][0] - 12) / max(1, len(side)))
                for index, each in enumerate(side):
                    shift = (index - (len(side) - 1) / 2) * apart
                    self._at[node, each] = x + shift, y + sizes[node][1] / 2 * (1 if below else -1)

    def _next(self, node: str, ends: tuple[str, str]) -> Point:
        """Return the first point of an arrow's route as seen from one of its ends."""
        return self._layout.routes[ends][0 if ends[0] == node else -1]

    def path(self, ends: tuple[str, str]) -> list[Point]:
        """Return all points of an arrow."""
        return [self._at[ends[0], ends], *self._layout.routes[ends], self._at[ends[1], ends]]


def _arrow_path(points: Sequence[Point]) -> str:
    d = f"M{_xy(points[0])}"
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (y1 + y2) / 2
        d += f" C{_xy((x1, middle))} {_xy((x2, middle))} {_xy((x2, y2))}"
    return f'<path d="{d}" marker-end="url(#tip)"/>'


def _loop(arrow: Arrow, at: Point, size: Size) -> list[str]:
    """Return an arrow from a box to itself, at its right side."""
    right, y = at[0] + size[0] / 2, at[1]
    points = [(right, y - 10), (right + 22, y - 16), (right + 22, y + 16), (right, y + 10)]
    d = "M{} C{} {} {}".format(*map(_xy, points))
    wide, _ = _label_size(arrow.labels)
    return [
        f'<path d="{d}" marker-end="url(#tip)"/>',
        *_label(arrow.labels, (right + LOOP_WIDTH + wide / 2, y)),
    ]


def _label(labels: Sequence[str], at: Point) -> list[str]:
    said = [label for label in labels if label]
    if not said:
        return []
    (x, y), (wide, high) = at, _label_size(labels)
    top = y - high / 2
    return [
        f'<rect class="under" x="{x - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}"/>',
        *(
            f'<text class="label" x="{x:.1f}" y="{top + LINE * (number + 0.75):.1f}">{escape(label)}</text>'
            for number, label in enumerate(said)
        ),
    ]


def _box(box: Box, at: Point, size: Size) -> list[str]:
    (x, y), (wide, high) = at, size
    return [
        f"<g><title>{escape(box.words or box.name)}</title>"
        f'<rect class="{box.role}" x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}" '
        f'height="{high:.1f}"/>',
        f'<text class="name" x="{x:.1f}" y="{y - 3:.1f}">{escape(box.name)}</text>',
        f'<text class="kind" x="{x:.1f}" y="{y + 12:.1f}">{box.kind}</text></g>',
    ]


def _start(at: Point) -> str:
    return f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="7" fill="#475569"/>'


def _xy(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
