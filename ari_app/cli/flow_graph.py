"""`astreinte flow graph`: a flow as a picture."""

from __future__ import annotations

from pathlib import Path

import typer

from ..core.settings import load_settings
from ..flow.graph import graph_of
from ..flow.mermaid import mermaid
from ..flow.svg import svg
from .flows import flow_named


def graph_flow(settings_file: Path | None, name: str, form: str) -> int:
    """Print the picture of a flow; return the exit code."""
    graph = graph_of(flow_named(load_settings(settings_file), name))
    typer.echo(svg(graph) if form == "svg" else mermaid(graph), nl=False)
    return 0
