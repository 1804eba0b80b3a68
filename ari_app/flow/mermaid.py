"""A flow's graph in the language of Mermaid, which many wikis and forges draw."""

from __future__ import annotations

from .graph import Graph

_COLOURS = {"asks": "#dbeafe", "rings": "#dcfce7", "ends": "#e5e7eb", "passes": "#ffffff"}


def mermaid(graph: Graph) -> str:
    """Return the text of a flowchart. Nodes have numbers for ids: a name could be a word of the language."""
    ids = {box.name: f"n{number}" for number, box in enumerate(graph.boxes)}
    lines = ["flowchart TD", f"  start(( )) --> {ids[graph.start]}"]
    lines += [f'  {ids[box.name]}["{_text(box.name)}<br/>{box.kind}"]:::{box.role}' for box in graph.boxes]
    for arrow in graph.arrows:
        said = "<br/>".join(_text(label) for label in arrow.labels if label)
        label = f'|"{said}"|' if said else ""
        lines.append(f"  {ids[arrow.source]} -->{label} {ids[arrow.target]}")
    lines += [f"  classDef {role} fill:{colour},stroke:#475569" for role, colour in _COLOURS.items()]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Return a text with Mermaid's entity codes for what is not a letter, a digit, a blank or `-`."""
    return "".join(sign if sign.isalnum() or sign in " -_" else f"#{ord(sign)};" for sign in text)
