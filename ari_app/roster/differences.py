"""What changes in the schedule when one version of the rosters takes the place of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

from .assignments import Assignment, assignments, clipped
from .book import RosterBook, check_instant
from .escalation import Ring
from .plan import Kind
from .schedule import gaps
from .spans import Span, merged, without
from .team import Team

Duty = tuple[str, Kind, bool]
"""What counts as the same: the agent, astreinte or permanence, on call or backup. Names of layers do not."""


@dataclass(frozen=True, slots=True)
class TeamDifferences:
    """What changes for one team, each in the order of time.

    `gained` and `lost` are spans in which an agent has a duty in one of the versions alone. `opened` and
    `closed` are spans in which nobody is on call any more, or no longer nobody. `steps` are those of the
    escalation that are no longer there ("-") and that are new ("+"), in words.
    """

    team: str
    timezone: str
    change: Literal["kept", "added", "removed"]
    gained: tuple[Assignment, ...]
    lost: tuple[Assignment, ...]
    opened: tuple[Span, ...]
    closed: tuple[Span, ...]
    steps: tuple[tuple[Literal["+", "-"], str], ...]

    def __bool__(self) -> bool:
        spans = self.gained or self.lost or self.opened or self.closed
        return self.change != "kept" or bool(spans or self.steps)


@dataclass(frozen=True, slots=True)
class Differences:
    """What changes from `start` until `end`: teams with a difference, and reasons with the team that
    answered for each (None: none did) and the one that does now."""

    start: datetime
    end: datetime
    teams: tuple[TeamDifferences, ...]
    reasons: tuple[tuple[str, str | None, str | None], ...]

    def __bool__(self) -> bool:
        return bool(self.teams or self.reasons)


def differences(old: RosterBook, new: RosterBook, start: datetime, end: datetime) -> Differences:
    """Return what is different in `new`, from an instant until another. Raises as `RosterBook.schedule`."""
    for at in (start, end):
        check_instant(at)
    names = sorted(old.teams.keys() | new.teams.keys())
    pairs = [(old.teams.get(name), new.teams.get(name)) for name in names]
    teams = (_team(before, after, start, end) for before, after in pairs if before != after)
    reasons = (
        (reason, old.reasons.get(reason), new.reasons.get(reason))
        for reason in sorted(old.reasons.keys() | new.reasons.keys())
    )
    return Differences(
        start,
        end,
        tuple(team for team in teams if team),
        tuple(each for each in reasons if each[1] != each[2]),
    )


def _team(old: Team | None, new: Team | None, start: datetime, end: datetime) -> TeamDifferences:
    team = new or old
    assert team is not None  # noqa: S101 - the name is from one of the two
    before = assignments(old, start, end) if old is not None else []
    after = assignments(new, start, end) if new is not None else []
    empty_before = _gaps(old, start, end)
    empty_after = _gaps(new, start, end)
    return TeamDifferences(
        team=team.id,
        timezone=team.timezone,
        change="added" if old is None else "removed" if new is None else "kept",
        gained=tuple(_joined(_only_in(after, before))),
        lost=tuple(_joined(_only_in(before, after))),
        opened=tuple(piece for gap in empty_after for piece in without(gap, empty_before)),
        closed=tuple(piece for gap in empty_before for piece in without(gap, empty_after)) if new else (),
        steps=tuple(_steps(old, new)),
    )


def _gaps(team: Team | None, start: datetime, end: datetime) -> Sequence[Span]:
    """Return when nobody is on call; a team without layers never meant anybody to be."""
    return gaps(team, start, end) if team is not None and team.layers else ()


def _only_in(these: list[Assignment], others: list[Assignment]) -> Iterator[Assignment]:
    spans: dict[Duty, list[Span]] = {}
    for one in others:
        spans.setdefault(_duty(one), []).append((one.start, one.end))
    elsewhere = {duty: merged(each) for duty, each in spans.items()}
    for one in these:
        yield from clipped(one, without((one.start, one.end), elsewhere.get(_duty(one), ())))


def _duty(one: Assignment) -> Duty:
    return one.agent, one.kind, one.backup


def _joined(pieces: Iterator[Assignment]) -> list[Assignment]:
    """Return the pieces in order, one where nothing but who else is there changes within."""
    joined: list[Assignment] = []
    last: dict[tuple[Duty, str, tuple[str, ...]], int] = {}
    for piece in sorted(replace(piece, beside=()) for piece in pieces):
        same = (_duty(piece), piece.layer, piece.overrides)
        index = last.get(same)
        if index is not None and joined[index].end == piece.start:
            joined[index] = replace(joined[index], end=piece.end)
        else:
            last[same] = len(joined)
            joined.append(piece)
    return joined


def _steps(old: Team | None, new: Team | None) -> Iterator[tuple[Literal["+", "-"], str]]:
    if old is None or new is None:
        return
    before, after = _parts(old), _parts(new)
    for _, first, last, begin, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[first:last] != after[begin:end]:
            yield from (("-", str(part)) for part in before[first:last])
            yield from (("+", str(part)) for part in after[begin:end])


def _parts(team: Team) -> list[Ring | str]:
    """Return what an escalation consists of, wherever in it each stands."""
    parts: list[Ring | str] = [replace(ring, index=0) for ring in team.escalation]
    if team.voicemail is not None:
        parts.append("voicemail")
    return [*parts, f"all steps, {team.rounds} rounds"] if team.rounds > 1 else parts
