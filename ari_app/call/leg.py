"""One attempt to reach an agent on one phone: dial, ring, whisper, accept."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from ..ari import AriClient
from ..ari.errors import AriError, ChannelGone, NotInStasis, OutcomeUnknown, RequestNotSent
from ..ari.watching import Watched
from ..core.logs import get_logger
from ..core.settings import safe_number
from ..flow.words import Word
from ..records.facts import LegResult
from ..roster.plan import OnCallAgent, Phone
from .bridge import told_gone
from .channel import CallChannel
from .desk import Call
from .endpoints import endpoint_of
from .ends import handler_of
from .outcome import leg_result
from .whisper import Said

log = get_logger(__name__)

TAKE, PASS = "1", "2"
WRONG_KEYS = 2
"""Wrong keys that may be pressed before that is no answer."""
RING_MARGIN = 5
"""Seconds more than ours that Asterisk rings by itself, should nobody be there to stop it."""
LONGEST = 86_400
"""Seconds after which Asterisk ends an agent's channel by itself, should nobody be there to end it."""
NOWHERE = "nowhere"
"""A context that no dialplan has: where Asterisk would look for the number that a phone forwards the call to
(SIP 302). A call rings whom the roster names, and nobody else: anything more is toll fraud."""
HANDLED = frozenset({LegResult.TAKEN_ELSEWHERE, LegResult.PASSED})
"""Results after which a phone that rang has missed no call: somebody has seen to it."""
LAST_WORD_WITHIN = 20.0
"""Seconds that the last word to an agent may take, then they are hung up in the middle of it."""


