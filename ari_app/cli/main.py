"""`astreinte`: the commands and what they take. What they do is in the module named after each.

Imports of the rooms are inside the commands, so that the command line starts at once.
"""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..core.errors import AstreinteError
from .flow import app as flow_app

EPILOG = """\
First time here? `astreinte demo` puts one call through the line on this machine. With files of your own:
`astreinte check`, then `astreinte who`, then `astreinte run`; `astreinte doctor` when something is wrong.

Exit codes: 0 all is well; 1 it is not, and the message says what to do; 2 the command was not understood.
"""

app = typer.Typer(
    name="astreinte",
    help="The on-call telephone line for Asterisk: one number, at any hour, reaches the person on duty.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
calls_app = typer.Typer(invoke_without_command=True)
app.add_typer(calls_app, name="calls", short_help="List the calls on record; `calls show ID` tells one.")
callbacks_app = typer.Typer(invoke_without_command=True)
app.add_typer(
    callbacks_app, name="callbacks", short_help="List who waits to be called back; `callbacks cancel ID`."
)
versions_app = typer.Typer(invoke_without_command=True)
app.add_typer(
    versions_app, name="versions", short_help="List the versions of the rosters that were in force."
)
app.add_typer(flow_app, name="flow", short_help="Walk a flow in the terminal, or draw it.")
override_app = typer.Typer(no_args_is_help=True, help="Who stands in for whom, written into the rosters.")
app.add_typer(override_app, name="override", short_help="Write, list and remove who stands in for whom.")
announce_app = typer.Typer(
    no_args_is_help=True, help="What callers hear before anything else while something is going on."
)
app.add_typer(announce_app, name="announce", short_help="Let callers hear an announcement, at once.")

notify_app = typer.Typer(no_args_is_help=True, help="What people are told by mail, SMS or chat.")
app.add_typer(notify_app, name="notify", short_help="Tell people who is on next; try their addresses.")
messages_app = typer.Typer(invoke_without_command=True)
app.add_typer(messages_app, name="messages", short_help="List the messages that callers left.")
recordings_app = typer.Typer(invoke_without_command=True)
app.add_typer(recordings_app, name="recordings", short_help="List what was recorded; show, export, delete.")

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


@app.command(short_help="Start the line and stay up.")
def run(settings: SettingsFile = None) -> None:
    """Start the line and stay up.

    Ctrl-C (or SIGTERM) lets calls in progress end, then stops it; a second one stops it now. SIGHUP reads
    rosters and flows anew, all of them or, if there is a mistake, none. An Asterisk that is not up yet is
    waited for.

    Exits with 0 when it was stopped, with 1 when it could not start.
    """
    from .run import run_line

    raise typer.Exit(run_line(settings))


@app.command(short_help="Put one real call through the line and tell its story.")
def demo() -> None:
    """Put one real call through the line, from a telephone network of its own, and tell its story.

    It needs nothing but this machine, and leaves nothing running. Exits with 1 when a step did not happen.
    """
    from .demo import run_demo

    raise typer.Exit(run_demo())


@app.command(short_help="Check all files; tell every mistake and where it is.")
def check(
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Check settings, rosters, flows and recordings; every finding names file, line and column.

    Errors keep files out of force, warnings ask to be mended, notes ask for nothing. Exits with 0 when there
    is no error, with 1 when there is one.
    """
    from .check import run_check

    raise typer.Exit(run_check(settings, strict=strict, as_json=as_json))


@app.command(short_help="Tell who is on call, now or at any instant.")
def who(
    team: Annotated[str | None, typer.Argument(help="A team's name. Default: every team.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="An instant, such as 2026-12-25T03:00 (the team's own time) or with an offset."),
    ] = None,
    *,
    reason: Annotated[str | None, typer.Option(help="As if a caller called for it.")] = None,
    language: Annotated[str | None, typer.Option(help="As if a caller spoke it, such as fr.")] = None,
    vip: Annotated[bool, typer.Option("--vip", help="As if a VIP called.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Tell who is on call: who is rung, in which order, on which phones, and why.

    Steps that are only for some calls are told as skipped when the options do not describe such a call.
    """
    from ..roster.escalation import Asked
    from .who import run_who

    raise typer.Exit(run_who(settings, team, at, Asked(reason, language, vip)))


class View(StrEnum):
    """How a schedule is shown."""

    TABLE = "table"
    CALENDAR = "calendar"
    ICAL = "ical"
    JSON = "json"


@app.command(short_help="Show who is on call from when until when.")
def schedule(
    team: Annotated[str | None, typer.Argument(help="A team's name. Default: every team.")] = None,
    *,
    agent: Annotated[
        str | None, typer.Option(help="One person's shifts, over all teams or in the team that is named.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="One layer of the team, by itself.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Such as 2026-12-01 (its midnight). Default: today.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Until then, exclusive. Default: four weeks later.")
    ] = None,
    month: Annotated[str | None, typer.Option(help="A month instead, such as 2026-12.")] = None,
    view: Annotated[
        View, typer.Option(help="calendar: weeks in colours; ical: an .ics file; json: for programs.")
    ] = View.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Show the schedule: who is on call from when until when, and when nobody is.

    All layers and overrides are taken together, as calls see them. Times are local, with their offset.
    """
    from .schedule import Asked, run_schedule

    raise typer.Exit(run_schedule(settings, Asked(team, agent, layer, start, end, month, view.value)))


class Kind(StrEnum):
    """The kinds of file that admins write."""

    ROSTER = "roster"
    AGENTS = "agents"
    FLOW = "flow"
    WORDS = "words"
    CALLERS = "callers"
    SETTINGS = "settings"


@app.command(short_help="Print the JSON Schema of a kind of file, for editors.")
def schema(
    kind: Annotated[Kind, typer.Argument(help="words: the `line.yaml` of the flows' folder.")],
) -> None:
    """Print the JSON Schema (draft 2020-12) of a kind of file: editors complete and check with it.

    Those of this version are in `docs/schema/`; the first line of each shipped file names its own.
    """
    from .schema import run_schema

    raise typer.Exit(run_schema(kind.value))


@app.command(short_help="Show what another version of the rosters changes in the schedule.")
def diff(
    old: Annotated[Path, typer.Argument(help="A folder of rosters.")],
    new: Annotated[Path, typer.Argument(help="Another version of it.")],
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="Such as 2026-12-01 (its midnight). Default: now.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days are looked at.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what changes in the schedule from one folder of rosters to another.

    Each agent's shifts that are gained (+) and lost (-), gaps that open and close, teams, steps and reasons
    that come and go. Exits with 0 when nothing changes, with 1 when something does, with 2 when the files
    cannot be compared.
    """
    from .diff import run_diff

    raise typer.Exit(run_diff(old, new, start, days, as_json=as_json))


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")]
Why = Annotated[str | None, typer.Option("--reason", help="Kept in the roster, for people.")]
Exceptional = Annotated[
    bool, typer.Option("--exceptional", help="Marks a change at short notice as an exceptional one.")
]


@override_app.command("add", short_help="Let somebody stand in for somebody.")
def override_add(
    team: Annotated[str, typer.Argument(help="A team's name.")],
    *,
    start: Annotated[str, typer.Option("--from", help="Such as 2026-12-24T18:00, in the team's own time.")],
    end: Annotated[str, typer.Option("--to", help="Until then, exclusive. 2026-12-26 is its midnight.")],
    absent: Annotated[str, typer.Option("--replace", help="Who is away: an agent's id or name.")],
    stand_in: Annotated[str, typer.Option("--with", help="Who is there instead.")],
    reason: Why = None,
    name: Annotated[str | None, typer.Option("--id", help="Default: one that can be read.")] = None,
    exceptional: Exceptional = False,
    dry_run: DryRun = False,
    settings: SettingsFile = None,
) -> None:
    """Let somebody stand in for somebody, in every layer of a team.

    What it changes in the schedule is shown, then it is written at the end of the team's overrides; every
    other byte of the file stays. Nothing is written when the files would have an error with it.
    """
    from .override import Wanted, add_override

    wanted = Wanted(team, start, end, absent, stand_in, reason, name, exceptional)
    raise typer.Exit(add_override(settings, wanted, dry_run=dry_run))


@override_app.command("list", short_help="List the overrides in force and to come.")
def override_list(
    team: Annotated[str | None, typer.Argument(help="A team's name. Default: every team.")] = None,
    *,
    past: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    settings: SettingsFile = None,
) -> None:
    """List overrides: who is away and who is there instead, when, why, and how much each changes."""
    from .override import list_overrides

    raise typer.Exit(list_overrides(settings, team, past=past))


@override_app.command("remove", short_help="Remove an override.")
def override_remove(
    team: Annotated[str, typer.Argument(help="A team's name.")],
    override: Annotated[str, typer.Argument(help="The override's id.")],
    *,
    dry_run: DryRun = False,
    settings: SettingsFile = None,
) -> None:
    """Remove an override and the comments that are clearly its own; show what that changes."""
    from .override import remove_override

    raise typer.Exit(remove_override(settings, team, override, dry_run=dry_run))


@app.command("import", short_help="Make rosters of what another product exports.")
def import_(
    source: Annotated[str, typer.Argument(help="pagerduty, opsgenie, grafana-oncall or goalert.")],
    file: Annotated[Path, typer.Argument(help="Its export: JSON, or a calendar (.ics).")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder to write to; nothing there is overwritten."),
    ] = None,
    timezone: Annotated[str, typer.Option(help="For a calendar: the team's time zone.")] = "Europe/Paris",
) -> None:
    """Make rosters of what another product exports (docs/imports.md), and report what has no equivalent.

    The files are printed, or written to a folder; the report goes to the standard error stream. Telephone
    numbers are usually not in exports: `astreinte check` names each place to fill in.
    """
    from .import_ import run_import

    raise typer.Exit(run_import(source, file, output, timezone))


@app.command(short_help="Let two agents exchange their shifts of a day.")
def swap(
    first: Annotated[str, typer.Argument(help="An agent's id or name.")],
    second: Annotated[str, typer.Argument(help="Another agent's.")],
    *,
    on: Annotated[str, typer.Option("--on", help="The day on which the shifts begin, such as 2026-12-24.")],
    against: Annotated[
        str | None, typer.Option("--and", help="The day of the second agent's, when it is another one.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="Where, when it could be in several teams.")] = None,
    reason: Why = None,
    exceptional: Exceptional = False,
    dry_run: DryRun = False,
    settings: SettingsFile = None,
) -> None:
    """Let two agents exchange the shifts that begin on a day.

    When one of them has none, it takes the other's. With --and, the second gives the shifts of that day for
    those of the first. It is written as overrides: `astreinte override list` shows them.
    """
    from .swap import Asked, run_swap

    asked = Asked(first, second, on, against, team, reason, exceptional)
    raise typer.Exit(run_swap(settings, asked, dry_run=dry_run))


AnnouncedLine = Annotated[
    str | None, typer.Option("--line", help="Callers of a line of the settings, instead of a team's.")
]


@app.command(short_help="Ring everybody who would be rung now, to see who can be reached.")
def drill(
    team: Annotated[str, typer.Argument(help="A team's name.")],
    *,
    reason: Annotated[str | None, typer.Option(help="As if a caller called for it.")] = None,
    settings: SettingsFile = None,
) -> None:
    """Ring every phone of everybody whom a team would ring now, one after the other, by the running line.

    Whoever picks up hears that it is a drill, and presses 1. Callers come first, and whoever is in a call is
    left in peace. It is on record as a drill, not as a call. Ctrl-C ends it. Exits with 0 when somebody
    pressed 1, with 1 when nobody did.
    """
    from .drill import run_drill

    raise typer.Exit(run_drill(settings, team, reason))


@notify_app.command("next", short_help="Tell people who is on next.")
def notify_next(
    *,
    team: Annotated[str | None, typer.Option(help="One team alone.")] = None,
    within: Annotated[str, typer.Option(help="Handoffs from now until then, 24h at most.")] = "24h",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Tell those whom the rosters name (`handoff_notice`) who is on next, now.

    A running line does so by itself, once before each handoff. Exits with 1 when it could not be sent to
    somebody.
    """
    from .notify_next import run_notify_next

    raise typer.Exit(run_notify_next(settings, team, within, dry_run=dry_run))


@notify_app.command("test", short_help="Send somebody a test.")
def notify_test(
    name: Annotated[str, typer.Argument(help="A name of `notify` in the settings.")],
    settings: SettingsFile = None,
) -> None:
    """Send a short text to every address of a name, now, and say what each service answered.

    Exits with 1 when one of them did not take it.
    """
    from .notify_test import run_notify_test

    raise typer.Exit(run_notify_test(settings, name))


@messages_app.callback()
def messages(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 20,
    settings: SettingsFile = None,
) -> None:
    """List the newest messages that callers left: when, who, for which team, how long, who was told."""
    if context.invoked_subcommand is None:
        from .messages import list_messages

        raise typer.Exit(list_messages(settings, limit))


MessageId = Annotated[str, typer.Argument(help="The message's id, or its beginning.")]


@messages_app.command("path", short_help="Print where a message's file is.")
def messages_path(message: MessageId, settings: SettingsFile = None) -> None:
    """Print where the file of a message is: a WAV file that any player plays."""
    from .messages import print_path

    raise typer.Exit(print_path(settings, message))


@messages_app.command("delete", short_help="Delete a message.")
def messages_delete(message: MessageId, settings: SettingsFile = None) -> None:
    """Delete the file of a message. That there was one, and who was told, stays on record."""
    from .messages import delete_message

    raise typer.Exit(delete_message(settings, message))


@recordings_app.callback()
def recordings(
    context: typer.Context,
    *,
    call: Annotated[str, typer.Option(help="Of one call: its id, or the beginning of it.")] = "",
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of one day, by this machine's clock.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="Of one team.")] = None,
    agent: Annotated[str | None, typer.Option(help="Of calls that this agent took, or took over.")] = None,
    deleted: Annotated[bool, typer.Option("--all", help="Those that were deleted, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 20,
    settings: SettingsFile = None,
) -> None:
    """List the newest recordings of talks: when, who, for which team, how long, until when they are kept."""
    if context.invoked_subcommand is None:
        from .recordings import list_recordings

        code = list_recordings(settings, limit, call=call, day=day, team=team, agent=agent, deleted=deleted)
        raise typer.Exit(code)


RecordingId = Annotated[str, typer.Argument(help="The recording's id, or its beginning.")]


@recordings_app.command("show", short_help="Tell all that is known of a recording.")
def recordings_show(recording: RecordingId, settings: SettingsFile = None) -> None:
    """Tell all that is known of a recording: its call, its pauses, its file, until when it is kept."""
    from .recordings import show_recording

    raise typer.Exit(show_recording(settings, recording))


@recordings_app.command("export", short_help="Copy a recording.")
def recordings_export(
    recording: RecordingId,
    target: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to. Default: here, named by its id.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Copy a recording to a WAV file that only you may read. The line does not delete the copy."""
    from .recordings import export_recording

    raise typer.Exit(export_recording(settings, recording, target))


@recordings_app.command("delete", short_help="Delete a recording before its time is over.")
def recordings_delete(recording: RecordingId, settings: SettingsFile = None) -> None:
    """Delete a recording before its time is over. That there was one stays on record."""
    from .recordings import delete_recording

    raise typer.Exit(delete_recording(settings, recording))


@announce_app.command("on", short_help="Switch an announcement on.")
def announce_on(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="TEAM TEXT", help="Whose callers hear it, and what.")
    ] = None,
    *,
    line: AnnouncedLine = None,
    language: Annotated[
        str | None, typer.Option(help="The text's, such as fr. Default: the flow's first.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="When it ends, such as 2026-11-24T08:00. Default: `announce off`.")
    ] = None,
    recording: Annotated[
        Path | None, typer.Option(help="A WAV file instead of a text.", exists=True, dir_okay=False)
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Let callers hear something before anything else, from now on: nothing has to be restarted.

    With a team, those who are about to be put through to it; with --line, everybody who calls the line. Give
    the command again for another language. It is on until it is switched off, or until a time, also across
    restarts of the line. Its sound is made first: the command ends when callers hear it.
    """
    from .announce import Wanted, switch_on

    raise typer.Exit(switch_on(settings, Wanted(words or [], line, language, until, recording)))


@announce_app.command("off", short_help="Switch an announcement off.")
def announce_off(
    team: Annotated[str | None, typer.Argument(help="A team's name.")] = None,
    *,
    line: AnnouncedLine = None,
    language: Annotated[str | None, typer.Option(help="In this language alone.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are on.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Let callers hear it no more. Who is hearing it hears it to its end."""
    from .announce import switch_off

    raise typer.Exit(switch_off(settings, team, line, language, everything=everything))


@announce_app.command("list", short_help="List the announcements that are on.")
def announce_list(settings: SettingsFile = None) -> None:
    """List what callers hear, in which languages, and until when."""
    from .announce import list_announcements

    raise typer.Exit(list_announcements(settings))


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


@calls_app.command("show", short_help="Tell the story of one call.")
def calls_show(
    call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    settings: SettingsFile = None,
) -> None:
    """Tell the story of one call: every event, every attempt to reach an agent, every duration."""
    from .calls import show_call

    raise typer.Exit(show_call(settings, call))


@callbacks_app.callback()
def callbacks(
    context: typer.Context,
    over: Annotated[
        bool, typer.Option("--all", help="Those that are over too, newest first, and what became of them.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    settings: SettingsFile = None,
) -> None:
    """List who waits to be called back, in the order in which they are: by priority, then first come."""
    if context.invoked_subcommand is None:
        from .callbacks import list_callbacks

        raise typer.Exit(list_callbacks(settings, limit, over=over))


@callbacks_app.command("cancel", short_help="Do not call somebody back.")
def callbacks_cancel(
    callback: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    settings: SettingsFile = None,
) -> None:
    """Do not call somebody back. A running line needs no word of it."""
    from .callbacks import cancel_callback

    raise typer.Exit(cancel_callback(settings, callback))


@versions_app.callback()
def versions(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 20,
    settings: SettingsFile = None,
) -> None:
    """List the versions of the rosters that were in force: from when until when, and what they say."""
    if context.invoked_subcommand is None:
        from .versions import list_versions

        raise typer.Exit(list_versions(settings, limit))


@versions_app.command("show", short_help="Show the schedule as a version published it.")
def versions_show(
    version: Annotated[str, typer.Argument(help="The version's id or hash, or the beginning of it.")],
    team: Annotated[str | None, typer.Option(help="One team alone.")] = None,
    settings: SettingsFile = None,
) -> None:
    """Show who is on call in the 60 days after a version came into force, as it was published then."""
    from .versions import show_version

    raise typer.Exit(show_version(settings, version, team))


@app.command(short_help="Tell what is wrong with this installation.")
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
        from .complaint import complain

        complain(error)
        sys.exit(1)
    except OSError as error:  # the disk, the network: what the system says, without where in our code
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"astreinte: {where}{error.strerror or error}\n")
        sys.exit(1)
