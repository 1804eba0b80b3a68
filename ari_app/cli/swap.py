"""`astreinte swap`: two agents exchange the shifts of a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ..core.errors import AstreinteError
from ..core.settings import load_settings
from ..core.suggest import one_of
from ..roster.book import RosterBook
from ..roster.calendar import first_instant, last_instant, wall_time
from ..roster.swap import HORIZON, Gift, gift, is_given, next_to_give, shifts_of_day
from ..roster.team import Team
from ..service.roster_editing import NewOverride, RosterEditor
from .drafts import changing, effect_of, show_and_save
from .instants import moment
from .rosters import agent_named, team_names


class CannotSwap(AstreinteError):
    """The two have nothing to exchange, or it cannot be exchanged."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An exchange as it was asked for on the command line."""

    first: str
    second: str
    on: str
    against: str | None
    team: str | None
    reason: str | None
    exceptional: bool


def run_swap(settings_file: Path | None, asked: Asked, *, dry_run: bool) -> int:
    """Write the overrides that exchange shifts, and print what they change; return the exit code."""
    with changing(load_settings(settings_file)) as editor:
        first, second = (agent_named(each, editor.rosters) for each in (asked.first, asked.second))
        if first == second:
            raise CannotSwap("an exchange is between two agents", remedy="name two different ones")
        day, other = _day(asked.on, "--on"), _day(asked.against or asked.on, "--and")
        option = "--on" if asked.against is None else "--and"
        sides = _Side(first, second, day, "--on"), _Side(second, first, other, option)
        team = _team(editor.rosters, asked, sides)
        gifts = [each for side in sides if (each := side.gift(team)).shifts]
        overrides = list(_overrides(editor, team, gifts, asked))
        draft = editor.with_overrides(team.id, overrides)
        _check(team, draft.rosters.teams[team.id], gifts)
        show_and_save(editor, draft, team.id, [], dry_run=dry_run)
    return 0


@dataclass(frozen=True, slots=True)
class _Side:
    """What one of the two is asked to give, to whom, by which option."""

    giver: str
    taker: str
    day: date
    option: str

    def gift(self, team: Team) -> Gift:
        return gift(team, self.giver, self.taker, self.day)


def _team(rosters: RosterBook, asked: Asked, sides: Sequence[_Side]) -> Team:
    """Return the one team in which there is something to exchange: one gift is enough, without `--and`."""
    named = [rosters.teams[name] for name in team_names(rosters, asked.team, "swap --team")]
    teams = [team for team in named if any(side.giver in team.agents for side in sides)]
    enough = all if asked.against is not None else any
    possible = [team for team in teams if enough(side.gift(team).shifts for side in sides)]
    if not possible:
        raise _nothing_to_exchange(rosters, teams, sides)
    if len(possible) > 1:
        raise CannotSwap(
            "there is something to exchange in several teams",
            remedy=f"name one: --team {one_of(team.id for team in possible)}",
        )
    return possible[0]


def _nothing_to_exchange(rosters: RosterBook, teams: Sequence[Team], sides: Sequence[_Side]) -> CannotSwap:
    lacking = [side for side in sides if not any(side.gift(team).shifts for team in teams)]
    if not lacking:
        return CannotSwap(
            "the two have such shifts, but not in the same team",
            remedy="name days of one team: an exchange is made of its overrides",
        )
    what, remedies = list[str](), list[str]()
    for side in lacking:
        name = rosters.agents[side.giver].name
        if any(shifts_of_day(team, side.giver, side.day) for team in teams):
            both = " and ".join(sorted((name, rosters.agents[side.taker].name)))
            what.append(f"{both} are on call together on {side.day}")
        else:
            what.append(f"no shift of {name} begins on {side.day}")
        remedies.append(_other_day(name, teams, side))
    return CannotSwap(", and ".join(dict.fromkeys(what)), remedy="; ".join(remedies))


def _other_day(name: str, teams: Sequence[Team], side: _Side) -> str:
    nexts = ((next_to_give(team, side.giver, side.taker, side.day), team) for team in teams)
    found = [(shift, team) for shift, team in nexts if shift is not None]
    if not found:
        return f"{name} has none until {HORIZON.days} days later"
    shift, team = min(found, key=lambda each: each[0].start)
    zone = ZoneInfo(team.timezone)
    start, end = (moment(at, zone, year=True) for at in (shift.start, shift.end))
    day = wall_time(shift.start, zone).date()
    verb = "is on call from" if day < side.day else "has the next one from"
    return f"{name} {verb} {start} to {end} in {team.id} ({side.option} {day})"


def _overrides(
    editor: RosterEditor, team: Team, gifts: Sequence[Gift], asked: Asked
) -> Iterator[NewOverride]:
    zone = ZoneInfo(team.timezone)
    taken = list[str]()
    for each in gifts:
        for start, end in each.spans():
            walls = wall_time(start, zone), wall_time(end, zone)
            if not _can_be_said(start, end, walls, zone):
                span = f"{moment(start, zone)} to {moment(end, zone)}"
                raise CannotSwap(
                    f"the shift from {span} cannot be exchanged as a whole",
                    remedy="write the override yourself: `astreinte override add`",
                )
            name = editor.free_id(team.id, f"swap-{each.giver}-{walls[0]:%Y-%m-%d}", besides=taken)
            taken.append(name)
            yield NewOverride(name, *walls, each.giver, each.taker, asked.reason, asked.exceptional)


def _can_be_said(start: datetime, end: datetime, walls: tuple[datetime, datetime], zone: ZoneInfo) -> bool:
    """Tell whether a roster means just this span: not with a time that comes twice, nor without an end."""
    known = first_instant(walls[0], zone) == start and last_instant(walls[1], zone) == end
    return known and end - start < HORIZON


def _check(before: Team, after: Team, gifts: Sequence[Gift]) -> None:
    """Refuse an exchange that older overrides spoil, or that touches anybody else's shifts."""
    pair = {gifts[0].giver, gifts[0].taker}
    new = [override for override in after.overrides if override not in before.overrides]
    effect = effect_of(before, after, new)
    touched = {one.agent for one in (*effect.gained, *effect.lost)} if effect is not None else set[str]()
    if touched <= pair and all(is_given(after, each) for each in gifts):
        return
    older = [
        override.id
        for override in before.overrides
        if {override.absent, override.stand_in} & pair
        and any(override.start < each.end and each.start < override.end for each in new)
    ]
    raise CannotSwap(
        f"overrides that are there already do not let the two exchange these shifts: {one_of(older)}",
        remedy=f"remove one first: `astreinte override remove {before.id} …`",
    )


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise CannotSwap(f"{option} {text!r} is not a date", remedy="write it as 2026-12-24") from None
