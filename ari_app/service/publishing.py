"""What goes on record of a version of the rosters: what it is, and who is on call by it in the next weeks."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

import msgspec

from ..records.facts import RostersPublished
from ..roster.book import RosterBook

HORIZON = timedelta(days=60)
"""How far ahead the schedule goes on record. French law wants 15 days' notice (Code du travail, L3121-12)."""


def publish(rosters: RosterBook, at: datetime) -> RostersPublished:
    """Return what goes on record of rosters that come into force at an instant.

    It takes some milliseconds a team: not for the event loop while there are calls.
    """
    schedule = {team: rosters.schedule(team, at, at + HORIZON) for team in rosters.teams}
    return RostersPublished(
        hash=rosters.hash,
        at=at,
        until=at + HORIZON,
        teams=len(schedule),
        shifts=sum(map(len, schedule.values())),
        schedule=zlib.compress(msgspec.json.encode(schedule), level=1),
    )


def unpublished(rosters: RosterBook, at: datetime) -> RostersPublished:
    """Return what goes on record when the schedule could not be computed."""
    return RostersPublished(
        hash=rosters.hash, at=at, until=at, teams=len(rosters.teams), shifts=0, schedule=b""
    )
