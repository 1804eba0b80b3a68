"""One attempt to call somebody back: an agent first, then them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime

from ..ari.errors import AriError, OutcomeUnknown, RequestNotSent
from ..callers.callable_numbers import CallableNumbers
from ..core.logs import get_logger
from ..flow import interpreter
from ..flow.flow import Flow
from ..flow.phone import RINGING
from ..flow.words import Word
from ..records.callbacks import CallbackRecord
from ..records.facts import LegResult, Outcome
from .conversation import End
from .desk import Call
from .endpoints import endpoint_of_number
from .ends import handler_of
from .hunt import Hunt
from .leg import NOWHERE, RING_MARGIN, Leg
from .outcome import leg_result
from .plans import plan_for
from .ringback import Ringback
from .session import Session
from .waiting import WaitingRoom
from .whisper import Whisper

log = get_logger(__name__)


class CallbackSession(Session):
    """A call that the line itself places: its caller's channel comes to be when an agent has taken it.

    `on_settled` is called once nobody else is rung for it: they talk, or it is over.
    """

    def __init__(
        self, call: Call, flow: Flow, wish: CallbackRecord, *, on_settled: Callable[[], None]
    ) -> None:
        super().__init__(call, flow)
        self._wish = wish
        self._on_settled = on_settled
        self._placed = False
        """Whether the caller's telephone was rung."""

    async def run(self) -> None:
        """Live the call."""
        try:
            await super().run()
        finally:
            self._on_settled()

    async def _converse(self) -> Outcome:
        living, self._task = self._task, None  # a caller who does not pick up does not end the call
        try:
            return await self._call_back(living)
        except AriError as error:
            log.warning("call.asterisk_lost", error=str(error))
            return await self._hand_over()
        except Exception:
            log.exception("call.crashed")
            self._call.story.note("callback.not_reached", result=LegResult.FAILED.value)
            return Outcome.NOT_REACHED

    async def _call_back(self, living: asyncio.Task[None] | None) -> Outcome:
        desk, wish, story = self._call.desk, self._wish, self._call.story
        story.arrived(line=wish.line, channel_id=self._call.channel_id, number=wish.number, name="")
        story.note("callback.attempt", callback=wish.id, attempt=wish.tries + 1)
        story.language(wish.language)
        story.reason(wish.reason)
        plan = plan_for(desk.rosters, self.now(), wish.reason, wish.language, activity=desk.activity)
        story.queued(plan)
        if not any(plan.agents()):
            return Outcome.NOBODY_ON_CALL
        waited = (datetime.now(UTC) - wish.asked_at).total_seconds()
        since = asyncio.get_running_loop().time() - waited
        whisper = Whisper(self._call, wish.reason, since=since, first=Word.AGENT_CALLBACK)
        async with Hunt(self._call, self._caller, plan, whisper=whisper, language=wish.language) as hunt:
            leg = await hunt.next()
            if leg is None:
                return Outcome.UNANSWERED
            ringing = Ringback(leg.channel)
            try:
                if (failed := await self._reach(leg, ringing)) is not None:
                    return failed
            finally:
                ringing.cancel()
                self._task = living
            return await self._talk_with_somebody(hunt, leg, ringing)

    async def _reach(self, leg: Leg, ringing: Ringback) -> Outcome | None:
        """Ring the caller, while the agent hears it; None once they picked up."""
        result, last_word = LegResult.CANCELLED, None
        leg.channel.when_gone(self._caller.wake)
        try:
            ringing.start()
            await self._ring(leg)
            if leg.channel.gone:
                result = LegResult.LOST
                return Outcome.UNANSWERED
            if self._caller.answered and not self._caller.gone:
                self._call.story.answered()
                result = LegResult.ACCEPTED
                self._on_settled()
                return None
            result, last_word = LegResult.ACCEPTED, Word.AGENT_UNREACHED
            return self._not_reached()
        except AriError as error:
            if isinstance(error, RequestNotSent | OutcomeUnknown):
                raise
            result, last_word = LegResult.ACCEPTED, Word.AGENT_UNREACHED
            self._call.story.note("callback.not_reached", result=LegResult.FAILED.value, error=str(error))
            return Outcome.NOT_REACHED
        finally:
            leg.channel.when_gone(lambda: None)
            if result is not LegResult.ACCEPTED or last_word:
                leg.release(result, last_word=last_word)

    async def _ring(self, leg: Leg) -> None:
        """Ring the caller until they pick up, or it is known that they do not."""
        desk, wish, caller = self._call.desk, self._wish, self._caller
        shown = CallableNumbers.of(desk.settings, wish.line).shown
        self._placed = True
        await self._ari.channels.originate(
            endpoint=endpoint_of_number(wish.number, desk.settings.dial),
            app=desk.settings.ari.app,
            app_args=f"leg,{self._call.id}",
            channel_id=caller.id,
            caller_id=shown,
            timeout=math.ceil(wish.ring_seconds) + RING_MARGIN,
            variables={
                "FORWARD_CONTEXT": NOWHERE,
                "TIMEOUT(absolute)": str(desk.settings.asterisk.call_seconds),
                **handler_of(caller.id),
            },
        )
        try:
            async with asyncio.timeout(wish.ring_seconds):
                while not (caller.answered or caller.gone or leg.channel.gone):
                    await caller.changed()
                    if caller.missed():
                        await self._catch_up()
        except TimeoutError:
            return

    def _not_reached(self) -> Outcome:
        caller = self._caller
        if caller.lost:
            return Outcome.INTERRUPTED
        result = leg_result(caller.dialstatus, caller.cause, caller.sip_code) if caller.gone else "no-answer"
        self._call.story.note("callback.not_reached", result=str(result), sip_code=caller.sip_code)
        return Outcome.NOT_REACHED

    async def _catch_up(self) -> None:
        """Find out whether the caller picked up while the connection was lost."""
        await self._ari.until_ready()  # by then it is known whether the channel is gone
        if not self._caller.gone:
            channel = await self._ari.channels.get(self._caller.id)
            self._caller.answered = self._caller.answered or channel.state == "Up"

    async def _talk_with_somebody(self, hunt: Hunt, leg: Leg | None, ringing: Ringback) -> Outcome:
        """Let the two talk; ring the next agent if this one was gone at once."""
        desk, wish, be_quiet = self._call.desk, self._wish, ringing.stop
        async with WaitingRoom(self._caller, RINGING, desk.prompts) as room:
            while leg is not None:
                match await self._talk(leg, hunt, be_quiet):
                    case End.TALKED:
                        return await self._go_on(leg)
                    case End.NOBODY:
                        break
                    case End.LOST:
                        be_quiet = room.stop
                        leg = await room.until(hunt.next())
            await room.stop()
        await self.play([desk.flows.line_prompt(Word.CALLBACK_NOTED, wish.language)], barge_in=False)
        return Outcome.UNANSWERED

    async def _go_on(self, leg: Leg) -> Outcome:
        """Go on with the flow, as the node says that promised the call."""
        flow, wish = self._flow, self._wish
        self._outcome, self._left = Outcome.BRIDGED, leg
        self._caller.forget_keys()
        if wish.then in flow.nodes:
            language = wish.language if wish.language in flow.languages else flow.languages[0]
            await interpreter.go_on(flow, self, wish.then, language=language)
        return Outcome.BRIDGED

    # The end

    async def _hand_over(self, within: float = 0.0) -> Outcome:
        """Do without: nobody called, so there is nobody whom the dialplan could ring an agent for."""
        return Outcome.BRIDGED if self._talked else Outcome.INTERRUPTED

    async def _hang_up_caller(self) -> None:
        if self._placed:
            await super()._hang_up_caller()

    def _served(self) -> None:
        """Do without: the record of this call says so."""
