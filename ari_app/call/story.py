"""The story of one call, told at once to the records and to the logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ..core.logs import get_logger
from ..records.facts import (
    CallAnswered,
    CallArrived,
    CallBridged,
    CallEnded,
    CallEvent,
    CallLanguage,
    CallQueued,
    CallReason,
    CallSurveyed,
    CallUnbridged,
    CallWrappedUp,
    Fact,
    FactSink,
    LegAccepted,
    LegAnswered,
    LegEnded,
    LegResult,
    LegStarted,
    Outcome,
    WrapUp,
)
from ..roster.plan import Plan

if TYPE_CHECKING:
    from .channel import CallChannel
    from .leg import Leg

log = get_logger(__name__)


class Story:
    """Says what happens in a call, in order; it never waits and never fails."""

    def __init__(self, call_id: str, sink: FactSink) -> None:
        self._call = call_id
        self._sink = sink
        self._held: list[Fact] | None = None
        self._log = log.bind(call=call_id)  # some of it is told outside the call's own task

    def _put(self, fact: Fact) -> None:
        if self._held is None:
            self._sink.put(fact)
        else:
            self._held.append(fact)

    @property
    def held(self) -> bool:
        """Whether what happens is kept off the records."""
        return self._held is not None

    def hold(self) -> None:
        """Keep what happens from here on off the records until `tell`: it may have happened some time ago."""
        self._held = []

    def tell(self, by: datetime | None) -> None:
        """Put on record what was held: all of it had happened `by` then, or it is not known when it did."""
        held, self._held = [_happened(fact, by) for fact in self._held or ()], None
        for fact in sorted(held, key=lambda fact: fact.at or datetime.max.replace(tzinfo=UTC)):
            self._sink.put(fact)

    def arrived(
        self,
        *,
        line: str,
        channel_id: str,
        number: str,
        name: str,
        at: datetime | None = None,
        ago: float = 0.0,
    ) -> None:
        """A caller's channel came: now, or some seconds ago, or `at` an earlier instant."""
        self._put(
            CallArrived(
                call=self._call,
                at=at,
                ago=ago,
                line=line,
                channel_id=channel_id,
                number=number,
                caller_name=name,
            )
        )
        self._log.info("call.arrived", line=line, number=number, channel=channel_id)

    def answered(self) -> None:
        """We answered the caller."""
        self._put(CallAnswered(call=self._call))
        self._log.info("call.answered")

    def language(self, language: str) -> None:
        """The caller is spoken to in `language` from here on."""
        self._put(CallLanguage(call=self._call, language=language))
        self._log.info("call.language", language=language)

    def reason(self, reason: str) -> None:
        """The flow found out why they call."""
        self._put(CallReason(call=self._call, reason=reason))
        self._log.info("call.reason", reason=reason)

    def queued(self, plan: Plan) -> None:
        """The search for an agent starts."""
        self._put(CallQueued(call=self._call, team=plan.team))
        self._log.info("call.queued", team=plan.team, steps=len(plan.steps))

    def leg_started(self, leg: Leg) -> None:
        """An agent's phone is rung."""
        self._put(
            LegStarted(call=self._call, leg=leg.id, agent=leg.agent.id, endpoint=leg.endpoint, step=leg.step)
        )
        self._log.info("leg.started", leg=leg.id, agent=leg.agent.id, endpoint=leg.endpoint, step=leg.step)

    def leg_answered(self, leg: Leg) -> None:
        """Somebody, or something, picked up."""
        self._put(LegAnswered(call=self._call, leg=leg.id))
        self._log.info("leg.answered", leg=leg.id, agent=leg.agent.id)

    def leg_accepted(self, leg: Leg) -> None:
        """A human takes the call."""
        self._put(LegAccepted(call=self._call, leg=leg.id))
        self._log.info("leg.accepted", leg=leg.id, agent=leg.agent.id)

    def leg_ended(self, channel: CallChannel, result: LegResult) -> None:
        """The attempt, or the agent's side of the talk, is over."""
        self._put(
            LegEnded(
                call=self._call,
                at=channel.ended_at,
                ago=channel.gone_for,
                leg=channel.id,
                result=result,
                cause=channel.cause,
                tech_cause=channel.sip_code,
                dialstatus=channel.dialstatus or "",
                unseen=_unseen(channel),
            )
        )
        self._log.info(
            "leg.ended", leg=channel.id, result=result, cause=channel.cause, sip_code=channel.sip_code
        )

    def leg_found(self, leg_id: str, agent: str, endpoint: str, *, at: datetime) -> None:
        """An agent took the call while nobody kept records: the phone was rung from `at` on."""
        self._put(LegStarted(call=self._call, leg=leg_id, agent=agent, endpoint=endpoint, at=at))
        self._log.info("leg.started", leg=leg_id, agent=agent, endpoint=endpoint, step=0)

    def talk_found(self, leg_id: str, agent: str, *, at: datetime) -> None:
        """Caller and agent have heard each other since `at`, and it is not on record."""
        self._put(LegAccepted(call=self._call, leg=leg_id, at=at))
        self._put(CallBridged(call=self._call, leg=leg_id, at=at))
        self._log.info("call.bridged", leg=leg_id, agent=agent)

    def talk_lost(self, leg_id: str, *, at: datetime | None) -> None:
        """The agent was gone at `at`, and nobody saw it; None: it is not known when."""
        self._put(CallUnbridged(call=self._call, leg=leg_id, at=at, unseen=None if at else True))

    def leg_lost(self, leg_id: str, result: LegResult, *, at: datetime | None, cause: int | None) -> None:
        """An attempt ended, or the agent's side of a talk, and nobody saw how; None: nor when."""
        unseen = None if at else True
        self._put(LegEnded(call=self._call, leg=leg_id, result=result, at=at, cause=cause, unseen=unseen))
        self._log.info("leg.ended", leg=leg_id, result=result, cause=cause, sip_code=None)

    def bridged(self, leg: Leg) -> None:
        """Caller and agent hear each other."""
        self._put(CallBridged(call=self._call, leg=leg.id))
        self._log.info("call.bridged", leg=leg.id, agent=leg.agent.id)

    def unbridged(self, leg: Leg) -> None:
        """The agent is gone and the caller is still there."""
        channel = leg.channel
        self._put(
            CallUnbridged(
                call=self._call,
                at=channel.ended_at,
                ago=channel.gone_for,
                leg=leg.id,
                unseen=_unseen(channel),
            )
        )
        self._log.info("call.unbridged", leg=leg.id, agent=leg.agent.id)

    def wrapped_up(self, leg: Leg, result: WrapUp) -> None:
        """The agent said how the call went."""
        self._put(CallWrappedUp(call=self._call, leg=leg.id, result=result))
        self._log.info("call.wrapped_up", leg=leg.id, agent=leg.agent.id, result=result)

    def surveyed(self, score: int) -> None:
        """The caller said how it was."""
        self._put(CallSurveyed(call=self._call, score=score))
        self._log.info("call.surveyed", score=score)

    def ended(self, outcome: Outcome, *, cause: int | None, ended_by: str, ago: float = 0.0) -> None:
        """The call is over, now or since some seconds."""
        self._put(CallEnded(call=self._call, ago=ago, outcome=outcome, cause=cause))
        self._log.info("call.ended", outcome=outcome, cause=cause, ended_by=ended_by)

    def number(self, **facts: str | int | float | None) -> None:
        """The caller typed a number. It is kept as the flow says, and the log does not have it."""
        self._put(CallEvent(call=self._call, event="call.number", data=facts))

    def message_left(self, message: str, team: str, *, ago: float) -> None:
        """The caller left a message, now or before they hung up some seconds ago."""
        self._put(
            CallEvent(call=self._call, ago=ago, event="message.left", data={"message": message, "team": team})
        )

    def note(self, name: str, **facts: str | int | float | None) -> None:
        """Anything else worth keeping, under a name of its own."""
        self._put(CallEvent(call=self._call, event=name, data=facts))
        self._log.debug("call.noted", note=name, **facts)


def _unseen(channel: CallChannel) -> bool | None:
    """Tell whether it is not known when a channel ended."""
    return True if channel.lost and channel.ended_at is None else None


def _happened(fact: Fact, by: datetime | None) -> Fact:
    """Return a fact at its own instant, or `by` then if it has none or a later one."""
    if by is not None:
        return msgspec.structs.replace(fact, at=min(fact.at or by, by))
    if isinstance(fact, CallUnbridged):  # whether the caller was still there then is not known
        return msgspec.structs.replace(fact, at=None, unseen=True)
    if isinstance(fact, LegEnded | CallEnded) and fact.at is None:
        return msgspec.structs.replace(fact, unseen=True)
    return fact
