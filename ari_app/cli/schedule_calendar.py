"""A timetable as a calendar of weeks: a colour for each agent, and the hours at which another one begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import typer
from rich.box import SQUARE
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ..core.errors import AstreinteError
from ..core.times import DAYS
from ..roster.calendar import first_instant, wall_time
from .instants import length, moment
from .schedule_table import NOBODY, print_foot, print_head
from .terminal import BOLD, RED, console, paint
from .timetable import Timetable

WEEKDAYS = tuple(day.title() for day in DAYS)
WIDTH = 80
"""Columns of a calendar that is no terminal's."""
NARROWEST_DAY, WIDEST_DAY = 9, 24
INDENT = len("08 ")
"""Where the agents in a team's calendar begin: after an hour. In an agent's, teams are below their hours."""
BACKGROUNDS = (153, 157, 223, 225, 229, 159, 216, 194, 183, 152, 217, 187)
"""Of the 256 colours of terminals, light ones that black text is read on."""
ALARM = "bold white on red"
GAPS_TOLD = 10


class TooNarrow(AstreinteError):
    """The terminal has no room for seven days."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What of one day belongs to one shift or gap: who, and the wall times at which it begins and ends."""

    start: datetime
    end: datetime
    labels: tuple[str, ...]
    backup: bool = False


def print_calendar(timetable: Timetable) -> None:
    """Print the weeks of a timetable, then who is who, and the first gaps."""
    screen = console(WIDTH)
    room = (screen.width - len(WEEKDAYS) - 1) // len(WEEKDAYS)
    if room < NARROWEST_DAY:
        needed = (NARROWEST_DAY + 1) * len(WEEKDAYS) + 1
        raise TooNarrow(
            f"a calendar needs {needed} columns, and this terminal has {screen.width}",
            remedy="widen it, or leave out `--view calendar`",
        )
    room = min(room, WIDEST_DAY)
    print_head(timetable)
    table = Table(box=SQUARE, show_lines=True, padding=0, header_style="bold")
    for weekday in WEEKDAYS:
        table.add_column(weekday, width=room, no_wrap=True)
    painter = _Painter(timetable, room)
    for monday in _mondays(timetable):
        table.add_row(*(painter.day(monday + timedelta(days=number)) for number in range(7)))
    screen.print(table)
    print_foot(timetable, painter.legend())
    _print_gaps(timetable)
    typer.echo()


def _mondays(timetable: Timetable) -> Iterator[date]:
    first = wall_time(timetable.start, timetable.zone).date()
    last = wall_time(timetable.end - timedelta(microseconds=1), timetable.zone).date()
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield monday
        monday += timedelta(weeks=1)


class _Painter:
    """Fills the days of a timetable."""

    def __init__(self, timetable: Timetable, room: int) -> None:
        self._timetable = timetable
        self._room = room
        self._today = wall_time(datetime.now(UTC), timetable.zone).date()
        self._first = wall_time(timetable.start, timetable.zone).date()
        self._indent = INDENT if timetable.agent is None else 1
        self._short = shortened(timetable.names, room - self._indent)
        self._shorter = shortened(timetable.names, room - self._indent - len("()"))
        self._styles = {
            name: f"black on color({BACKGROUNDS[index % len(BACKGROUNDS)]})"
            for index, name in enumerate(timetable.names)
        }

    def day(self, day: date) -> Text:
        """Return what stands in the cell of a day, empty outside of the timetable."""
        start, end = day_bounds(day, self._timetable.zone)
        if end <= self._timetable.start or start >= self._timetable.end:
            return Text()
        pieces = list(self._pieces(start, end))
        lines = [self._heading(day)]
        for piece in pieces:
            lines += self._lines(piece, whole=(piece.start, piece.end) == (start, end))
        return Text("\n").join(lines)

    def _pieces(self, start: datetime, end: datetime) -> Iterator[Piece]:
        entries = [Piece(each.start, each.end, each.labels, each.backup) for each in self._timetable.entries]
        gaps = [Piece(*gap, labels=()) for gap in self._timetable.gaps or ()]
        for each in sorted((*entries, *gaps), key=lambda piece: piece.start):
            if each.start < end and each.end > start:
                yield Piece(max(each.start, start), min(each.end, end), each.labels, each.backup)

    def _heading(self, day: date) -> Text:
        name = f"{day.day} {day:%b}" if day.day == 1 or day == self._first else str(day.day)
        if day == self._today:
            return Text(f"today {day.day}".ljust(self._room), style="bold reverse")
        week = f"w{day.isocalendar().week}" if day.weekday() == 0 else ""
        return Text(name.ljust(self._room - len(week)) + week, style="bold")

    def _lines(self, piece: Piece, *, whole: bool) -> Iterator[Text]:
        """Yield the hours and the people: on one line where there is room for both."""
        hours = "" if whole else self._hours(piece)
        people = [self._label(label, backup=piece.backup) for label in piece.labels]
        for person in people or [Text(NOBODY, style=ALARM)]:
            before = hours.ljust(self._indent - 1)
            if hours and len(before) + 1 + person.cell_len > self._room:
                yield Text(hours)
                before = " " * (self._indent - 1)
            yield Text(f"{before} ") + person
            hours = ""

    def _hours(self, piece: Piece) -> str:
        zone = self._timetable.zone
        start = _clock(wall_time(piece.start, zone))
        if self._timetable.agent is None:
            return start
        end = wall_time(piece.end, zone)
        return f"{start}-{'24' if end.time() == time() else _clock(end)}"

    def _label(self, label: str, *, backup: bool) -> Text:
        short = f"({self._shorter[label]})" if backup else self._short[label]
        return Text(short, style=self._styles[label])

    def legend(self) -> dict[str, Text]:
        """Return each label in its colour, after what stands for it where that is shorter."""
        return {
            label: Text(short if short == label else f"{short}  {label}", style=self._styles[label])
            for label, short in self._short.items()
        }


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which a day begins and ends: 23, 24 or 25 hours, or none at all."""
    midnight = datetime.combine(day, time())
    return first_instant(midnight, zone), first_instant(midnight + timedelta(days=1), zone)


def _clock(wall: datetime) -> str:
    return f"{wall:%H:%M}" if wall.minute else f"{wall:%H}"


def shortened(names: Iterable[str], room: int) -> dict[str, str]:
    """Return names that fit, each another: cut in the middle, numbered where that is not enough."""
    short: dict[str, str] = {}
    for name in names:
        fits = name
        if cell_len(name) > room:
            tail = max(1, room // 3)
            fits = f"{name[: room - tail - 1]}…{name[-tail:]}"
        number = 1
        while fits in short.values():
            number += 1
            fits = f"{name[: room - len(str(number)) - 1]}…{number}"
        short[name] = fits
    return short


def _print_gaps(timetable: Timetable) -> None:
    gaps = timetable.gaps or []
    for start, end in gaps[:GAPS_TOLD]:
        times = f"{moment(start, timetable.zone)} to {moment(end, timetable.zone)}"
        typer.echo(paint(f"  {NOBODY}  {times}, {length(end - start)}", f"{BOLD};{RED}"))
    if len(gaps) > GAPS_TOLD:
        typer.echo(f"  … and {len(gaps) - GAPS_TOLD} more: `--view table` has them all.")
