"""What happens once an agent has taken a call: they talk, and keys and hang-ups change who talks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import Enum

from ..ari.errors import AriError
from ..core.logs import get_logger
from ..flow.words import Word
from ..records.facts import LegResult
from .bridge import CallBridge
from .channel import CallChannel
from .colleagues import Colleagues
from .desk import Call
from .hunt import Hunt
from .keys import Action, Keys
from .leg import Leg
from .ringback import Ringback
from .search import Search
from .talk_recorder import TalkRecorder
from .wrap_up import ask

log = get_logger(__name__)

SHORTEST_TALK = 1.0
"""Seconds. Who took a call and is gone by then has said nothing: the search for an agent goes on."""
BETWEEN_KEYS = 3.0
"""Seconds after which keys that do nothing yet are forgotten."""
WHOM_WITHIN = 6.0
"""Seconds that an agent has to press the digit of a colleague."""


class End(Enum):
    """How a conversation ended. One whose caller hangs up is cancelled instead."""

    TALKED = "talked"
    """The last agent hung up."""
    LOST = "lost"
    """The agent was gone before anything could be said: the search goes on."""
    NOBODY = "nobody"
    """The agent handed the caller over, and nobody took the call."""


class Conversation:
    """The caller, the agent who leads the talk, and the colleagues whom that agent brought in.

    `hunt` is the search that found the agent; it may have further steps. Keys count when the lead presses
    them. Whoever they ask for comes from the rosters; `recorder` records what they say, if that is to be.
    """

    def __init__(
        self,
        call: Call,
        caller: CallChannel,
        hunt: Hunt,
        *,
        recorder: TalkRecorder | None = None,
    ) -> None:
        self._call = call
        self._caller = caller
        self._colleagues = Colleagues(call, hunt)
        self._recorder = recorder
        self._keys = Keys(call.desk.settings.keys)
        of_use = self._colleagues.anybody or recorder is not None
        self.bridge = CallBridge(call, keys=of_use and bool(self._keys))
        self._lead: Leg
        self._since = 0.0
        """When the lead began to talk with the caller, by the monotonic clock."""
        self._guests: list[Leg] = []
        """Colleagues who took the call when the lead asked for them, the first one first."""
        self._search: Search | None = None
        """For another colleague."""
        self._waiting: Ringback | None = None
        """What the lead hears while a colleague is rung whom they want to talk with alone."""
        self._next: list[Hunt] = []
        """Who is rung for the caller when the lead has left."""
        self._joined = False
        """Whether the caller talks with the lead."""
        self._earlier = False
        """Whether the caller has talked with somebody before."""
        self.left_alone = False
        """Whether they talk on without us, because the line stops."""

    @property
    def talked(self) -> bool:
        """Whether the caller has talked with anybody, or does."""
        return self._joined or self._earlier

    async def run(self, lead: Leg, be_quiet: Callable[[], Awaitable[None]]) -> End:
        """Let the caller talk with the agent who took the call, until the call is nobody's any more.

        `be_quiet` ends what the caller hears while waiting.
        """
        self._lead = lead
        try:
            await be_quiet()
            await self._caller.quiet()
            await self.bridge.open(lead.agent.id)
            while True:
                if await self._join():
                    if not await self._attend():
                        return End.TALKED
                else:
                    self._lead.release(LegResult.LOST)
                if not self._next and self._search is None:
                    return End.LOST
                if (taken := await self._handed_over()) is None:
                    return End.NOBODY
                self._lead = taken
        except asyncio.CancelledError:
            self.left_alone = self._joined and not self._caller.gone
            if not self.left_alone:
                for leg in (self._lead, *self._guests):
                    await self._find_out_about(leg)
            raise
        finally:
            await self._close()

    # Who talks with the caller

    async def _join(self) -> bool:
        """Let the caller and the lead talk; False if the lead is gone."""
        if not await self._caller_enters(self._lead.channel):
            return False
        self._since = time.monotonic()
        return True

    async def _caller_enters(self, *agents: CallChannel) -> bool:
        """Let the caller talk with who is in the bridge, and with some more; False if one is gone."""
        if not await self.bridge.enter(self._caller, *agents):
            return False
        self._joined = True
        self._call.story.bridged(self._lead)
        if self._recorder is not None:
            await self._recorder.caller_entered(self.bridge.id)
        return True

    async def _hold(self) -> None:
        """Let the caller hear music."""
        if self._joined:
            self._joined, self._earlier = False, True
            self._call.story.unbridged(self._lead)
        if self._recorder is not None:
            await self._recorder.caller_leaves()
        await self.bridge.hold(self._caller)

    async def _attend(self) -> bool:
        """Follow the talk until there is no lead; True if somebody else is to be found for the caller."""
        while True:
            handed_over = await self._obey()
            await self._find_out_about(self._lead)
            if not self._guests:
                break
            self._lead.release(LegResult.ACCEPTED)
            self._lead = self._guests.pop(0)
            self._lead.channel.forget_keys()
            await self._caller_enters(self._lead.channel)
        if handed_over:
            await self._hold()
            self._lead.release(LegResult.ACCEPTED)
        elif time.monotonic() - self._since < SHORTEST_TALK:
            self._joined = False
            self._call.story.unbridged(self._lead)
            self._lead.release(LegResult.LOST)
            return True
        return handed_over

    async def _handed_over(self) -> Leg | None:
        """Return the leg of whoever takes the call after the lead has left it; None when nobody does."""
        await self._hold()
        self._call.story.queued((self._search or self._next[0]).plan)
        if self._search is not None:
            leg = await self._search.found()
            self._search = None
            if leg is not None:
                return leg
        while self._next:
            if (leg := await self._next[0].next()) is not None:
                return leg
            self._next.pop(0).close()
        return None

    # What the lead does

    async def _obey(self) -> bool:
        """Do what the lead's keys say; True when they leave the caller to others, False when they hung up."""
        channel = self._lead.channel
        while not channel.gone:
            if await self._others_came_or_went():
                continue
            if key := await channel.key(0):
                action = self._keys.press(key)
                if action is not None and await self._do(action):
                    return True
                continue
            if not self._keys.typed:
                await channel.changed()
                continue
            try:
                async with asyncio.timeout(BETWEEN_KEYS):
                    await channel.changed()
            except TimeoutError:
                self._keys.typed = ""
        if self._joined:
            return False
        self._next = self._otherwise()  # they did not wait for the colleague
        return True

    def _wake(self) -> None:
        self._lead.channel.wake()

    async def _do(self, action: Action) -> bool:
        """Do what was asked for; True if the lead leaves the call."""
        self._call.story.note("talk.key", leg=self._lead.id, action=action)
        leaves = await {
            Action.TRANSFER: self._transfer,
            Action.CONSULT: self._consult,
            Action.CONFERENCE: self._confer,
            Action.RECORD: self._record,
            Action.ESCALATE: self._escalate,
        }[action]()
        if leaves is None:
            await self._tell(Word.AGENT_IMPOSSIBLE)
        return bool(leaves)

    async def _transfer(self) -> bool | None:
        if self._guests:
            return True
        if self._search is not None and not self._joined:
            self._next = self._otherwise()
            return True
        hunt = None if self._search else await self._asked_for(Word.AGENT_HANDED)
        if hunt is None:
            return None
        self._next = [hunt, *self._otherwise()]
        return True

    async def _consult(self) -> bool | None:
        if not self._joined:
            await self._back_to_the_caller()
            return False
        busy = self._guests or self._search
        hunt = None if busy else await self._asked_for(Word.AGENT_CONSULTED)
        if hunt is None:
            return None
        await self._hold()
        await self.bridge.leave(self._lead.channel)
        self._waiting = Ringback(self._lead.channel)
        self._waiting.start()
        self._search = Search(hunt, self._wake)
        return False

    async def _confer(self) -> bool | None:
        if self._search is not None:
            if self._joined:
                await self._end_search()
                return False
            return None
        if not self._joined:
            await self._caller_enters()
            return False
        hunt = await self._asked_for(Word.AGENT_CONSULTED)
        if hunt is None:
            return None
        self._search = Search(hunt, self._wake)
        return False

    async def _record(self) -> bool | None:
        if self._recorder is None or not self._joined:
            return None
        return False if await self._recorder.key(self._lead, self._guests) else None

    async def _escalate(self) -> bool | None:
        alone = self._joined and not self._guests and self._search is None
        hunt = self._colleagues.next_step() if alone else None
        if hunt is None:
            return None
        self._next = [hunt, self._colleagues.again(self._lead.agent)]
        return True

    def _otherwise(self) -> list[Hunt]:
        """Return who is rung where whoever was asked for does not take the call: the lead, then the rest."""
        return [self._colleagues.again(self._lead.agent), self._colleagues.rest()]

    async def _asked_for(self, first: Word) -> Hunt | None:
        """Ask the lead whom they want; return the hunt for them, None if that cannot be."""
        if not self._colleagues.known:
            return None
        await self._tell(Word.AGENT_WHOM, barge_in=True)
        key = await self._lead.channel.key(WHOM_WITHIN)
        there = {leg.agent.id for leg in (self._lead, *self._guests)}
        return self._colleagues.behind(key, there=there, first=first)

    async def _tell(self, word: Word, *, barge_in: bool = False) -> None:
        """Say something to the lead alone."""
        try:
            await self._lead.channel.play([self._lead.media(word)], barge_in=barge_in)
        except AriError as error:
            log.debug("call.request_failed", channel=self._lead.id, error=str(error))

    # What their colleagues do

    async def _others_came_or_went(self) -> bool:
        """See to a colleague who is gone, or to a search that is over; False if there is none."""
        for guest in self._guests:
            if guest.channel.gone:
                self._guests.remove(guest)
                guest.release(LegResult.ACCEPTED)
                if not self._joined:
                    await self._back_to_the_caller()
                return True
        if self._search is None or not self._search.over:
            return False
        search, self._search = self._search, None
        if not await self._comes_in(await search.found()):
            await self._tell(Word.AGENT_BACK)
            if not self._joined:
                await self._back_to_the_caller()
        return True

    async def _comes_in(self, guest: Leg | None) -> bool:
        """Let a colleague who took the call talk with the lead; False if there is none."""
        await self._end_waiting()
        if guest is None:
            return False
        self._guests.append(guest)
        guest.channel.when_gone(self._wake)
        lead_is_there = await self.bridge.enter(self._lead.channel)
        if lead_is_there and not await self.bridge.enter(guest.channel):
            self._guests.remove(guest)
            guest.release(LegResult.LOST)
            return False
        self._call.story.note("talk.joined", leg=guest.id, agent=guest.agent.id)
        return True

    async def _back_to_the_caller(self) -> None:
        """End what the lead and a colleague had to talk about alone."""
        await self._end_search()
        for guest in self._guests:
            guest.release(LegResult.ACCEPTED)
        self._guests.clear()
        await self._caller_enters(self._lead.channel)

    async def _end_search(self) -> None:
        await self._end_waiting()
        if self._search is not None:
            search, self._search = self._search, None
            await search.end()

    async def _end_waiting(self) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            if not self._lead.channel.gone:
                await waiting.stop()
            waiting.cancel()

    # The end

    async def _find_out_about(self, leg: Leg) -> None:
        """Ask Asterisk since when somebody has been gone whose end we did not see."""
        if leg.channel.lost:
            await self._call.desk.ends.learn(leg.channel, self._call.channel_id)
            if self._joined and leg is self._lead and not self._guests:
                self._call.story.unbridged(leg)

    async def _close(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if self._search is not None:
            await self._search.end()
        for hunt in self._next:
            if hunt is not self._colleagues.rest():
                hunt.close()
        if self._recorder is not None:
            await self._recorder.end(left_alone=self.left_alone)
        if self.left_alone:
            return
        hung_up = self._caller.gone
        asked = hung_up and self._joined and self._colleagues.wrap_up
        missed = hung_up and not self._joined
        if asked or missed:
            await self._out_of_the_bridge(self._lead, *self._guests)
        if asked:
            self._call.beside(ask(self._call, self._lead))
        for leg in self._guests if asked else (self._lead, *self._guests):
            result = LegResult.ACCEPTED if self.talked else LegResult.CANCELLED
            leg.release(result, last_word=Word.AGENT_MISSED if missed else None)
        await self.bridge.close(self._caller)

    async def _out_of_the_bridge(self, *legs: Leg) -> None:
        """Take agents out who are about to hear something: what plays in a bridge ends with it, unheard."""
        try:
            for leg in legs:
                if leg.result is None:  # who was let go before is being hung up
                    await self.bridge.leave(leg.channel)
        except AriError as error:
            log.debug("call.request_failed", error=str(error))
