"""The caller leaves a message: see `flow.phone.Message`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from ..ari.errors import AriError, ChannelGone, NotInStasis, OutcomeUnknown, RequestNotSent
from ..core.ids import begun_at
from ..core.logs import get_logger
from ..flow.phone import Recorded
from .channel import CallChannel
from .desk import Call
from .messages import Left
from .recording import Recording
from .sound import Sound, is_message

log = get_logger(__name__)

END = "#"


class Voicemail:
    """What a caller says, from the beep until it is kept."""

    def __init__(
        self,
        call: Call,
        caller: CallChannel,
        *,
        team: str,
        reason: str | None,
        language: str,
        on_kept: Callable[[], None],
    ) -> None:
        self._call = call
        self._caller = caller
        self._team = team
        self._reason = reason
        self._language = language
        self._on_kept = on_kept
        self._left_at = datetime.now(UTC)
        self._open: Recording | None = None
        """The recording that is being made, or was made and not fetched."""
        self._taken: tuple[Recording, Sound] | None = None
        """The last one that is a message."""
        self._done = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what the caller has said, when they hang up or the call cannot go on."""
        if kind is not None and not self._done:
            try:
                if self._open is not None:
                    await self._open.stop()
                    await self._take(self._open)
                await self.keep()
            except AriError as why:
                remedy = "none is needed: it is still in Asterisk, and fetched as soon as it can be"
                log.warning("message.not_fetched", reason=str(why), remedy=remedy)

    async def record(self, *, longest: float, silence: float) -> Recorded:
        """Record what the caller says."""
        await self._caller.quiet()
        self._caller.forget_keys()
        recording = Recording(self._call.desk.ari, self._call.next_recording_name())
        self._open = recording
        self._left_at = datetime.now(UTC)
        try:
            await recording.run(self._caller.id, longest=longest, silence=silence)
            await self._drop_keys()
            heard = await self._take(recording)
        except (ChannelGone, NotInStasis, RequestNotSent, OutcomeUnknown):
            raise
        except AriError as error:
            log.error(
                "message.not_recorded", reason=str(error), remedy="see to the disk of Asterisk's machine"
            )
            return Recorded.FAILED
        self._open = None
        if heard is None:
            remedy = "see Asterisk's log; its disk may be full, or its sound `beep` missing"
            log.error("message.not_recorded", reason="Asterisk recorded nothing", remedy=remedy)
            return Recorded.FAILED
        return Recorded.MESSAGE if heard else Recorded.NOTHING

    async def _drop_keys(self) -> None:
        """Drop the keys that were pressed while it recorded: all up to the one that ended it."""
        while await self._caller.key(0) not in (END, None):
            pass

    async def _take(self, recording: Recording) -> bool | None:
        """Fetch a recording; tell whether it is a message, None if there is no file."""
        content = await recording.fetch()
        if content is None:
            return None
        sound = Sound.of_wav(content)
        if not await asyncio.to_thread(is_message, sound):
            self._caller.send(recording.delete())
            return False
        if self._taken is not None:
            self._caller.send(self._taken[0].delete())
        self._taken = recording, sound
        return True

    async def play(self) -> None:
        """Play the message."""
        if self._taken is not None:
            await self._caller.play([f"recording:{self._taken[0].name}"], barge_in=True)

    async def keep(self) -> bool:
        """Have the message kept, and people told of it."""
        if self._taken is None:
            return False
        recording, sound = self._taken
        left = Left(
            recording=recording.name,
            at=self._left_at,
            call=self._call.id,
            line=self._call.line,
            team=self._team,
            language=self._language,
            reason=self._reason,
            number=self._call.caller_number or "",
            name=self._call.caller_name,
            waited=(self._left_at - begun_at(self._call.id)).total_seconds(),
        )
        kept = await self._call.desk.messages.keep(left, sound)
        if kept:
            self._done = True
            self._call.story.message_left(left.id, self._team, ago=self._caller.gone_for)
            self._on_kept()
        return kept
