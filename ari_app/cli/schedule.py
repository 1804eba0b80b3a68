"""`astreinte schedule`: who is on call from when until when."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from ..core.errors import AstreinteError
from ..core.settings import load_settings
from ..roster.book import RosterBook, check_instant
from ..roster.calendar import EARLIEST_YEAR, LATEST_YEAR, first_instant, wall_time
from .instants import read_instant
from .rosters import agent_named, read_rosters, team_names
from .timetable import Timetable, of_agent, of_team, with_whole_shifts, zone_of

DAYS = 28
"""How much is shown when no end is asked for: four weeks."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    team: str | None
    agent: str | None
    layer: str | None
    start: str | None
    end: str | None
    month: str | None
    view: str


class BadQuestion(AstreinteError):
    """The options contradict each other."""


def run_schedule(settings_file: Path | None, asked: Asked) -> int:
    """Print a schedule, or that of every team; return the exit code."""
    settings = load_settings(settings_file)
    rosters = read_rosters(settings.rosters, settings)
    if asked.view == "ical":
        from .schedule_ical import as_icalendar

        whole = list(_timetables(rosters, asked, whole=True))
        typer.echo(as_icalendar(rosters, whole, datetime.now(UTC)), nl=False)
        return 0
    timetables = list(_timetables(rosters, asked))
    if asked.view == "json":
        from .schedule_json import as_json

        typer.echo(as_json(timetables))
    elif asked.view == "calendar":
        from .schedule_calendar import print_calendar

        for timetable in timetables:
            print_calendar(timetable)
    else:
        from .schedule_table import print_timetable

        for timetable in timetables:
            print_timetable(timetable, rosters)
    return 0


def _timetables(rosters: RosterBook, asked: Asked, *, whole: bool = False) -> Iterator[Timetable]:
    """Yield what was asked for; `whole`: with the shifts at both ends as long as they are, not cut off."""
    teams = team_names(rosters, asked.team, "schedule")
    agent = agent_named(asked.agent, rosters) if asked.agent is not None else None
    if asked.layer is not None and (asked.team is None or agent is not None):
        raise BadQuestion("--layer is a layer of one team", remedy="name the team, without --agent")
    if agent is not None:
        zone = zone_of(rosters, agent, teams)
        yield _built(partial(of_agent, rosters, agent, teams), asked, zone, whole=whole)
        return
    for name in teams:
        zone = ZoneInfo(rosters.teams[name].timezone)
        yield _built(partial(of_team, rosters, name, asked.layer), asked, zone, whole=whole)


def _built(
    build: Callable[[datetime, datetime], Timetable], asked: Asked, zone: ZoneInfo, *, whole: bool
) -> Timetable:
    start, end = _range(asked, zone)
    return with_whole_shifts(build(*_whole_years(start, end)), start, end) if whole else build(start, end)


def _range(asked: Asked, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if asked.month is not None:
        if asked.start is not None or asked.end is not None:
            raise BadQuestion("--month is a range of its own", remedy="leave out --from and --to")
        return _month(asked.month, zone)
    if asked.start is not None:
        start, _ = read_instant(asked.start, zone, "--from")
    else:
        start = first_instant(datetime.combine(wall_time(datetime.now(UTC), zone), time()), zone)
    check_instant(start)
    if asked.end is not None:
        end, _ = read_instant(asked.end, zone, "--to")
    else:
        end = first_instant(wall_time(start, zone) + timedelta(days=DAYS), zone)
    if end <= start:
        raise BadQuestion("the end is not after the beginning", remedy="give --to a later time than --from")
    return start, end


def _month(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
    if match is None:
        raise BadQuestion(f"{text!r} is not a month", remedy="write it as 2026-12")
    year, month = int(match[1]), int(match[2])
    check_instant(datetime(max(year, 1), month, 1, tzinfo=UTC))
    first = date(year, month, 1)
    after = first + timedelta(days=monthrange(year, month)[1])
    begin, end = (first_instant(datetime.combine(day, time()), zone) for day in (first, after))
    return begin, end


def _whole_years(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return a longer range, the same for every day of a year: a shift that is cut off there would not be the
    same one in the next export."""
    first = max(start.year - 1, EARLIEST_YEAR + 1)
    last = min(end.year + 2, LATEST_YEAR - 1)
    return datetime(first, 1, 2, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC)
