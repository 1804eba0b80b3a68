"""All rosters of a folder, checked, ready to say who is on call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ..core.errors import AstreinteError
from ..core.findings import Finding
from ..core.packed import Packed
from ..core.suggest import nearest, one_of
from .calendar import EARLIEST_YEAR, LATEST_YEAR
from .calendar_schema import CalendarEntry
from .calendars import Feeds, no_feeds
from .checks import check, check_at
from .content import content_hash
from .coverage import somebody_is_rung
from .files import KnownFiles, RosterFiles, read_folder
from .notice import Before, unknown_before
from .plan import Activity, Agent, Plan
from .reachable import confirmed_first
from .resolver import Resolution, in_turn, resolve
from .schedule import Shift, expand
from .team import Team, build_agent, build_team
from .warnings import look_ahead

WantedReason = tuple[str, Path, int, int]
"""A reason that a flow routes to, and where it says so: file, line, column."""


class UnknownReasonError(AstreinteError):
    """No team answers for `reason`."""

    def __init__(self, reason: str, known: Iterable[str]) -> None:
        self.reason = reason
        super().__init__(
            f"no team answers for the reason `{reason[:80]}`",
            remedy=f"{_meant(reason, known)}add it to the `reasons` of a team; there are "
            f"{one_of(known) or 'none yet'}",
        )


class UnknownTeamError(AstreinteError):
    """There is no roster of `team`."""

    def __init__(self, team: str, known: Iterable[str]) -> None:
        self.team = team
        remedy = f"{_meant(team, known)}name one of {one_of(known)}"
        super().__init__(f"there is no team `{team[:80]}`", remedy=remedy)


def _meant(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"did you mean `{near}`? If not, " if near else ""


class RosterBook:
    """One version of all rosters. It never changes: keep it for the length of a call.

    `teams` and `agents` are by id, `reasons` tells which team answers for a reason, `duty_calls` and
    `handoff_notices` are of the teams that have such, `wrapping_up` are the teams that ask agents how a call
    went, `reached` tells to which agents a call for a team can be handed over ("" stands for a whole team),
    `hash` is that of what the files say (`content.content_hash`), `feeds` are the calendars that have an
    address, `calendar_files` where the others are, `told` who is told things by teams, and where it says so:
    name, file, line, column.
    """

    def __init__(
        self,
        teams: Mapping[str, Team],
        agents: Mapping[str, Agent],
        content: str = "",
        *,
        feeds: Sequence[CalendarEntry] = (),
        calendar_files: Sequence[Path] = (),
        told: Sequence[tuple[str, Path, int, int]] = (),
    ) -> None:
        self.teams = teams
        self.agents = agents
        self.feeds = feeds
        self.calendar_files = calendar_files
        self.told = told
        self.hash = content
        self.reasons: Mapping[str, str] = {
            reason: team.id for team in teams.values() for reason in team.reasons
        }
        self.duty_calls = {team.id: rules for team in teams.values() if (rules := team.duty_call)}
        self.handoff_notices = {team.id: notice for team in teams.values() if (notice := team.handoff_notice)}
        self.wrapping_up = frozenset(team.id for team in teams.values() if team.wrap_up)
        self.reached = {
            team.id: frozenset(to.agent.id if to.agent else "" for to in team.targets.values())
            for team in teams.values()
        }
        self._answers: dict[str, Resolution] = {}  # the last answer of each team, good until its `until`

    def pack(self) -> None:
        """Keep teams and agents as bytes, each unpacked when it is asked for: see `Packed`."""
        self.teams = Packed(self.teams)
        self.agents = Packed(self.agents)

    def forget(self, count: int) -> bool:
        """Forget some of the answers that are kept at hand; tell whether there are more.

        A book that goes out of use at once holds up everything else while thousands of objects are freed.
        """
        for _ in range(min(count, len(self._answers))):
            self._answers.popitem()
        return bool(self._answers)

    def plan(
        self,
        reason: str,
        at: datetime,
        language: str | None = None,
        *,
        vip: bool = False,
        activity: Activity | None = None,
    ) -> Plan:
        """Return whom to ring at an instant for a call with this reason.

        Within each step, those who speak the caller's `language` come first; nobody is left out for it.
        `activity` is what `round-robin` and `longest-idle` order by; without it they keep the file's order.
        Whoever is unconfirmed by it is rung behind others.
        Raises `UnknownReasonError`.
        """
        team = self.reasons.get(reason)
        if team is None:
            raise UnknownReasonError(reason, self.reasons)
        return self.plan_for_team(team, at, language, reason=reason, vip=vip, activity=activity)

    def plan_for_team(
        self,
        team: str,
        at: datetime,
        language: str | None = None,
        *,
        reason: str | None = None,
        vip: bool = False,
        activity: Activity | None = None,
    ) -> Plan:
        """Return whom a team rings at an instant, for a call whose reason may not be known.

        Raises `UnknownTeamError`, and `ValueError` for an instant without a time zone.
        """
        check_instant(at)
        answer = self._answers.get(team)
        if answer is None or not answer.since <= at < answer.until:
            answer = self._answers[team] = resolve(self._team(team), at, self.teams)
        steps = answer.steps(reason, language, vip=vip)
        if activity is not None and answer.by_activity:
            steps = in_turn(steps, language, activity)
        if activity is not None and activity.unconfirmed:
            steps = confirmed_first(steps, activity.unconfirmed)
        return Plan(team, answer.timezone, answer.kind, at, answer.until, steps, answer.rounds)

    def schedule(self, team: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """Return who is on call for a team from `start` until `end` (see `schedule.expand`).

        Raises as `plan_for_team` does.
        """
        for at in (start, end):
            check_instant(at)
        return expand(self._team(team), start, end)

    def check_reasons(self, wanted: Iterable[WantedReason]) -> list[Finding]:
        """Return a finding for each wanted reason that no team answers for."""
        findings = []
        for reason, path, line, column in wanted:
            if reason not in self.reasons:
                near = nearest(reason, self.reasons)
                findings.append(
                    Finding(
                        path,
                        line,
                        column,
                        f"no team answers for the reason `{reason}`",
                        f"`{reason}`",
                        f"a reason of a roster: {one_of(self.reasons) or 'they have none'}",
                        f"did you mean `{near}`?" if near else f"add `{reason}` to the `reasons` of a team",
                    )
                )
        return findings

    def _team(self, name: str) -> Team:
        team = self.teams.get(name)
        if team is None:
            raise UnknownTeamError(name, self.teams)
        return team


def check_instant(at: datetime) -> None:
    """Raise `ValueError` for an instant without a time zone, `AstreinteError` for one out of range."""
    if at.tzinfo is None:
        raise ValueError("an instant has a time zone: datetime.now(UTC)")
    if not EARLIEST_YEAR < at.year < LATEST_YEAR:
        raise AstreinteError(
            f"rosters know nothing of the year {at.year}",
            remedy=f"ask for an instant from {EARLIEST_YEAR + 1} to {LATEST_YEAR - 1}",
        )


def load_rosters(
    folder: Path,
    at: datetime | None = None,
    feeds: Feeds = no_feeds,
    published: Before = unknown_before,
    known: KnownFiles | None = None,
) -> tuple[RosterBook | None, list[Finding]]:
    """Read and check all rosters of a folder.

    Returns the book (None when there is an error) and the findings, in the order of the files. With an
    instant, teams that would ring nobody at some time from then on are errors, and the next weeks are looked
    at (`warnings.look_ahead`); `published` tells what was published before, for changes that come too late.
    `feeds` gives the calendars that layers name by an address. What is `known` of before is not read again.
    """
    return check_files(read_folder(folder, feeds=feeds, known=known), at, published)


def check_files(
    files: RosterFiles, at: datetime | None = None, published: Before = unknown_before
) -> tuple[RosterBook | None, list[Finding]]:
    """Check files that were read, as `load_rosters` does."""
    findings = files.findings + check(files)
    if at is not None:
        findings += check_at(files, at)
    if any(finding.severity == "error" for finding in findings):
        return None, sorted(findings)
    book = build_book(files)
    if at is None:
        return book, sorted(findings)
    errors = list(somebody_is_rung(files, book.teams, at))
    findings += [*errors, *look_ahead(files, book.teams, at, published(book.hash))]
    return None if errors else book, sorted(findings)


def build_book(files: RosterFiles) -> RosterBook:
    """Return the book of files that hold no error."""
    entries = files.agent_entries()
    duties = files.duties()
    teams = {
        source.file.team: build_team(source.file, entries, duties.get(source.file.team))
        for source in files.teams
    }
    agents = {name: build_agent(name, entry, "key") for name, entry in entries.items()}
    calendars = [
        (source.document.path.parent, calendar.entry)
        for source in files.teams
        for calendar in source.calendars.values()
    ]
    told = [
        (name, source.document.path, *source.document.position(loc))
        for source in files.teams
        for loc, name in source.file.told()
    ]
    feeds = [entry for _, entry in calendars if entry.file is None]
    calendar_files = [folder / entry.file for folder, entry in calendars if entry.file is not None]
    return RosterBook(
        teams, agents, content_hash(files), feeds=feeds, calendar_files=calendar_files, told=told
    )
