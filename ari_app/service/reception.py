"""Takes in calls: a task for each, a limit on how many at once, and a way to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Coroutine
from datetime import datetime
from typing import Any

import structlog

from ..ari.errors import AriError, ChannelGone, NotInStasis
from ..ari.events import StasisStart
from ..call.desk import Call, Desk
from ..call.refusal import Refusal, not_welcome, overload, refuse, too_often
from ..call.session import Session
from ..call.story import Story
from ..callers.frequency import RecentCalls
from ..core.ids import new_call_id
from ..core.logs import get_logger
from ..core.tasks import ended
from ..records.facts import FactSink, Outcome

log = get_logger(__name__)

APOLOGIES_AT_ONCE = 50
"""Calls that are not let in and hear why; more are refused by signalling alone."""

ON_THE_WAY = 2.0
"""Seconds that Asterisk may take to bring a caller to us. Whoever comes later was elsewhere in it before."""


class Reception:
    """Starts a task for each call that enters the Stasis application.

    `desk` gives the parts in force at this instant; a call keeps what it started with.
    """

    def __init__(self, desk: Callable[[], Desk], records: FactSink) -> None:
        self._desk = desk
        self._records = records
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._channels: set[str] = set()
        self._numbers: dict[str, str | None] = {}
        self._late: set[asyncio.Task[None]] = set()
        self._closing = False
        self._hurry = asyncio.Event()
        self._recent = RecentCalls()
        self._refused: set[str] = set()
        """Those calls that are told why they are not let in."""

    def knows(self, some_id: str) -> bool:
        """Tell whether a call id, or a caller's channel id, is that of a call in progress."""
        return some_id in self._calls or some_id in self._channels

    @property
    def calls(self) -> int:
        """How many calls are in progress."""
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Whether there are as many calls as there may be (`limits.calls`)."""
        return len(self._calls) - len(self._refused) >= self._desk().settings.limits.calls

    def on_stasis_start(self, event: StasisStart) -> None:
        """A channel that nobody watches entered the application: a caller, or a leg whose call is over."""
        channel = event.channel
        if event.args[:1] == ["leg"]:
            self._hang_up_late(channel.id)
            return
        line = event.args[0] if event.args else "default"
        call = self._new_call(event, line)
        call.story.arrived(
            line=line,
            channel_id=channel.id,
            number=channel.caller.number,
            name=channel.caller.name,
            ago=_on_the_way(event) + call.desk.ari.lateness.of(event),
        )
        if refusal := self._refusal(call):
            self._refused.add(call.id)
            in_words = len(self._refused) <= APOLOGIES_AT_ONCE
            self.take_up(call, refuse(call, refusal, in_words=in_words))
        elif self._closing:
            self.take_up(call, self._hand_over(call))
        else:
            flow_name = call.desk.settings.flow_of(line)
            self.take_up(call, Session(call, call.desk.flows.flows[flow_name]).run())

    def _refusal(self, call: Call) -> Refusal | None:
        """Return why a call is not let in, None if it is; what the line has no room for counts for nobody."""
        if refusal := not_welcome(call.known):
            return refusal
        if self._closing:
            return None
        known = call.known
        if self.is_full:
            return overload()
        limit = call.desk.callers.limit(call.desk.settings.line_of(call.line))
        if limit is None or known.vip:
            return None
        now = asyncio.get_running_loop().time()
        return None if self._recent.admits(known.number, limit, now) else too_often(limit)

    def _hang_up_late(self, leg_id: str) -> None:
        """End a leg that was answered when its call was over, or thought that it never came to be."""
        task = asyncio.create_task(self._hang_up_leg(leg_id))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _hang_up_leg(self, leg_id: str) -> None:
        try:
            await self._desk().ari.channels.hangup(leg_id)
        except AriError as error:
            log.debug("call.request_failed", channel=leg_id, error=str(error))

    def _new_call(self, event: StasisStart, line: str) -> Call:
        call_id, desk = new_call_id(), self._desk()
        known = desk.callers.caller(desk.settings.line_of(line), event.channel.caller.number)
        return Call(
            id=call_id,
            line=line,
            channel_id=event.channel.id,
            caller_number=event.channel.caller.number or None,
            desk=desk,
            story=Story(call_id, self._records),
            known=known,
            caller_name=event.channel.caller.name,
        )

    def numbers(self, *, but: Container[str] = ()) -> set[str]:
        """Return the numbers of those who are on the line now, as they came, `but` those of some calls."""
        return {number for call, number in self._numbers.items() if number and call not in but}

    def take_up(self, call: Call, life: Coroutine[Any, Any, None]) -> None:
        """Live a call in a task of its own."""
        task = asyncio.create_task(self._live(call.id, life), name=f"call {call.id}")
        self._calls[call.id] = task
        self._channels.add(call.channel_id)
        self._numbers[call.id] = call.caller_number
        task.add_done_callback(lambda _: self._forget(call))

    def _forget(self, call: Call) -> None:
        self._calls.pop(call.id, None)
        self._refused.discard(call.id)
        self._numbers.pop(call.id, None)
        self._channels.discard(call.channel_id)

    async def _live(self, call_id: str, life: Coroutine[Any, Any, None]) -> None:
        structlog.contextvars.bind_contextvars(call=call_id)
        try:
            await life
        except AriError as error:
            log.warning("call.asterisk_lost", error=str(error))
        except Exception:
            log.exception("call.crashed")

    async def _hand_over(self, call: Call) -> None:
        """Give a caller to the dialplan: we are stopping."""
        outcome = Outcome.INTERRUPTED
        try:
            await call.desk.ari.channels.continue_in_dialplan(
                call.channel_id, context="fallback", extension=call.line, priority=1
            )
            outcome = Outcome.FALLBACK
        except (ChannelGone, NotInStasis):
            outcome = Outcome.ABANDONED
        finally:
            call.story.ended(outcome, cause=None, ended_by="line")

    async def _all_ended(self) -> None:
        while self._calls:
            await asyncio.wait(list(self._calls.values()))

    def hurry(self) -> None:
        """Make a `close` that drains go on at once."""
        self._hurry.set()

    async def close(self, drain_seconds: float) -> None:
        """Send new callers to the dialplan, let calls in progress end, then end what is left."""
        self._closing = True
        if self._calls:
            log.info("line.draining", calls=len(self._calls), seconds=drain_seconds)
            drained = asyncio.create_task(self._all_ended(), name="drain")
            hurried = asyncio.create_task(self._hurry.wait(), name="hurry")
            await asyncio.wait([drained, hurried], timeout=drain_seconds, return_when=asyncio.FIRST_COMPLETED)
            await ended(drained, hurried)
        while remaining := list(self._calls.values()):
            await asyncio.sleep(0)  # a call that came in this very instant must begin, or nobody would end it
            await ended(*remaining)
        if self._late:
            await asyncio.wait(self._late)


def _on_the_way(event: StasisStart) -> float:
    """Return how many seconds Asterisk took to bring a caller to us: they waited then, too."""
    try:
        took = event.at - datetime.fromisoformat(event.channel.creationtime)
    except ValueError:
        return 0.0
    return took.total_seconds() if 0 < took.total_seconds() < ON_THE_WAY else 0.0
