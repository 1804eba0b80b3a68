"""Calls to record, and ways to look at what became of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ari_app.core.ids import new_call_id, new_id
from ari_app.records import (
    CallAnswered,
    CallArrived,
    CallBridged,
    CallEnded,
    CallQueued,
    CallReason,
    Fact,
    FactSink,
    LegAccepted,
    LegAnswered,
    LegEnded,
    LegResult,
    LegStarted,
    Outcome,
)

LONG = 30.0
"""Seconds after which something that should have happened is taken not to happen."""


def facts_of_a_call(call: str) -> list[Fact]:
    """Return what is recorded of a call that reaches its agent."""
    leg = new_id()
    return [
        CallArrived(call=call, line="100", channel_id=new_id(), number="+33612345678", caller_name="Jean"),
        CallAnswered(call=call),
        CallReason(call=call, reason="panne"),
        CallQueued(call=call, team="support"),
        LegStarted(call=call, leg=leg, agent="alice", endpoint="PJSIP/alice", step=1),
        LegAnswered(call=call, leg=leg),
        LegAccepted(call=call, leg=leg),
        CallBridged(call=call, leg=leg),
        LegEnded(call=call, leg=leg, result=LegResult.ACCEPTED, cause=16, dialstatus="ANSWER"),
        CallEnded(call=call, outcome=Outcome.BRIDGED, cause=16),
    ]


def put_call(sink: FactSink) -> str:
    """Record a whole call; return its id."""
    call = new_call_id()
    for fact in facts_of_a_call(call):
        sink.put(fact)
    return call


def rows(database: Path, query: str) -> list[Any]:
    """Ask SQLite behind everybody's back."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def names(lines: list[Any]) -> list[str]:
    """Return the names of logged events, in order."""
    return [line["event"] for line in lines]
