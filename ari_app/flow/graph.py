"""A flow as a graph to be drawn: boxes, and arrows that say what leads along them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..core.documents import Loc
from .flow import Flow
from .nodes.menu import Choice, Menu
from .step import Saying, Step

Role = Literal["asks", "rings", "ends", "passes"]
"""What callers do at a node: press keys, wait for an agent, hang up, or pass through."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the flow."""

    name: str
    kind: str
    role: Role
    words: str
    """What it says, in the flow's first language."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """All ways from one node to another; each label is what makes a caller take it, "" what needs nothing."""

    source: str
    target: str
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Graph:
    """A flow, ready to be drawn."""

    name: str
    start: str
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def graph_of(flow: Flow) -> Graph:
    """Return the graph of a flow."""
    labels: dict[tuple[str, str], list[str]] = {}
    for name, step in flow.nodes.items():
        for target, label in _ways(step, flow.human):
            labels.setdefault((name, target), []).append(label)
    return Graph(
        flow.name,
        flow.start,
        [_box(flow, name, step) for name, step in flow.nodes.items()],
        [
            Arrow(*ends, said if said == [""] else [each or "then" for each in said])
            for ends, said in labels.items()
        ],
    )


def _box(flow: Flow, name: str, step: Step) -> Box:
    role: Role = "asks" if step.asks else "rings" if step.rings else "ends" if step.ends else "passes"
    prompts = flow.prompts(step.prompt, flow.languages[:1]) if isinstance(step, Saying) else []
    return Box(name, type(step).__name__.lower(), role, " ".join(prompt.text for prompt in prompts))


def _ways(step: Step, human: Choice | None) -> Iterator[tuple[str, str]]:
    for loc, target in step.ways():
        choice = step.keys[str(loc[1])] if isinstance(step, Menu) and loc[0] == "keys" else None
        yield str(target), _label(loc, choice)
    if step.asks and human and not (isinstance(step, Menu) and "0" in step.keys):
        yield str(human.goto), _label(("keys", "0"), human)


def _label(loc: Loc, choice: Choice | None) -> str:
    """Return `1 panne` for a key, `gold` for a branch, the field's name else; nothing for "and then"."""
    if choice:
        return " ".join(str(each) for each in (loc[1], choice.language, choice.reason) if each)
    return "" if loc[-1] in ("goto", "node") else str(loc[-1]).replace("_", " ")
