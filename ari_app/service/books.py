"""The files that admins write, read together: rosters, flows, and what each asks of the other."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from ..callers.book import CallerBook
from ..callers.loading import load_callers
from ..core.findings import Finding, InvalidConfiguration
from ..core.settings import Settings
from ..core.suggest import nearest, one_of
from ..flow.book import FlowBook, load_flows
from ..roster.book import RosterBook, load_rosters
from ..roster.files import KnownFiles
from ..roster.notice import Before, unknown_before
from .calendars import KeptFeeds

NO_CALLERS = CallerBook()
"""Everybody is let in, nobody is a VIP."""


@dataclass(frozen=True, slots=True)
class Books:
    """One version of all the files, checked as a whole."""

    rosters: RosterBook
    flows: FlowBook
    callers: CallerBook = NO_CALLERS


def read_books(
    settings: Settings,
    *,
    calendars_anew: bool = False,
    published: Before = unknown_before,
    known: KnownFiles | None = None,
) -> tuple[Books | None, list[Finding]]:
    """Read and check every roster and flow; without an error there are books, and the rest are warnings.

    Calendars that rosters name by an address are as they were read last or, `anew`, as they are there now.
    `published` tells what was published before, to warn of changes that come too late. Roster files that are
    `known`, and hold the same, are not read again.
    """
    known = known or KnownFiles()
    with _no_collection():
        feeds = KeptFeeds(settings)
        result = _read_books(settings, feeds, published, known)
        if calendars_anew and feeds.read_anew():
            return _read_books(settings, feeds, published, known)
        return result


@contextmanager
def _no_collection() -> Iterator[None]:
    """Do not look for garbage while a million objects are made and none is any: a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_books(
    settings: Settings, feeds: KeptFeeds, published: Before, known: KnownFiles
) -> tuple[Books | None, list[Finding]]:
    rosters, findings = load_rosters(settings.rosters, datetime.now(UTC), feeds, published, known)
    flows, more = load_flows(settings.flows)
    findings = [*findings, *more]
    callers, more = _read_callers(settings)
    findings += more
    if flows is not None:
        findings += _lines_without_a_flow(settings, flows)
    if rosters is not None and flows is not None:
        findings += rosters.check_reasons(flows.reasons_wanted())
        findings += _teams_without_a_roster(flows, rosters)
        findings += _messages_without_a_way(flows, rosters)
    if rosters is not None:
        findings += _phones_without_a_password(settings, rosters)
        findings += _recipients_without_an_address(settings, rosters)
    errors = [finding for finding in findings if finding.severity == "error"]
    if rosters is None or flows is None or callers is None or errors:
        return None, sorted(findings)
    return Books(rosters, flows, callers), sorted(findings)


def _read_callers(settings: Settings) -> tuple[CallerBook | None, list[Finding]]:
    """Return what the settings' folder of callers says, or a book of nobody where there is none."""
    if settings.callers is None:
        return NO_CALLERS, []
    return load_callers(settings.callers, settings.lines)


def open_books(settings: Settings) -> tuple[Books, list[Finding]]:
    """Return the books and the warnings. Raises `InvalidConfiguration` with every error."""
    books, findings = read_books(settings)
    if books is None:
        raise InvalidConfiguration([each for each in findings if each.severity == "error"])
    return books, findings


def _lines_without_a_flow(settings: Settings, flows: FlowBook) -> list[Finding]:
    return [
        Finding(
            *settings.place("lines", line),
            message=f"the line `{line}` is served by a flow that does not exist",
            found=f"`{name}`",
            expected=f"a flow of {settings.flows}: {one_of(sorted(flows.flows))}",
            remedy=f"did you mean `{near}`?"
            if (near := nearest(name, flows.flows))
            else f"write a flow `{name}`, or name another",
        )
        for line, name in settings.lines.items()
        if name not in flows.flows
    ]


def _teams_without_a_roster(flows: FlowBook, rosters: RosterBook) -> list[Finding]:
    return [
        Finding(
            path,
            line,
            column,
            f"there is no team `{team}`",
            f"`{team}`",
            f"a team of the rosters: {one_of(sorted(rosters.teams))}",
            f"did you mean `{near}`?" if (near := nearest(team, rosters.teams)) else "name one of them",
        )
        for team, path, line, column in flows.teams_wanted()
        if team not in rosters.teams
    ]


def _messages_without_a_way(flows: FlowBook, rosters: RosterBook) -> list[Finding]:
    """Warn of nodes that ring teams which take messages, and lead nobody to one."""
    findings = []
    for rung in flows.without_voicemail:
        teams = {rung.team or "", *(rosters.reasons.get(reason, "") for reason in rung.reasons)}
        wanting = sorted(
            team for team in teams if team in rosters.teams and rosters.teams[team].voicemail is not None
        )
        if wanting:
            findings.append(
                Finding(
                    rung.file,
                    rung.line,
                    rung.column,
                    f"callers whom nobody of `{wanting[0]}` answers can leave no message here",
                    "no `voicemail` in this node",
                    f"`voicemail: NODE`, because the roster of {one_of(wanting)} ends with `voicemail`",
                    "name a node that takes messages (docs/messages.md), or remove it from the roster",
                    severity="warning",
                )
            )
    return findings


def _phones_without_a_password(settings: Settings, rosters: RosterBook) -> list[Finding]:
    """Warn of agents' phones that an Asterisk of ours would not let register."""
    if not settings.asterisk.managed:
        return []
    known = set(settings.asterisk.phones)
    return [
        Finding(
            *settings.place("asterisk", "phones"),
            message=f"the phone `{name}` of the rosters cannot register",
            found=f"phones: {one_of(settings.asterisk.phones) or 'none'}",
            expected=f"`{name}` among them, for the Asterisk that `astreinte run` starts",
            remedy=f"add `{name}` to `asterisk: {{phones: [...]}}`",
            severity="warning",
        )
        for name in sip_phones(rosters)
        if name not in known
    ]


def _recipients_without_an_address(settings: Settings, rosters: RosterBook) -> list[Finding]:
    """Warn of names that nothing can be sent to: the addresses may be where the line runs, and not here."""
    known = settings.notify.recipients
    return [
        Finding(
            path,
            line,
            column,
            f"`{name}` has no address to be told anything at",
            f"`{name}`",
            f"a name in `notify` of the settings: {one_of(sorted(known)) or 'there is none'}",
            f"did you mean `{near}`?"
            if (near := nearest(name, known))
            else f"give `{name}` an address there",
            severity="warning",
        )
        for name, path, line, column in rosters.told
        if name not in known
    ]


def sip_phones(rosters: RosterBook) -> list[str]:
    """Return the names of the agents' own phones, each once."""
    phones = (phone for agent in rosters.agents.values() for phone in agent.phones)
    return sorted({phone.address for phone in phones if phone.scheme == "sip"})
