"""One attempt to call somebody back: an agent first, then them; each says with a key that they are there."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from ..ari.errors import AriError, ChannelGone, NotInStasis, OutcomeUnknown, RequestNotSent
from ..callers.callable_numbers import CallableNumbers
from ..core.logs import get_logger
from ..flow import interpreter
from ..flow.flow import Flow
from ..flow.phone import RINGING
from ..flow.words import Word
from ..records.callbacks import CallbackRecord
from ..records.facts import CallbackState, LegResult, Outcome
from ..roster.plan import Plan
from .bridge import to_its_end, told_gone
from .conversation import End
from .desk import Call, Desk
from .endpoints import endpoint_of_number
from .ends import handler_of
from .hunt import Hunt
from .leg import NOWHERE, RING_MARGIN, Leg, ask_to_take
from .outcome import leg_result
from .plans import plan_for
from .ringback import Ringback
from .session import Session
from .waiting import WaitingRoom
from .whisper import Whisper

log = get_logger(__name__)

DECLINED = "declined"
"""Why somebody is not called back any more who pressed a key that says so."""


def callback_plan(desk: Desk, wish: CallbackRecord, *, vip: bool) -> Plan:
    """Return whom to ring now for somebody who is to be called back; the rosters must know the reason."""
    now = datetime.now(UTC)
    return plan_for(desk.rosters, now, wish.reason, wish.language, vip=vip, activity=desk.activity)


class CallbackSession(Session):
    """A call that the line itself places: its caller's channel comes to be when an agent has taken it.

    `on_settled` is called once nobody else is rung for it: they talk, or it is over.
    """

    def __init__(
        self, call: Call, flow: Flow, wish: CallbackRecord, *, on_settled: Callable[[], None]
    ) -> None:
        super().__init__(call, flow)
        self.wish = wish
        self.call_id = call.id
        self.settled = False
        """Whether nobody is rung any more: the two talk, or it is over."""
        self._on_settled = on_settled
        self._living: asyncio.Task[None] | None = None
        self._hunt: Hunt | None = None
        self._called_off = False
        self._placed = False
        """Whether the caller's telephone was rung."""

    async def run(self) -> None:
        """Live the call."""
        try:
            await super().run()
        finally:
            self._settle()

    def call_off(self) -> None:
        """Ring nobody any more, unless the two talk already."""
        if self._living is not None and not (self.settled or self._called_off):
            self._called_off = True
            if self._hunt is not None:
                self._hunt.last_word = Word.AGENT_UNNEEDED
            self._living.cancel()

    def _settle(self) -> None:
        self.settled = True
        self._on_settled()

    async def _converse(self) -> Outcome:
        self._living, self._task = self._task, None  # a caller who does not pick up does not end the call
        return await super()._converse()

    async def _after_defect(self) -> Outcome:
        """Count it, or the same defect would call them for ever."""
        return self._not_reached(LegResult.FAILED)

    async def _serve(self) -> Outcome:
        desk, wish, call, story = self._call.desk, self.wish, self._call, self._call.story
        story.arrived(line=wish.line, channel_id=call.channel_id, number=wish.number, name="")
        story.note("callback.attempt", callback=wish.id, attempt=wish.tries + 1)
        story.language(wish.language)
        story.reason(wish.reason)
        plan = callback_plan(desk, wish, vip=call.known.vip)
        story.queued(plan)
        if not any(plan.agents()):
            return Outcome.NOBODY_ON_CALL
        waited = (datetime.now(UTC) - wish.asked_at).total_seconds()
        since = asyncio.get_running_loop().time() - waited
        whisper = Whisper(call, wish.reason, since=since, first=Word.AGENT_CALLBACK)
        async with Hunt(call, self._caller, plan, whisper=whisper, language=wish.language) as hunt:
            self._hunt = hunt
            leg = await hunt.next()
            if leg is None:
                return Outcome.UNANSWERED
            ringing = Ringback(leg.channel)
            try:
                ringing.start()
                result = await self._reach(leg)
            except BaseException:
                hunt.take_back(leg)
                raise
            finally:
                ringing.cancel()
            if result is not LegResult.ACCEPTED:
                return self._let_go(leg, result)
            self._settle()
            self._task = self._living
            if self._caller.gone:
                self._on_caller_gone()  # in this very instant
            with suppress(ChannelGone, NotInStasis):  # an agent who is gone is noticed next
                await ringing.stop()
            return await self._talk_with_somebody(hunt, leg)

    async def _reach(self, leg: Leg) -> LegResult:
        """Ring the caller, while the agent hears it; a human must say that they take it, as agents do.

        `CANCELLED` if the agent hangs up before anybody has picked up.
        """
        caller, desk = self._caller, self._call.desk
        leg.channel.when_gone(caller.wake)
        try:
            await self._ring(leg)
            if not caller.answered and leg.channel.gone:
                return LegResult.CANCELLED
            if not caller.answered:
                return self._result_of_unanswered()
            self._call.story.answered()
            keys = desk.prompts.media(desk.flows.line_prompt(Word.CALLBACK_KEYS, self.wish.language))
            return await ask_to_take(caller, [keys], desk.settings.dial.accept_seconds)
        except (ChannelGone, NotInStasis):  # who hangs up leaves the application first
            await told_gone(caller)
            return LegResult.NOT_ACCEPTED
        except (RequestNotSent, OutcomeUnknown):
            raise
        except AriError as error:
            self._call.story.note("leg.error", leg=caller.id, error=str(error))
            return LegResult.FAILED
        finally:
            leg.channel.when_gone(_nothing)

    async def _ring(self, leg: Leg) -> None:
        """Ring the caller until they pick up, or it is known that they do not."""
        desk, wish, caller = self._call.desk, self.wish, self._caller
        self._placed = True
        dialling = self._ari.channels.originate(
            endpoint=endpoint_of_number(wish.number, desk.settings.dial),
            app=desk.settings.ari.app,
            app_args=f"leg,{self._call.id}",
            channel_id=caller.id,
            caller_id=CallableNumbers.of(desk.settings, wish.line).shown,
            timeout=math.ceil(wish.ring_seconds) + RING_MARGIN,
            variables={
                "FORWARD_CONTEXT": NOWHERE,
                "TIMEOUT(absolute)": str(desk.settings.asterisk.call_seconds),
                **handler_of(caller.id),
            },
        )
        await to_its_end(dialling)  # or it could not be hung up, should the call be given up meanwhile
        try:
            async with asyncio.timeout(wish.ring_seconds):
                while not (caller.answered or caller.gone or leg.channel.gone):
                    await caller.changed()
                    if caller.missed():
                        await caller.catch_up()
        except TimeoutError:
            return

    def _result_of_unanswered(self) -> LegResult:
        caller = self._caller
        if caller.lost:
            return LegResult.INTERRUPTED
        if caller.gone:
            return leg_result(caller.dialstatus, caller.cause, caller.sip_code)
        return LegResult.NO_ANSWER

    def _let_go(self, leg: Leg, result: LegResult) -> Outcome:
        """Let the agent go who took the call of somebody who does not talk; return the outcome."""
        if result is LegResult.CANCELLED:
            leg.release(LegResult.LOST)
            return Outcome.UNANSWERED
        if result is LegResult.PASSED:
            leg.release(LegResult.ACCEPTED, last_word=Word.AGENT_UNNEEDED)
            self._call.story.note("callback.declined")
            self._call.desk.callbacks.end(self.wish.id, CallbackState.CANCELLED, DECLINED)
            return Outcome.CALLED_OFF
        leg.release(LegResult.ACCEPTED, last_word=Word.AGENT_UNREACHED)
        return self._not_reached(result)

    def _not_reached(self, result: LegResult) -> Outcome:
        self._call.story.note("callback.not_reached", result=result.value, sip_code=self._caller.sip_code)
        return Outcome.INTERRUPTED if result is LegResult.INTERRUPTED else Outcome.NOT_REACHED

    async def _talk_with_somebody(self, hunt: Hunt, leg: Leg | None) -> Outcome:
        """Let the two talk; ring the next agent if this one was gone at once."""
        desk = self._call.desk
        async with WaitingRoom(self._caller, RINGING, desk.prompts) as room:
            while leg is not None:
                match await self._talk(leg, hunt, room.stop):
                    case End.TALKED:
                        return await self._go_on(leg)
                    case End.NOBODY:
                        break
                    case End.LOST:
                        leg = await room.until(hunt.next())
            await room.stop()
        await self.play([desk.flows.line_prompt(Word.CALLBACK_NOTED, self.wish.language)], barge_in=False)
        return Outcome.UNANSWERED

    async def _go_on(self, leg: Leg) -> Outcome:
        """Go on with the flow, as the node says that promised the call."""
        flow, wish = self._flow, self.wish
        self._outcome, self._left = Outcome.BRIDGED, leg
        self._caller.forget_keys()
        if wish.then in flow.nodes:
            await interpreter.go_on(
                flow, self, wish.then, language=wish.language, reason=wish.reason, priority=wish.priority
            )
        return Outcome.BRIDGED

    # The end

    async def _hand_over(self, within: float | None = None) -> Outcome:
        """Do without: nobody called, so there is nobody whom the dialplan could ring an agent for."""
        if self._called_off:
            return Outcome.CALLED_OFF
        return Outcome.BRIDGED if self._talked else Outcome.INTERRUPTED

    async def _hang_up_caller(self) -> None:
        if self._placed:
            await super()._hang_up_caller()

    def _served(self) -> None:
        """Do without: the record of this call says so."""


def _nothing() -> None:
    """Do nothing."""
