"""`astreinte announce`: what callers hear before anything else while something is going on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from pydantic_core import PydanticCustomError

from ..announcements.announcement import Announcement, Target, Words
from ..announcements.board import Board, BoardEditor
from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..core.suggest import nearest, one_of
from ..flow.fields import spoken_text
from ..prompts.errors import SoundError
from ..prompts.wav import parse_wav
from ..service.announcing import spoken_beside
from ..service.books import Books, open_books
from ..service.instance import holder_of
from .instants import moment, read_instant
from .rosters import team_names
from .terminal import YELLOW, paint, print_table, safe

MARKUP = re.compile(r"[<>\[\]{}]")
"""Signs that a speech engine may take as commands (SSML, phonemes)."""


class WrongAnnouncement(AstreinteError):
    """What is asked for cannot be announced."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An announcement as it was asked for on the command line."""

    words: Sequence[str]
    line: str | None
    language: str | None
    until: str | None
    recording: Path | None


def switch_on(settings_file: Path | None, wanted: Wanted) -> int:
    """Let callers hear it from now on; return the exit code."""
    settings = load_settings(settings_file)
    books, _ = open_books(settings)
    team, text = _team_and_text(wanted)
    target = _target(team, wanted.line, settings, books)
    zone = _zone(target, settings, books)
    language = _language(wanted.language, target, settings, books)
    until = _until(wanted.until, zone)
    with Board(settings.data).editing() as editor:
        words = _words(text, wanted.recording, language, editor)
        announcement = editor.draft(target, language, words, until)
        asyncio.run(spoken_beside(settings).prepare(announcement.prompts()))
        editor.put_up(announcement)
    _say_on(announcement, zone)
    _say_who_listens(settings)
    return 0


def switch_off(
    settings_file: Path | None, team: str | None, line: str | None, language: str | None, *, everything: bool
) -> int:
    """Let callers hear it no more; return the exit code."""
    if sum((team is not None, line is not None, everything)) != 1:
        raise WrongAnnouncement(
            "what shall be switched off?", remedy="name a team, or give --line LINE, or --all"
        )
    settings = load_settings(settings_file)
    target = None if everything else Target(line=line or "", team=team or "")
    with Board(settings.data).editing() as editor:
        known = [str(each.target) for each in editor.on]
        taken = editor.take_down(target, language)
    for each in taken:
        typer.echo(f"Off for {each.target}{f', in {safe(language)}' if language else ''}.")
    if not taken:
        remedy = f"on are those for {one_of(known)}" if known else "none is on"
        raise WrongAnnouncement("no such announcement is on", remedy=remedy)
    return 0


def list_announcements(settings_file: Path | None) -> int:
    """Print what is on; return the exit code."""
    settings, now = load_settings(settings_file), datetime.now(UTC)
    on = [each for each in Board(settings.data).read() if each.is_on(now)]
    if not on:
        typer.echo("No announcement is on.")
        return 0
    rows = [
        (
            each.target,
            language,
            _here(each.since),
            _here(each.until) if each.until else "switched off",
            words.text or "(recording)",
        )
        for each in on
        for language, words in each.said.items()
    ]
    print_table(("to", "language", "since", "until", "text"), rows, drop=("since",), whole=("to", "until"))
    _say_who_listens(settings)
    return 0


def _team_and_text(wanted: Wanted) -> tuple[str | None, str | None]:
    """Tell the words of the command line apart: a team unless there is --line, a text unless a recording."""
    names = [
        *([] if wanted.line is not None else ["TEAM"]),
        *([] if wanted.recording is not None else ["TEXT"]),
    ]
    if len(wanted.words) != len(names):
        asked = " ".join(names) or "nothing"
        raise WrongAnnouncement(
            f"{len(wanted.words)} words were given where {asked} was expected",
            remedy='write `announce on TEAM "text"`, or `announce on --line LINE "text"`; with --recording '
            "there is no text",
        )
    given = dict(zip(names, wanted.words, strict=True))
    return given.get("TEAM"), given.get("TEXT")


def _target(team: str | None, line: str | None, settings: Settings, books: Books) -> Target:
    if line is None:
        (name,) = team_names(books.rosters, team, "announce on")
        return Target(team=name)
    if line not in settings.lines:
        near = nearest(line, settings.lines)
        meant = f"did you mean `{near}`? " if near else ""
        raise WrongAnnouncement(
            f"there is no line `{safe(line)}`", remedy=f"{meant}The settings have {one_of(settings.lines)}"
        )
    return Target(line=line)


def _zone(target: Target, settings: Settings, books: Books) -> ZoneInfo:
    """Return the time zone of a team, or of the one that most callers of a line come to."""
    flow = books.flows.flows[settings.flow_of(target.line)]
    team = target.team or books.rosters.reasons[flow.fallback_reason]
    return ZoneInfo(books.rosters.teams[team].timezone)


def _language(language: str | None, target: Target, settings: Settings, books: Books) -> str:
    flows = books.flows
    spoken = flows.flows[settings.flow_of(target.line)].languages if target.line else flows.languages
    if language is not None and language not in spoken:
        raise WrongAnnouncement(
            f"no caller is spoken to in `{safe(language)}`", remedy=f"the flows speak {one_of(spoken)}"
        )
    return language or spoken[0]


def _until(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    until, notes = read_instant(text, zone, "--until")
    for note in notes:
        typer.echo(paint(note, YELLOW))
    if until <= datetime.now(UTC):
        raise WrongAnnouncement(
            f"--until {safe(text)} is over", remedy="give a time to come, or leave it out: `announce off`"
        )
    return until


def _words(text: str | None, recording: Path | None, language: str, editor: BoardEditor) -> Words:
    if recording is not None:
        content = recording.read_bytes()
        try:
            parse_wav(content)
        except SoundError as error:
            raise WrongAnnouncement(f"{recording}: {error.message}", remedy=error.remedy) from error
        return editor.keep_recording(content, language)
    try:
        spoken = spoken_text(text)
    except PydanticCustomError as error:
        remedy = (error.context or {}).get("remedy", "")
        raise WrongAnnouncement(error.message(), remedy=str(remedy)) from None
    if sign := MARKUP.search(spoken):
        raise WrongAnnouncement(
            f"`{sign[0]}` cannot be spoken", remedy="write plain words: markup is not understood"
        )
    return Words(text=spoken)


def _say_on(announcement: Announcement, zone: ZoneInfo) -> None:
    until = moment(announcement.until, zone, year=True) if announcement.until else "it is switched off"
    typer.echo(f"On for {announcement.target} until {until}:")
    for language, words in announcement.said.items():
        typer.echo(f"  {language}  {words.text or '(recording)'}")


def _say_who_listens(settings: Settings) -> None:
    if holder_of(settings.data) is None:
        typer.echo(paint("No line is running here: callers hear it once one does.", YELLOW))


def _here(at: datetime) -> str:
    """Return an instant in this machine's time, with its offset."""
    return f"{at.astimezone():%a %d %b %Y %H:%M %z}"
