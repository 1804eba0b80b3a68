"""From events to rows: a call's events, folded in order, give its row of `calls` and those of `call_legs`.

The fold is pure. The recorder folds as facts come in; folding what `call_events` holds gives the same
rows again (`Ledger.replay`), which is how a call is taken up after a restart, and how a figure in a
report can be proved.

A call's time has one axis, `elapsed`: seconds since its first event by the monotonic clock, never
decreasing from one event to the next. Every duration is a difference on it:

- `total_seconds`: first event to `call.ended`;
- `wait_seconds`: every stretch from `call.queued` to `call.bridged` (or to the end);
- `talk_seconds`: every stretch from `call.bridged` to `call.unbridged` (or to the end);
- a leg's `ring_seconds`: `leg.started` to `leg.answered` (or to `leg.ended`).

Waiting and talking exclude each other, so wait + talk <= total whatever the order of events.

An end that nobody saw (`unseen`) gives no duration: what lasted until then has none, and a call's wait or
talk of which a stretch is not known is not known either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from .events import Event
from .facts import LegResult, Outcome

Row = dict[str, Any]


class Ledger:
    """One call's rows so far: `row` (of `calls`), `legs` (of `call_legs`, by id); None where unknown yet.

    `changed` and `changed_legs` say which rows are no longer as last written (see `written`).
    """

    __slots__ = (
        "_anchor",
        "_elapsed",
        "_leg_starts",
        "_origin",
        "_stretch",
        "_totals",
        "changed",
        "changed_legs",
        "last_seq",
        "legs",
        "row",
    )

    def __init__(self, call: str, arrived_at: datetime) -> None:
        self.row = _new_call(call, arrived_at)
        self.legs: dict[str, Row] = {}
        self.changed = True
        self.changed_legs: set[str] = set()
        self.last_seq = 0
        self._elapsed = 0  # of the last event; this and all below in microseconds
        self._origin: int | None = None  # the monotonic clock (nanoseconds) at elapsed 0
        self._anchor = arrived_at  # the wall clock at `_elapsed`
        self._stretch: tuple[str, int] | None = None  # "wait" or "talk", since when
        self._totals: dict[str, int | None] = {"wait": 0, "talk": 0}  # None: not known
        self._leg_starts: dict[str, int] = {}

    @classmethod
    def replay(cls, events: Iterable[Event]) -> Ledger:
        """Fold the events of one call, at least one, in the order of their `seq`."""
        ordered = sorted(events, key=lambda event: event.seq)
        ledger = cls(ordered[0].call, ordered[0].at)
        for event in ordered:
            ledger.apply(event)
        return ledger

    @property
    def closed(self) -> bool:
        """Whether the call and all its legs have ended."""
        return self.row["ended_at"] is not None and all(leg["ended_at"] for leg in self.legs.values())

    def written(self) -> None:
        """Note that all rows are stored as they are now."""
        self.changed = False
        self.changed_legs.clear()

    def apply(self, event: Event, monotonic: int | None = None, *, backdated: bool = False) -> None:
        """Take the next event; place it on the time axis (sets `event.elapsed`) unless it is already.

        `monotonic` is the monotonic clock (nanoseconds) when the event was put. `backdated`: the event's
        own `at` says when it happened, some time before it was put.
        """
        if event.elapsed is not None:
            now = max(self._elapsed, round(event.elapsed * 1e6))
        elif monotonic is None or self._origin is None or backdated:
            now = self._by_wall_clock(event.at, monotonic)
        else:
            now = max(self._elapsed, (monotonic - self._origin) // 1000)
        if backdated:  # several may follow each other
            self._anchor += timedelta(microseconds=now - self._elapsed)
        else:
            self._anchor = event.at
            if self._origin is None and monotonic is not None:
                self._origin = monotonic - now * 1000
        self._elapsed = now
        event.elapsed = now / 1e6
        self.last_seq = event.seq
        handler = _HANDLERS.get(event.name)
        if handler is not None:
            handler(self, event.at, event.data)

    def _by_wall_clock(self, at: datetime, monotonic: int | None) -> int:
        """Place an instant after the last event; not later than the monotonic clock says that now is."""
        now = self._elapsed + max(0, round((at - self._anchor).total_seconds() * 1e6))
        if monotonic is not None and self._origin is not None:
            now = min(now, max(self._elapsed, (monotonic - self._origin) // 1000))
        return now

    # What each event changes ---------------------------------------------------------------------

    def _set(self, column: str, value: object) -> None:
        self.row[column] = value
        self.changed = True

    def _first(self, column: str, value: object) -> None:
        if self.row[column] is None:
            self._set(column, value)

    def _turn_to(self, kind: str | None, *, unseen: bool = False) -> None:
        """End the stretch of waiting or talking that is open, and open another."""
        if self._stretch is not None:
            was, since = self._stretch
            total = self._totals[was]
            total = None if unseen or total is None else total + self._elapsed - since
            self._totals[was] = total
            self._set(f"{was}_seconds", None if total is None else total / 1e6)
        self._stretch = None if kind is None else (kind, self._elapsed)

    def _arrived(self, _at: datetime, data: Row) -> None:
        for column in ("line", "channel_id", "number", "caller_name"):
            self._set(column, data.get(column, ""))

    def _answered(self, at: datetime, _data: Row) -> None:
        self._first("answered_at", at)

    def _language(self, _at: datetime, data: Row) -> None:
        self._set("language", data.get("language"))

    def _reason(self, _at: datetime, data: Row) -> None:
        self._set("reason", data.get("reason"))

    def _queued(self, at: datetime, data: Row) -> None:
        if self.row["ended_at"] is None:
            self._set("team", data.get("team"))
            self._first("queued_at", at)
            self._turn_to("wait")

    def _bridged(self, at: datetime, data: Row) -> None:
        if self.row["ended_at"] is None:
            self._first("bridged_at", at)
            if leg := self.legs.get(data.get("leg", "")):
                self._set("agent", leg["agent"])
            self._turn_to("talk")

    def _surveyed(self, _at: datetime, data: Row) -> None:
        self._set("survey", data.get("score"))

    def _unbridged(self, _at: datetime, data: Row) -> None:
        if self._stretch is not None and self._stretch[0] == "talk":
            self._turn_to(None, unseen=bool(data.get("unseen")))

    def _ended(self, at: datetime, data: Row) -> None:
        if self.row["ended_at"] is not None:
            return
        unseen = bool(data.get("unseen"))
        self._turn_to(None, unseen=unseen)
        outcome = data.get("outcome")
        self._set("ended_at", at)
        self._set("outcome", outcome)
        self._set("hangup_cause", data.get("cause"))
        self._set("total_seconds", None if unseen else self._elapsed / 1e6)
        if outcome == Outcome.INTERRUPTED:  # nobody is left who could tell how the legs ended
            for leg_id in [key for key, leg in self.legs.items() if leg["ended_at"] is None]:
                self._leg_ended(at, {"leg": leg_id, "result": LegResult.INTERRUPTED, "unseen": unseen})

    def _wrapped_up(self, _at: datetime, data: Row) -> None:
        self._set("wrap_up", data.get("result"))

    def _leg(self, at: datetime, data: Row) -> Row:
        leg_id = data.get("leg", "")
        leg = self.legs.get(leg_id)
        if leg is None:
            leg = self.legs[leg_id] = _new_leg(leg_id, self.row["id"], at)
            self._leg_starts[leg_id] = self._elapsed
        self.changed_legs.add(leg_id)
        return leg

    def _stop_ringing(self, leg: Row) -> None:
        if leg["ring_seconds"] is None:
            leg["ring_seconds"] = (self._elapsed - self._leg_starts[leg["id"]]) / 1e6

    def _leg_started(self, at: datetime, data: Row) -> None:
        leg = self._leg(at, data)
        leg["agent"], leg["endpoint"] = data.get("agent", ""), data.get("endpoint", "")
        leg["step"] = data.get("step", 0)

    def _leg_answered(self, at: datetime, data: Row) -> None:
        leg = self._leg(at, data)
        leg["answered_at"] = leg["answered_at"] or at
        self._stop_ringing(leg)

    def _leg_accepted(self, at: datetime, data: Row) -> None:
        leg = self._leg(at, data)
        leg["accepted_at"] = leg["accepted_at"] or at

    def _leg_ended(self, at: datetime, data: Row) -> None:
        leg = self._leg(at, data)
        if leg["ended_at"] is not None:
            return
        if not data.get("unseen"):
            self._stop_ringing(leg)
        leg["ended_at"] = at
        leg["result"] = data.get("result")
        leg["hangup_cause"], leg["tech_cause"] = data.get("cause"), data.get("tech_cause")
        leg["dialstatus"] = data.get("dialstatus")


def _new_call(call: str, arrived_at: datetime) -> Row:
    return {
        "id": call,
        "line": "",
        "channel_id": "",
        "number": "",
        "caller_name": "",
        "language": None,
        "reason": None,
        "team": None,
        "agent": None,
        "outcome": None,
        "hangup_cause": None,
        "wrap_up": None,
        "arrived_at": arrived_at,
        "answered_at": None,
        "queued_at": None,
        "bridged_at": None,
        "ended_at": None,
        "wait_seconds": None,
        "talk_seconds": None,
        "survey": None,
        "total_seconds": None,
    }


def _new_leg(leg_id: str, call: str, started_at: datetime) -> Row:
    return {
        "id": leg_id,
        "call_id": call,
        "agent": "",
        "endpoint": "",
        "step": 0,
        "started_at": started_at,
        "answered_at": None,
        "accepted_at": None,
        "ended_at": None,
        "ring_seconds": None,
        "result": None,
        "hangup_cause": None,
        "tech_cause": None,
        "dialstatus": None,
    }


_HANDLERS: dict[str, Callable[[Ledger, datetime, Row], None]] = {
    "call.arrived": Ledger._arrived,
    "call.answered": Ledger._answered,
    "call.language": Ledger._language,
    "call.reason": Ledger._reason,
    "call.queued": Ledger._queued,
    "call.bridged": Ledger._bridged,
    "call.unbridged": Ledger._unbridged,
    "call.surveyed": Ledger._surveyed,
    "call.ended": Ledger._ended,
    "call.wrapped-up": Ledger._wrapped_up,
    "leg.started": Ledger._leg_started,
    "leg.answered": Ledger._leg_answered,
    "leg.accepted": Ledger._leg_accepted,
    "leg.ended": Ledger._leg_ended,
}
