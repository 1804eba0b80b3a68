"""What happened in each call, and which rosters were in force when, kept: facts in, tables out.

`facts` is what a call says; `recorder` writes it; `reader` reads it back. Only the facts are
imported here: the database's libraries are heavy, and most rooms only speak of facts.
"""

from .facts import (
    CallAnswered,
    CallArrived,
    CallBridged,
    CallEnded,
    CallEvent,
    CallLanguage,
    CallQueued,
    CallReason,
    CallUnbridged,
    Entry,
    Fact,
    FactSink,
    LegAccepted,
    LegAnswered,
    LegEnded,
    LegResult,
    LegStarted,
    MessageDeleted,
    MessageLeft,
    NoticeQueued,
    NoticeState,
    NoticeTried,
    Outcome,
    RostersPublished,
)

__all__ = [
    "CallAnswered",
    "CallArrived",
    "CallBridged",
    "CallEnded",
    "CallEvent",
    "CallLanguage",
    "CallQueued",
    "CallReason",
    "CallUnbridged",
    "Entry",
    "Fact",
    "FactSink",
    "LegAccepted",
    "LegAnswered",
    "LegEnded",
    "LegResult",
    "LegStarted",
    "MessageDeleted",
    "MessageLeft",
    "NoticeQueued",
    "NoticeState",
    "NoticeTried",
    "Outcome",
    "RostersPublished",
]
