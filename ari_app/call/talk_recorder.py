"""Records what caller and agent say to each other: begins, pauses, goes on, ends.

Asterisk records the bridge, by a channel of its own in it: the bridge mixes then. To listen to the caller
instead (`snoop`) leaves the bridge as it is, but is deaf now and then for what the caller hears, once they
have changed bridges (seen with Asterisk 22.10.1). Each time that the caller is put on hold a recording ends,
and the next begins when they are back: nothing that agents say among themselves can be in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from ..ari.errors import AriError, Conflict, OutcomeUnknown, RecordingGone, RequestNotSent
from ..ari.events import Event, RecordingFailed
from ..ari.watching import Watched
from ..core.logs import get_logger
from ..core.prompt import Prompt
from ..flow.phone import TalkRecording
from ..flow.recording import TRIES
from ..flow.words import Word
from .channel import CallChannel, for_certain
from .desk import Call
from .leg import Leg
from .recording import FORMAT
from .recordings import Name

log = get_logger(__name__)

REMEDY = "see Asterisk's log, and the space on its disk; they talk on without a recording"
SWITCH_REMEDY = (
    "none is needed if the connection to Asterisk was cut; the agent heard that it is not possible"
)


class TalkRecorder:
    """The recording of what a caller and agents say; a talk may have interruptions, and several agents.

    Whatever fails, the talk goes on.
    """

    def __init__(self, call: Call, caller: CallChannel, how: TalkRecording, *, language: str) -> None:
        self._call = call
        self._ari = call.desk.ari
        self._caller = caller
        self._how = how
        self._language = language
        self._to_announce = how.announcement
        self.refused = how.refused
        """Whether the caller objects."""
        self._bridge = ""
        """The id of the bridge in which the caller is, or was last."""
        self._name = ""
        """Asterisk's name of the recording, while there is one."""
        self._recording = ""
        """The id of the last one."""
        self._watched: Watched | None = None
        self._paused = False
        """Whether an agent wants silence recorded."""

    @property
    def by_itself(self) -> bool:
        """Whether it begins without anybody asking for it."""
        return not (self._how.announcement or self._how.refused)

    # While the caller talks

    async def caller_entered(self, bridge: str) -> None:
        """Begin, if that is to be: the caller hears agents, and is heard, in a bridge."""
        self._bridge = bridge
        if not (self._name or self._to_announce or self.refused or self._paused):
            await self._begin()

    async def caller_leaves(self) -> None:
        """End it: the caller is about to hear nobody any more. What was recorded stays."""
        name = self._name
        if not name:
            return
        self._is_over()
        try:
            await self._ari.recordings.stop(name)
        except (RequestNotSent, OutcomeUnknown):
            self._call.beside(for_certain(self._ari, lambda: self._ari.recordings.stop(name)))
        except AriError as error:
            log.debug("call.request_failed", recording=name, error=str(error))

    async def key(self, lead: Leg, others: Sequence[Leg]) -> bool:
        """Begin, pause, or go on, and let everybody know; False if that cannot be."""
        everybody = [lead, *others]
        if self.refused:
            await self._say(Word.RECORDING_REFUSED, [lead], caller=False)
            return True
        if self._paused:
            return await self._resume(everybody)
        if not self._name:
            return await self._begin_on_demand(everybody)
        if not await self._switch(self._ari.recordings.mute(self._name)):
            return False
        self._paused = True
        self._call.story.note("recording.paused", leg=lead.id)
        await self._say(Word.RECORDING_PAUSED, everybody)
        return True

    async def _resume(self, everybody: Sequence[Leg]) -> bool:
        await self._say(Word.RECORDING_RESUMED, everybody)
        unmute = self._switch(self._ari.recordings.unmute(self._name)) if self._name else self._begin()
        if not await unmute:
            return False
        self._paused = False
        self._call.story.note("recording.resumed")
        return True

    async def _begin_on_demand(self, everybody: Sequence[Leg]) -> bool:
        if self._to_announce:
            self._caller.forget_keys()
            if not await self._play(self._to_announce, everybody):
                return False
            self._call.story.note("recording.announced")
            if await self._caller_objects():
                self.refused = True
                self._call.story.note("recording.refused")
                await self._say(Word.RECORDING_REFUSED, everybody[:1], caller=False)
                return True
            self._to_announce = ()
        return await self._begin()

    async def _caller_objects(self) -> bool:
        """Tell whether the caller presses the key for it."""
        if self._how.objection is not None:
            for _ in range(TRIES):
                key = await self._caller.key(self._how.timeout)
                if key in (None, self._how.objection):
                    return key is not None
        return False

    async def _say(self, word: Word, legs: Sequence[Leg], *, caller: bool = True) -> None:
        """Say one of the line's words to agents, and to the caller, each in their language."""
        flows = self._call.desk.flows
        await asyncio.gather(
            *(_heard(leg.channel, [leg.media(word)]) for leg in legs),
            *([self._caller_hears([flows.line_prompt(word, self._language)])] if caller else []),
        )

    async def _play(self, prompts: Sequence[Prompt], legs: Sequence[Leg]) -> bool:
        """Play prompts to everybody; tell whether the caller could hear them."""
        media = [self._call.desk.prompts.media(each) for each in prompts]
        told, *_ = await asyncio.gather(
            self._caller_hears(prompts), *(_heard(leg.channel, media) for leg in legs)
        )
        return told

    async def _caller_hears(self, prompts: Sequence[Prompt]) -> bool:
        return await _heard(self._caller, [self._call.desk.prompts.media(each) for each in prompts])

    # Asterisk

    async def _begin(self) -> bool:
        """Have the bridge recorded; False if it cannot be."""
        self._recording = recording = self._call.next_talk_id()
        name = Name(recording, self._how.keep_days).in_asterisk(self._call.desk.settings.ari.app)
        self._watched = self._ari.watch(bridges=[self._bridge], on_event=self._on_event)
        self._call.desk.recorded.begins(recording)
        self._name = name  # from here on: when the caller hangs up meanwhile, Asterisk may have begun
        self._call.story.note("recording.begun", recording=recording, keep_days=self._how.keep_days)
        try:
            await self._ari.bridges.record(self._bridge, name=name, format=FORMAT, if_exists="fail")
        except AriError as error:
            if not self._caller.gone:
                self._not_recorded(error.message)
            await self.caller_leaves()
            return False
        log.info("recording.begun", recording=recording)
        return True

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RecordingFailed) and event.recording.name == self._name:
            self._not_recorded(event.recording.cause or "Asterisk does not say why")
            self._is_over()

    def _not_recorded(self, reason: str) -> None:
        self._call.story.note("recording.failed")
        log.error("recording.failed", reason=reason, remedy=REMEDY)

    async def _switch(self, request: Coroutine[Any, Any, None]) -> bool:
        """Have silence recorded from here on, or sound; False if that cannot be."""
        try:
            await request
        except Conflict:
            return True  # it is so already: the reply to an earlier key was lost
        except RecordingGone:
            if not self._caller.gone:
                self._not_recorded("Asterisk has ended it")
            self._is_over()
        except AriError as error:
            log.warning("recording.not_switched", reason=error.message, remedy=SWITCH_REMEDY)
        else:
            return True
        return False

    async def end(self, *, left_alone: bool) -> None:
        """The talk is over, unless they are `left_alone` by us: then Asterisk goes on with it."""
        if left_alone:
            self._close()
        else:
            await self.caller_leaves()

    def _is_over(self) -> None:
        """Take note of the end of a recording, whose file is to be fetched."""
        self._name = ""
        self._close()
        self._call.story.note("recording.ended")
        self._call.desk.recorded.over(self._recording)

    def _close(self) -> None:
        if self._watched is not None:
            self._watched.close()
            self._watched = None


async def _heard(channel: CallChannel, media: Sequence[str]) -> bool:
    """Play something to somebody in a bridge; tell whether they could hear it."""
    try:
        await channel.play(media, barge_in=False)
    except AriError as error:
        log.debug("call.request_failed", channel=channel.id, error=str(error))
        return False
    return not channel.gone
