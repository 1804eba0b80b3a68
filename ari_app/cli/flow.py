"""`astreinte flow`: the commands that show a flow, and what they take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)

Flow = Annotated[str, typer.Argument(help="The flow's name.")]
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help="The settings file. Default: astreinte.yaml here, if there is one."
    ),
]


class Format(StrEnum):
    """What `astreinte flow graph` writes."""

    mermaid = "mermaid"
    svg = "svg"


@app.callback()
def flow() -> None:
    """Walk a flow in the terminal, or draw it. The line need not run, and no Asterisk is needed."""


@app.command("try", short_help="Walk a flow in the terminal, typing keys.")
def try_(
    flow: Flow,
    *,
    caller: Annotated[
        str | None,
        typer.Option("--from", help="The caller's number, such as +33199001234. Default: withheld."),
    ] = None,
    vip: Annotated[bool, typer.Option("--vip", help="A VIP calls.")] = False,
    called: Annotated[str, typer.Option("--to", help="The number that they call.")] = "default",
    language: Annotated[
        str | None, typer.Option(help="Begin in this language. Default: as the flow says.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="An instant, such as 2026-12-25T03:00 (the flow's own time) or with an offset."),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(help="Press these and then nothing, instead of asking: `1,2,#`; `-` is silence."),
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody takes the call.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Walk a flow as a caller would: what they hear is printed, and keys are typed.

    Type keys and Enter; several at once are typed ahead. Enter alone is silence, Ctrl-D hangs up. Timeouts
    are not waited for. Webhooks are really asked. Nobody is rung.
    """
    from .flow_try import try_flow

    raise typer.Exit(
        try_flow(
            settings,
            flow,
            caller,
            called,
            vip=vip,
            language=language,
            at=at,
            keys=keys,
            somebody=not nobody,
        )
    )


@app.command(short_help="Draw a flow.")
def graph(
    flow: Flow,
    format_: Annotated[
        Format, typer.Option("--format", help="`svg` for a browser, `mermaid` for a wiki.")
    ] = Format.svg,
    settings: SettingsFile = None,
) -> None:
    """Draw a flow: its nodes, and what leads from one to the other. Prints SVG or Mermaid.

    For a file: astreinte flow graph accueil > accueil.svg
    """
    from .flow_graph import graph_flow

    raise typer.Exit(graph_flow(settings, flow, format_.value))
