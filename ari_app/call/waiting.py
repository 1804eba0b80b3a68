"""What a caller lives through while telephones ring: ringing or music, words between, a key that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from ..ari.errors import AriError
from ..core.logs import get_logger
from ..core.tasks import ended
from ..flow.phone import Waiting
from ..prompts import PromptStore
from .channel import CallChannel
from .leg import Leg
from .ringback import Ringback

log = get_logger(__name__)

AGAIN = "#"
"""The key that says again, at once, what is said in between."""


class WaitingRoom:
    """Where a caller is while somebody to talk to is looked for, from the first instant to the last.

    `chosen` is true once the caller has pressed a key that ends the waiting; it is the next to be read.
    """

    def __init__(self, caller: CallChannel, waiting: Waiting, prompts: PromptStore) -> None:
        self._caller = caller
        self._waiting = waiting
        self._prompts = prompts
        self._sound = Ringback(caller, waiting.music)
        self._clock = asyncio.get_running_loop().time
        self._since = self._clock()
        self.chosen = False

    async def __aenter__(self) -> Self:
        if self._waiting.keys:
            self._caller.forget_keys()  # a key that was pressed twice in a menu chooses nothing here
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sound.cancel()

    async def until(self, search: Coroutine[Any, Any, Leg | None]) -> Leg | None:
        """Let the caller wait while `search` goes on; return what it finds.

        None too when the caller chose otherwise: then the search is cancelled, and `chosen` is true.
        """
        self._sound.start()
        if not (self._waiting.say or self._waiting.waited or self._waiting.keys):
            return await search
        searching = asyncio.ensure_future(search)
        choosing = asyncio.ensure_future(self._choice())
        try:
            await asyncio.wait([searching, choosing], return_when=asyncio.FIRST_COMPLETED)
            if searching.done():
                return searching.result()
            self._caller.put_back(choosing.result())
            self.chosen = True
            return None
        finally:
            await ended(searching, choosing)

    async def stop(self) -> None:
        """Let nothing be heard any more."""
        await self._caller.quiet()
        await self._sound.stop()

    async def _choice(self) -> str:
        """Say what there is to say, again and again, until the caller presses a key that chooses."""
        while True:
            key = await self._key_until(self._clock() + self._waiting.every)
            if key in self._waiting.keys:
                return str(key)
            await self._say()

    async def _key_until(self, due: float) -> str | None:
        """Return a key that chooses, or asks to hear the words again; None when the time is over."""
        while (left := due - self._clock()) > 0:
            key = await self._caller.key(left)
            if key is None and self._caller.gone:
                await self._for_ever()  # whoever waits for this is told of the end, and cancels us
            if key is not None and (key in self._waiting.keys or key == AGAIN):
                return key
        return None

    async def _say(self) -> None:
        waited = self._clock() - self._since
        told = max((least for least in self._waiting.waited if least <= waited), default=None)
        prompts = [*self._waiting.say, *(self._waiting.waited[told] if told is not None else ())]
        if not prompts:
            return
        try:
            await self._sound.stop()
            await self._caller.play([self._prompts.media(each) for each in prompts], barge_in=True)
        except AriError as error:
            log.debug("call.request_failed", channel=self._caller.id, error=str(error))
        self._sound.start()

    @staticmethod
    async def _for_ever() -> None:
        await asyncio.get_running_loop().create_future()
