"""One call, from its arrival to its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from ..announcements.announcement import Target
from ..ari.errors import AriError, ChannelGone, NotInStasis, OutcomeUnknown, RequestNotSent
from ..core.logs import get_logger
from ..core.prompt import Prompt
from ..core.settings import safe_number
from ..flow import interpreter
from ..flow.flow import Flow
from ..flow.phone import RINGING, Caller, Connection, Destination, Message, TalkRecording, Waiting
from ..flow.words import Word
from ..records.facts import Outcome
from .announcements import Listener, note_vip
from .bridge import told_gone
from .callbacks import Wishes
from .channel import TRY_AGAIN_AFTER, CallChannel
from .conversation import Conversation, End
from .desk import Call
from .hunt import Hunt
from .leg import Leg
from .plans import plan_for, team_of
from .talk_recorder import TalkRecorder
from .voicemail import Voicemail
from .waiting import WaitingRoom
from .whisper import Whisper

log = get_logger(__name__)

HAND_OVER_WITHIN = 30.0
"""Seconds that a call waits for a lost connection before it is left to the next sweep."""
HAND_OVER_AT_STOP_WITHIN = 2.0
"""The same when the line stops: a stop is not held up by an Asterisk that is away."""


class Session:
    """The caller's side of one call; it is the `Phone` that the flow talks to.

    When the caller hangs up, the coroutine `run` is cancelled where it stands, and what it had
    opened is closed on the way out. Cancelled from outside, because the line stops, it leaves two
    people who talk alone, and gives any other caller to the dialplan.
    """

    def __init__(self, call: Call, flow: Flow) -> None:
        self._call = call
        self._flow = flow
        self._ari = call.desk.ari
        self._caller = CallChannel(
            self._ari, call.channel_id, next_playback_id=call.next_playback_id, on_gone=self._on_caller_gone
        )
        self._task: asyncio.Task[None] | None = None
        self._talked = False
        self._conversation: Conversation | None = None
        self._recorder: TalkRecorder | None = None
        """What records the talk, or recorded the last one."""
        self._left: Leg | None = None
        """The leg of the agent who hung up first, until it is known whether the flow goes on."""
        self._handed_over = False
        """Whether the caller is the dialplan's now, or the next sweep's: not ours to hang up."""
        self._outcome: Outcome | None = None
        self._ended_by = "line"
        self._listener = Listener(call.desk.announcements, self._caller, call.story)

    async def run(self) -> None:
        """Live the call."""
        async with self._ari.watch(self._call.channel_id, on_event=self._caller.on_event):
            outcome = Outcome.INTERRUPTED
            try:
                self._task = asyncio.current_task()
                outcome = await self._converse()
            except asyncio.CancelledError:
                if task := asyncio.current_task():
                    task.uncancel()
                self._task = None
                if self._handed_over:
                    outcome = Outcome.FALLBACK
                elif self._caller.gone:
                    outcome = self._outcome_of_gone_caller()
                elif self._left_alone:
                    return  # the line stops, they talk on: whoever starts it again takes this call up
                else:
                    outcome = await self._hand_over(HAND_OVER_AT_STOP_WITHIN)
            finally:
                self._task = None
                try:
                    if not self._left_alone:
                        await self._end(outcome)
                finally:
                    await self._call.settle()

    async def _converse(self) -> Outcome:
        """Live the call, whatever goes wrong; return its outcome."""
        try:
            return await self._serve()
        except (ChannelGone, NotInStasis):
            await told_gone(self._caller)
            return self._outcome_of_gone_caller()
        except AriError as error:
            log.warning("call.asterisk_lost", error=str(error))
            return await self._hand_over()
        except Exception:
            log.exception("call.crashed")
            return await self._after_defect()

    async def _serve(self) -> Outcome:
        await self._ari.channels.answer(self._call.channel_id)
        self._call.story.answered()
        note_vip(self._call)
        line = self._call.desk.settings.line_of(self._call.line)
        await self._listener.hears(Target(line=line), self._flow.language_of.of(self.caller))
        await interpreter.run(self._flow, self)
        return self._outcome or Outcome.GOODBYE

    async def _after_defect(self) -> Outcome:
        """Do what can be done for the caller when a defect of ours has ended the call."""
        return await self._hand_over()

    # What the flow asks of a phone

    @property
    def caller(self) -> Caller:
        """What is known of the call."""
        call = self._call
        return Caller(call.id, call.line, safe_number(call.caller_number), call.known.vip)

    def now(self) -> datetime:
        """Return the instant."""
        return datetime.now(UTC)

    async def quiet(self) -> None:
        """End what the caller hears."""
        await self._caller.quiet()

    async def play(self, prompts: Sequence[Prompt], *, barge_in: bool) -> None:
        """Play prompts to the caller; a key cuts them short if `barge_in`."""
        await self._caller.play([self._call.desk.prompts.media(each) for each in prompts], barge_in=barge_in)

    async def key(self, within: float) -> str | None:
        """Return the caller's next key, or None after `within` seconds."""
        return await self._caller.key(within)

    @asynccontextmanager
    async def message(self, reason: str, language: str, team: str | None) -> AsyncIterator[Message]:
        """Let the caller leave a message; who hangs up leaves what they have said."""
        answering = self._call.desk.rosters.reasons.get(reason, "")
        voicemail = Voicemail(
            self._call,
            self._caller,
            team=team or answering,
            reason=reason,
            language=language,
            on_kept=self._on_kept,
        )
        async with voicemail:
            yield voicemail

    def _on_kept(self) -> None:
        if not self._talked:
            self._outcome = Outcome.VOICEMAIL

    @property
    def callbacks(self) -> Wishes:
        """What takes in the caller's wish to be called back."""
        return Wishes(self._call, self._flow.name, self._on_callback_asked)

    def _on_callback_asked(self) -> None:
        self._outcome = Outcome.CALLBACK

    def note(self, name: str, **facts: str | int | float | None) -> None:
        """Record a fact that the flow tells; how it went with agents is told by whoever rings them."""
        story = self._call.story
        match name:
            case "flow.language":
                story.language(str(facts["language"]))
            case "flow.reason":
                story.reason(str(facts["reason"]))
            case "flow.vip":
                self._call.known = replace(self._call.known, vip=facts["vip"] == "true")
                story.note(name, **facts)
            case "survey.answer":
                story.surveyed(int(facts["score"] or 0))
            case "call.number":
                story.number(**facts)
            case "flow.node" if self._left is not None:
                left, self._left = self._left, None
                story.unbridged(left)
                story.note(name, **facts)
            case "flow.started" | "flow.connected" | "flow.ended":
                return
            case _:
                story.note(name, **facts)

    async def _hear_of_team(self, team: str | None, language: str) -> None:
        """Let the caller hear what is announced to those who are put through to a team."""
        if team is None:
            return
        self._caller.forget_keys()  # or a key that was pressed twice would cut it short
        if await self._listener.hears(Target(team=team), language):
            self._caller.forget_keys()

    async def connect(
        self,
        reason: str,
        language: str,
        to: Destination | None = None,
        waiting: Waiting = RINGING,
        *,
        vip: bool = False,
        recording: TalkRecording | None = None,
    ) -> Connection:
        """Ring who is on call for `reason`, or `to`, and let the two talk until one hangs up."""
        desk = self._call.desk
        await self._hear_of_team(team_of(desk.rosters, reason, to), language)
        plan = plan_for(desk.rosters, self.now(), reason, language, to, vip=vip, activity=desk.activity)
        self._call.story.queued(plan)
        if not any(plan.agents()):
            self._outcome = Outcome.NOBODY_ON_CALL
            return Connection.VOICEMAIL_OFF_DUTY if plan.takes_messages else Connection.NOT_ON_DUTY
        recorder = self._recorder_of(recording, language)
        since = asyncio.get_running_loop().time()
        recorded = recorder is not None and recorder.by_itself
        whisper = Whisper(self._call, reason, since=since, recorded=recorded)
        async with WaitingRoom(self._caller, waiting, desk.prompts) as room:
            async with Hunt(self._call, self._caller, plan, whisper=whisper, language=language) as hunt:
                while leg := await room.until(hunt.next()):
                    match await self._talk(leg, hunt, room.stop, recorder):
                        case End.TALKED:
                            self._outcome = Outcome.BRIDGED
                            self._left = leg
                            self._caller.forget_keys()  # they were for the agent
                            return Connection.TALKED
                        case End.NOBODY:
                            break
                        case End.LOST:
                            continue
                if room.chosen:
                    hunt.last_word = Word.AGENT_UNNEEDED
            await room.stop()
        if room.chosen:
            return Connection.KEY
        self._outcome = Outcome.UNANSWERED
        return Connection.VOICEMAIL if plan.takes_messages else Connection.NOBODY

    def _recorder_of(self, how: TalkRecording | None, language: str) -> TalkRecorder | None:
        """Return what records the next talk, None if nothing does; who once objected is never recorded."""
        if how is None:
            return None
        objected = self._recorder is not None and self._recorder.refused
        how = replace(how, refused=how.refused or objected)
        self._recorder = TalkRecorder(self._call, self._caller, how, language=language)
        return self._recorder

    async def _talk(
        self,
        leg: Leg,
        hunt: Hunt,
        be_quiet: Callable[[], Awaitable[None]],
        recorder: TalkRecorder | None = None,
    ) -> End:
        """Let the caller and an agent talk, and whomever the agent brings in."""
        self._conversation = Conversation(self._call, self._caller, hunt, recorder=recorder)
        end = await self._conversation.run(leg, be_quiet)
        self._talked = self._talked or self._conversation.talked
        if end is End.TALKED:
            self._ended_by = "agent"
        return end

    # The end

    @property
    def _left_alone(self) -> bool:
        """Whether the caller talks on with an agent, without us."""
        return self._conversation is not None and self._conversation.left_alone

    async def _end(self, outcome: Outcome) -> None:
        try:
            await self._hang_up_caller()
        finally:
            await self._tell_the_end(outcome)
            if outcome is Outcome.BRIDGED:
                self._served()

    async def _tell_the_end(self, outcome: Outcome) -> None:
        story, caller = self._call.story, self._caller
        try:
            if story.held:
                await self._call.desk.ends.learn(caller, self._call.channel_id)
        finally:
            story.ended(outcome, cause=caller.cause, ended_by=self._ended_by, ago=caller.gone_for)
            if story.held:
                story.tell(caller.ended_at)

    def _on_caller_gone(self) -> None:
        if self._task:
            self._ended_by = "unknown" if self._caller.lost else "caller"
            if self._caller.lost:
                self._call.story.hold()  # until it is known since when the caller has been gone
            self._task.cancel()

    def _served(self) -> None:
        """Note that the caller has talked with an agent, whom they may wait for on another call, too."""
        waiting = self._call.desk.callbacks
        if waiting.waiting:
            waiting.talked(self.callbacks.number())

    def _outcome_of_gone_caller(self) -> Outcome:
        if self._talked or (self._conversation is not None and self._conversation.talked):
            return Outcome.BRIDGED
        if self._caller.lost and self._outcome not in (Outcome.VOICEMAIL, Outcome.CALLBACK):
            return Outcome.INTERRUPTED
        return self._outcome or Outcome.ABANDONED

    async def _hand_over(self, within: float | None = None) -> Outcome:
        """Give the caller back to the dialplan, which rings an agent without us.

        Who has talked to one already is hung up instead: nobody is rung again for them. An Asterisk that is
        slow is waited for as long as it takes, `within` seconds at most if given.
        """
        if self._talked:
            return Outcome.BRIDGED
        self._task = None  # the caller's channel leaves us now, and that is no hang-up
        try:
            async with asyncio.timeout(within):
                return await self._hand_over_when_connected()
        except (AriError, TimeoutError) as error:
            log.error("call.not_handed_over", error=str(error) or "Asterisk could not be reached in time")
            self._handed_over = True
            return Outcome.INTERRUPTED

    async def _hand_over_when_connected(self) -> Outcome:
        while True:
            async with asyncio.timeout(HAND_OVER_WITHIN):
                await self._ari.until_ready()
            try:
                await self._ari.channels.continue_in_dialplan(
                    self._call.channel_id, context="fallback", extension=self._call.line, priority=1
                )
            except RequestNotSent:
                await asyncio.sleep(TRY_AGAIN_AFTER)
            except OutcomeUnknown:
                self._handed_over = True
                await asyncio.sleep(TRY_AGAIN_AFTER)
            except (ChannelGone, NotInStasis) as error:
                if self._handed_over and isinstance(error, NotInStasis):
                    return Outcome.FALLBACK
                await told_gone(self._caller)
                return self._outcome_of_gone_caller()
            else:
                self._handed_over = True
                return Outcome.FALLBACK

    async def _hang_up_caller(self) -> None:
        if not self._handed_over:
            await self._caller.hang_up()
        await self._caller.settle()