class Leg:
    """An outbound leg: `offer` rings it until it is taken or not, `release` lets go of it."""

    def __init__(self, call: Call, agent: OnCallAgent, phone: Phone, *, step: int) -> None:
        self.id = call.next_leg_id()
        self.agent = agent.agent
        self.step = step
        self.endpoint = endpoint_of(phone, call.desk.settings.dial)
        self.channel = CallChannel(call.desk.ari, self.id, next_playback_id=call.next_playback_id)
        self.result: LegResult | None = None
        """How it ended, once it has."""
        self._call = call
        self._phone = phone
        self._started = False
        self._in_call = False
        self._watched: Watched | None = None
        self._dialling: asyncio.Future[Any] | None = None
        """Asterisk's reply to our request to dial, once it was sent."""

    @property
    def after(self) -> float:
        """How many seconds the agent has been rung when this phone starts to ring too."""
        return self._phone.after

    @property
    def _ari(self) -> AriClient:
        return self._call.desk.ari

    async def offer(self, seconds: float, *, whisper: Said, language: str) -> LegResult:
        """Ring the phone until `seconds` have passed; whoever answers hears the whisper and must press 1.

        Where the phone's `accept` is `answer`, picking up is enough. A leg that was taken stays up; any
        other is released.
        """
        self._start()
        try:
            result = await self._ring(seconds, whisper.shown())
            if result is None:
                self._call.story.leg_answered(self)
                result = await self._screen(whisper, language)
        except (ChannelGone, NotInStasis):  # who hangs up leaves the application first
            await told_gone(self.channel)
            result = self._result_of_gone()
        except AriError as error:
            self._call.story.note("leg.error", leg=self.id, error=str(error))
            cut_off = isinstance(error, RequestNotSent | OutcomeUnknown)
            result = LegResult.INTERRUPTED if cut_off else LegResult.FAILED
        if result is LegResult.ACCEPTED:
            self._call.story.leg_accepted(self)
            self._in_call = True
            self._call.desk.engaged.enter(self.agent.id, self._call.id)
        else:
            self.release(result)
        return result

    def skip(self) -> None:
        """Record that the phone was not rung, because it is known to be of no use."""
        self._start()
        self.release(LegResult.SKIPPED)

    def _start(self) -> None:
        self._started = True
        self._call.story.leg_started(self)

    async def _ring(self, seconds: float, display_name: str) -> LegResult | None:
        """Dial, and wait for an answer: None when there is one."""
        settings = self._call.desk.settings
        number = self._shown_number()
        self._watched = self._ari.watch(self.id, on_event=self.channel.on_event)
        dialling = self._ari.channels.originate(
            endpoint=self.endpoint,
            app=settings.ari.app,
            app_args=f"leg,{self._call.id}",
            channel_id=self.id,
            caller_id=f'"{display_name}" <{number}>',
            timeout=math.ceil(seconds) + RING_MARGIN,
            originator=self._call.originator,
            variables={
                "FORWARD_CONTEXT": NOWHERE,
                "TIMEOUT(absolute)": str(LONGEST),
                **handler_of(self._call.channel_id, self.id),
            },
        )
        self._dialling = asyncio.ensure_future(dialling)
        await asyncio.shield(self._dialling)
        engaged = self._call.desk.engaged
        engaged.ringing(self.agent.id, self.channel.wake)
        try:
            async with asyncio.timeout(seconds):
                while not (self.channel.answered or self.channel.gone):
                    if self._agent_took_another():
                        return LegResult.BUSY
                    await self.channel.changed()
                    if self.channel.missed():
                        await self.channel.catch_up()
        except TimeoutError:
            return LegResult.NO_ANSWER
        finally:
            engaged.rung(self.agent.id, self.channel.wake)
        if self.channel.gone and not self.channel.answered:
            return self._result_of_gone()
        return None

    def _result_of_gone(self) -> LegResult:
        """Tell how it ended for a channel that is gone and took no call."""
        channel = self.channel
        if channel.lost:
            return LegResult.INTERRUPTED
        if channel.answered or channel.dialstatus == "ANSWER":  # it can be gone before we hear that it came
            return LegResult.NOT_ACCEPTED
        return leg_result(channel.dialstatus, channel.cause, channel.sip_code)

    def _agent_took_another(self) -> bool:
        """Tell whether the agent has taken another call of the line meanwhile, and wants no more then."""
        return self.agent.busy == "skip" and self._call.desk.engaged.elsewhere(self.agent.id, self._call.id)

    def _shown_number(self) -> str:
        """Return the number that the phone shows; only a trunk may insist on one of ours."""
        shown = self._call.desk.settings.dial.caller_id
        own = safe_number(self._call.caller_number)
        if shown == "caller":
            return own or "anonymous"
        return own if own and self._phone.scheme == "sip" else shown

    async def _screen(self, whisper: Said, language: str) -> LegResult:
        """Make sure that a human took the call."""
        if self._phone.accept == "answer":
            return LegResult.ACCEPTED
        said = whisper.prompts(language, asyncio.get_running_loop().time())
        media = [self._call.desk.media(each) for each in said]
        return await ask_to_take(self.channel, media, self._call.desk.settings.dial.accept_seconds)

    def release(self, result: LegResult, *, last_word: Word | None = None) -> None:
        """Record how the leg ended and hang it up if it is still there; the first call counts.

        Somebody who had picked up hears the last word first. Nothing waits for that but the call's task.
        """
        if self._started and self.result is None:
            self.result = result
            self._call.story.leg_ended(self.channel, result)
        if self._in_call:
            self._in_call = False
            self._call.desk.engaged.leave(self.agent.id, self._call.id)
        if self._watched is not None:
            watched, self._watched = self._watched, None
            if self.channel.gone:
                watched.close()
            else:
                reason = "answered_elsewhere" if result in HANDLED else None
                self._call.beside(self._part(watched, last_word if self.channel.answered else None, reason))

    async def _part(self, watched: Watched, last_word: Word | None, reason: str | None) -> None:
        try:
            await self._dialled()
            if last_word:
                await self._say(last_word)
            await self.channel.hang_up(reason)
        except asyncio.CancelledError:
            self.channel.send(self._hang_up_once(reason))  # whether connected or not
            raise
        finally:
            await self.channel.settle()
            watched.close()

    async def _dialled(self) -> None:
        """Wait until Asterisk has dialled: a channel that it has not made yet cannot be hung up."""
        if self._dialling is not None:
            if not self._dialling.done():
                await asyncio.wait([self._dialling])
            if not self._dialling.cancelled():
                self._dialling.exception()  # whatever it is, who offered the call was told, or is gone

    async def _hang_up_once(self, reason: str | None) -> None:
        await self._dialled()
        await self._ari.channels.hangup(self.id, reason=reason)

    def media(self, word: Word) -> str:
        """Return one of the line's words in a language of the agent's, to be played."""
        desk = self._call.desk
        language = next((each for each in self.agent.languages if each in desk.flows.languages), None)
        return desk.prompts.media(desk.flows.line_prompt(word, language))

    async def _say(self, word: Word) -> None:
        try:
            async with asyncio.timeout(LAST_WORD_WITHIN):
                await self.channel.quiet()
                await self.channel.play([self.media(word)], barge_in=False)
        except (AriError, TimeoutError) as error:
            log.debug("call.request_failed", channel=self.id, error=str(error))


async def ask_to_take(channel: CallChannel, media: Sequence[str], within: float) -> LegResult:
    """Let a human who picked up say with a key that they take the call, or pass it.

    They have `within` seconds once `media` was played; the last sound tells the keys, and is played again.
    """
    for _ in range(1 + WRONG_KEYS):
        await channel.play(media, barge_in=True)
        media = media[-1:]
        key = await channel.key(within)
        if key == TAKE:
            await channel.quiet()
            return LegResult.ACCEPTED
        if key == PASS:
            return LegResult.PASSED
        if key is None and not channel.missed():
            break
    return LegResult.INTERRUPTED if channel.lost else LegResult.NOT_ACCEPTED
