"""`astreinte`: the commands and what they take. What they do is in the module named after each.

Imports of the rooms are inside the commands, so that the command line starts at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..core.errors import AstreinteError

app = typer.Typer(
    name="astreinte",
    help="The on-call telephone line for Asterisk: one number, at any hour, reaches the person on duty.",
    epilog="Start with `astreinte check`, then `astreinte who`, then `astreinte run`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
calls_app = typer.Typer(help="The calls on record.", invoke_without_command=True)
app.add_typer(calls_app, name="calls")

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help="The settings file. Default: astreinte.yaml here, if there is one."
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"astreinte {__version__}")
        raise typer.Exit


@app.callback()
def astreinte(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The on-call telephone line for Asterisk."""


@app.command()
def run(settings: SettingsFile = None) -> None:
    """Start the line and stay up; Ctrl-C lets calls in progress end, then stops it."""
    from .run import run_line

    raise typer.Exit(run_line(settings))


@app.command()
def demo() -> None:
    """Put one real call through the line, from a telephone network of its own, and tell its story."""
    from .demo import run_demo

    raise typer.Exit(run_demo())


@app.command()
def check(settings: SettingsFile = None) -> None:
    """Check the settings, the rosters and the flows; every finding names file, line and column.

    Exits with 0 when there is no error, with 1 when there is one. Warnings alone do not fail.
    """
    from .check import run_check

    raise typer.Exit(run_check(settings))


@app.command()
def who(
    team: Annotated[str | None, typer.Argument(help="A team's name. Default: every team.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="An instant, such as 2026-12-25T03:00 (the team's own time) or with an offset."),
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Tell who is on call: who is rung, in which order, on which phones, and why."""
    from .who import run_who

    raise typer.Exit(run_who(settings, team, at))


@calls_app.callback()
def calls(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 20,
    settings: SettingsFile = None,
) -> None:
    """List the newest calls: when, who, why, how they ended, how long they waited and talked."""
    if context.invoked_subcommand is None:
        from .calls import list_calls

        raise typer.Exit(list_calls(settings, limit))


@calls_app.command("show")
def calls_show(
    call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    settings: SettingsFile = None,
) -> None:
    """Tell the story of one call: every event, every attempt to reach an agent, every duration."""
    from .calls import show_call

    raise typer.Exit(show_call(settings, call))


@app.command()
def doctor(settings: SettingsFile = None) -> None:
    """Tell what is wrong with this installation, and what to do about it.

    Exits with 0 when calls can be served, with 1 when something is in the way.
    """
    from .doctor import run_doctor

    raise typer.Exit(run_doctor(settings))


def main() -> None:
    """Run the command line; an error that a person can mend is a message, never a traceback."""
    try:
        app()
    except AstreinteError as error:
        sys.stderr.write(f"astreinte: {error}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
