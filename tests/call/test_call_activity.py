"""What the line knows of what agents last did, from the facts of calls and from the records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ari_app.call.activity import AgentActivity
from ari_app.records.facts import LegAccepted, LegEnded, LegResult, LegStarted
from ari_app.records.reader import LastActivity

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def rung(activity: AgentActivity, leg: str, agent: str, at: int, result: LegResult, *, end: int) -> None:
    activity.put(LegStarted(call="c", leg=leg, agent=agent, endpoint="e", at=minute(at)))
    if result is LegResult.ACCEPTED:
        activity.put(LegAccepted(call="c", leg=leg, at=minute(at + 1)))
    activity.put(LegEnded(call="c", leg=leg, result=result, at=minute(end)))


def test_who_takes_a_call_has_it_until_its_end() -> None:
    activity = AgentActivity()
    activity.put(LegStarted(call="c", leg="l", agent="alice", endpoint="e", at=minute(0)))
    assert (activity.known.rung, activity.known.taken) == ({"alice": minute(0)}, {})
    activity.put(LegAccepted(call="c", leg="l", at=minute(1)))
    assert activity.known.taken == {"alice": minute(1)}
    activity.put(LegEnded(call="c", leg="l", result=LegResult.ACCEPTED, at=minute(9)))
    assert (activity.known.rung, activity.known.taken) == ({"alice": minute(0)}, {"alice": minute(9)})


def test_a_telephone_that_was_not_rung_counts_for_nothing() -> None:
    activity = AgentActivity()
    rung(activity, "l1", "alice", 0, LegResult.NO_ANSWER, end=1)
    rung(activity, "l2", "alice", 5, LegResult.SKIPPED, end=5)
    rung(activity, "l3", "bruno", 5, LegResult.SKIPPED, end=5)
    assert (activity.known.rung, activity.known.taken) == ({"alice": minute(0)}, {})


def test_the_records_tell_of_those_who_did_nothing_since() -> None:
    activity = AgentActivity()
    rung(activity, "l1", "alice", 60, LegResult.ACCEPTED, end=65)
    earlier = [
        LastActivity(agent="alice", rung_at=minute(0), taken_at=minute(9)),
        LastActivity(agent="bruno", rung_at=minute(3), taken_at=None),
    ]
    activity.recall(earlier)
    assert activity.known.rung == {"alice": minute(60), "bruno": minute(3)}
    assert activity.known.taken == {"alice": minute(65)}
