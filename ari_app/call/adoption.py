"""Calls that outlived the application, or a lost connection: follow them to their end, leave nothing behind.

While the application is away Asterisk keeps channels and bridges as they are: people who talk go on
talking, a caller in a menu hears nothing. `Survivors.sort_out` runs after each (re)connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime

from ..ari import AriClient
from ..ari.errors import AriError, OutcomeUnknown, RequestNotSent
from ..ari.models import Bridge, Channel
from ..core.ids import begun_at
from ..core.logs import get_logger
from ..records.facts import LegResult, Outcome
from ..records.reader import LegRecord, OpenCall
from .channel import CallChannel
from .conversation import SHORTEST_TALK
from .desk import Call
from .ends import End

log = get_logger(__name__)

OURS = re.compile(r"([0-9]{8}T[0-9]{6}-[0-9a-f]{10})\.([lbc])[0-9]{3}")
"""The ids of our legs, bridges, and callers whom we call, see `desk.Call`; the first group is the call's."""
NEWCOMER_SECONDS = 1.0
"""How long a caller may be in the application before the event that says so is here."""
ASK_AGAIN_AFTER = 0.5
"""Seconds, when the connection was lost once more while we took up a call."""

TakeUp = Callable[[str, str, str, str], Call]
"""Makes a call of what is known of it: its id, line, caller's channel and number."""


@dataclass(frozen=True, slots=True)
class Talk:
    """People who were already talking, and what is on record of their call (None: nothing)."""

    call: Call
    caller: Channel
    legs: tuple[Channel, ...]
    """Of the agent, and of colleagues who were brought in."""
    bridge: Bridge
    on_record: OpenCall | None

    async def follow(self) -> None:
        """Follow them until the caller hangs up, or the last agent; then end the call.

        Their keys do nothing any more. Cancelled, because the line stops again, it leaves them alone: whoever
        starts it takes them up.
        """
        call, ari = self.call, self.call.desk.ari
        ended = asyncio.Event()
        caller, *agents = (
            CallChannel(ari, each.id, next_playback_id=call.next_playback_id)
            for each in (self.caller, *self.legs)
        )
        engaged = [self._agent_of(leg) for leg in self.legs]
        with ExitStack() as stack:
            for each in (caller, *agents):
                stack.enter_context(closing(ari.watch(each.id, on_event=each.on_event)))
            for agent in engaged:
                call.desk.engaged.enter(agent, call.id)
                stack.callback(call.desk.engaged.leave, agent, call.id)
            all_there = await self._listen()
            if all_there or self.on_record:
                self._complete_the_record()
            log.info("call.adopted", leg=agents[0].id)
            caller.when_gone(ended.set)
            for each in agents:
                each.when_gone(lambda: ended.set() if all(one.gone for one in agents) else None)
            if all_there:
                await ended.wait()
            for each in (caller, *agents):
                if each.lost or not all_there:
                    await call.desk.ends.learn(each, caller.id)
            ended_by = "caller" if caller.gone or caller.ended_at else "agent"
            for each in (caller, *agents):
                if not each.gone:
                    each.send(ari.channels.hangup(each.id))
            caller.send(ari.bridges.destroy(self.bridge.id))
            for each in (caller, *agents):
                await each.settle()
            if all_there or self.on_record:
                self._tell_the_end(caller, agents, ended_by)
            call.desk.recorded.wake()

    def _tell_the_end(self, caller: CallChannel, agents: Sequence[CallChannel], ended_by: str) -> None:
        story = self.call.story
        unwatched = [each for each in agents if each.lost or each.ended_at]
        if caller.lost or caller.ended_at or unwatched:
            story.hold()
        if len(unwatched) == len(agents):
            last = max((each.ended_at for each in agents if each.ended_at), default=None)
            story.talk_lost(agents[0].id, at=last)
        for each in agents:
            story.leg_ended(each, LegResult.ACCEPTED)
        story.ended(Outcome.BRIDGED, cause=caller.cause, ended_by=ended_by)
        if story.held:
            story.tell(caller.ended_at if caller.lost or caller.ended_at else datetime.now(UTC))

    def _agent_of(self, leg: Channel) -> str:
        known = self.on_record.legs if self.on_record is not None else []
        return next((each.agent for each in known if each.id == leg.id), self.bridge.name)

    async def _listen(self) -> bool:
        """Make sure that we hear of all of them; False if one is gone already."""
        ari, app = self.call.desk.ari, self.call.desk.settings.ari.app
        sources = [f"channel:{each.id}" for each in (self.caller, *self.legs)]
        while True:
            try:
                await ari.applications.subscribe(app, event_source=sources)
            except (RequestNotSent, OutcomeUnknown):
                await asyncio.sleep(ASK_AGAIN_AFTER)
                await ari.until_ready()
            except AriError as error:
                log.info("call.adoption_failed", error=str(error))
                return False
            else:
                return True

    def _complete_the_record(self) -> None:
        """Tell what the records do not know: what is told last before a death is not written."""
        story, on_record = self.call.story, self.on_record
        if on_record is None:
            story.arrived(
                line=self.call.line,
                channel_id=self.caller.id,
                number=self.caller.caller.number,
                name=self.caller.caller.name,
                at=_instant(self.caller.creationtime),
            )
        known = [leg.id for leg in on_record.legs] if on_record is not None else []
        for leg in self.legs:
            if leg.id not in known:
                endpoint = leg.name.rpartition("-")[0]
                story.leg_found(leg.id, self.bridge.name, endpoint, at=_instant(leg.creationtime))
        if on_record is None or on_record.call.bridged_at is None:
            story.talk_found(self.legs[0].id, self.bridge.name, at=_instant(self.bridge.creationtime))


def _instant(text: str) -> datetime:
    """Read one of Asterisk's times; now, if it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)


def _in_talks(bridges: Sequence[Bridge]) -> set[str]:
    """Return the channels that are in a bridge in which two people talk, or talked."""
    talks = (each for each in bridges if each.bridge_type == "mixing" and OURS.fullmatch(each.id))
    return {channel for bridge in talks for channel in bridge.channels}


class Survivors:
    """Decides for each call without an end, and for each stray channel and bridge, what becomes of it.

    `since` is when this process began to take calls.
    """

    def __init__(
        self, ari: AriClient, app: str, *, since: datetime, is_known: Callable[[str], bool], take_up: TakeUp
    ) -> None:
        self._ari = ari
        self._app = app
        self._since = since
        self._is_known = is_known
        """Whether a call id or a caller's channel id belongs to a call that is being lived."""
        self._take_up = take_up
        self._handed_over: dict[str, datetime] = {}
        """The callers' channels that were given to the dialplan, and when."""

    async def sort_out(self, on_record: Sequence[OpenCall]) -> list[Talk]:
        """Clean up; return the talks that go on.

        `on_record` are the calls of earlier processes without an end. What rings or plays for them is ended
        before their callers go to the dialplan, which rings the same telephones.
        """
        channels = {channel.id: channel for channel in await self._ari.channels.list()}
        bridges = await self._ari.bridges.list()
        open_calls = {each.call.id: each for each in on_record}
        talks = [talk for bridge in bridges if (talk := self._talk_in(bridge, channels, open_calls))]
        kept = {talk.call.id for talk in talks}
        for channel in channels:
            if self._is_stray(channel, kept):
                await self._quietly("channel", channel, self._ari.channels.hangup(channel))
        for bridge in bridges:
            if self._is_stray(bridge.id, kept):
                await self._quietly("bridge", bridge.id, self._ari.bridges.destroy(bridge.id))
        for each in on_record:
            if each.call.id not in kept:
                await self._end(each, channels)
        seen_to = {talk.caller.id for talk in talks} | {each.call.channel_id for each in on_record}
        strangers = [each for each in channels.values() if each.id not in seen_to]
        await self._let_strangers_go(strangers, parted=_in_talks(bridges))
        return talks

    def _talk_in(
        self, bridge: Bridge, channels: Mapping[str, Channel], open_calls: Mapping[str, OpenCall]
    ) -> Talk | None:
        """Return the talk of an earlier process' call in a bridge, None if there is none."""
        ours = OURS.fullmatch(bridge.id)
        if ours is None or self._is_known(ours[1]) or begun_at(ours[1]) > self._since:
            return None
        there = [channels[each] for each in bridge.channels if each in channels]
        legs = [each for each in there if each.id.startswith(f"{ours[1]}.l")]
        callers = [each for each in there if not (own := OURS.fullmatch(each.id)) or own[2] == "c"]
        if not (legs and callers):
            return None
        caller = callers[0]
        line = caller.dialplan.app_data.partition(",")[2] or "default"
        if ours[1] in open_calls:
            line = open_calls[ours[1]].call.line  # a caller whom we called stands in no dialplan
        call = self._take_up(ours[1], line, caller.id, caller.caller.number)
        return Talk(call, caller, tuple(legs), bridge, open_calls.get(ours[1]))

    async def _end(self, each: OpenCall, channels: Mapping[str, Channel]) -> None:
        """End the record of a call that nobody talks in any more.

        A caller who is left of a talk is hung up, as if we had seen the agent go. One who had not talked yet
        goes to the dialplan, and so does one whom the agent had put on hold to talk with a colleague.
        """
        record = each.call
        call = self._take_up(record.id, record.line, record.channel_id, record.number)
        talked = record.bridged_at is not None and any(leg.accepted_at for leg in each.legs)
        if not each.legs and (record.talk_seconds or 0) >= SHORTEST_TALK:
            talked = True  # the agent had hung up, and the flow went on
        outcome, ended_by = Outcome.BRIDGED if talked else Outcome.INTERRUPTED, "unknown"
        on_hold = any(leg.accepted_at and leg.id in channels for leg in each.legs)
        here, gone = record.channel_id in channels, None
        if record.channel_id in self._handed_over:
            outcome, ended_by = Outcome.FALLBACK, "line"
            gone = End(self._handed_over[record.channel_id])
        elif not here:
            gone = await call.desk.ends.of(record.channel_id)
        elif talked and not on_hold:
            await self._quietly("caller", record.channel_id, self._ari.channels.hangup(record.channel_id))
            ended_by = "agent"
        elif OURS.fullmatch(record.channel_id):
            ended_by = "line"  # whom we called, and hung up just now
        elif await self._hand_over(record.channel_id, record.line):
            outcome, ended_by = Outcome.FALLBACK, "line"
        call.story.hold()
        for leg in each.legs:
            await self._tell_of_leg(call, leg, talked=talked, was_there=leg.id in channels)
        call.story.ended(outcome, cause=gone.cause if gone else None, ended_by=ended_by)
        by = datetime.now(UTC) if here else None
        call.story.tell(gone.at if gone else by)

    @staticmethod
    async def _tell_of_leg(call: Call, leg: LegRecord, *, talked: bool, was_there: bool) -> None:
        """Tell how an attempt ended, or the agent's side of a talk, in a call that is over."""
        end = End(datetime.now(UTC)) if was_there else await call.desk.ends.of(call.channel_id, leg.id)
        at, cause = (end.at, end.cause) if end else (None, None)
        accepted = talked and leg.accepted_at is not None
        if accepted and not was_there:
            call.story.talk_lost(leg.id, at=at)
        result = LegResult.ACCEPTED if accepted else LegResult.INTERRUPTED
        call.story.leg_lost(leg.id, result, at=at, cause=cause)

    def _is_stray(self, resource_id: str, kept: set[str]) -> bool:
        match = OURS.fullmatch(resource_id)
        return match is not None and match[1] not in kept and not self._is_known(match[1])

    async def _let_strangers_go(self, channels: Sequence[Channel], parted: set[str]) -> None:
        """Give callers that sit in our application, and whom no record knows, to the dialplan.

        Those who have `parted` from an agent are hung up, as if we had seen the agent go.
        """
        strangers = [each for each in channels if self._sits_in_our_application(each)]
        if strangers:
            await asyncio.sleep(NEWCOMER_SECONDS)
        for channel in strangers:
            if self._is_known(channel.id):
                continue
            if channel.id in parted:
                await self._quietly("caller", channel.id, self._ari.channels.hangup(channel.id))
            else:
                line = channel.dialplan.app_data.partition(",")[2]
                await self._hand_over(channel.id, line or "default")

    def _sits_in_our_application(self, channel: Channel) -> bool:
        dialplan = channel.dialplan
        return (
            dialplan.app_name == "Stasis"
            and dialplan.app_data.partition(",")[0] == self._app
            and not OURS.fullmatch(channel.id)
            and not self._is_known(channel.id)
        )

    async def _hand_over(self, channel_id: str, line: str) -> bool:
        request = self._ari.channels.continue_in_dialplan(
            channel_id, context="fallback", extension=line, priority=1
        )
        handed_over = await self._quietly("caller", channel_id, request)
        if handed_over:
            self._handed_over[channel_id] = datetime.now(UTC)
        return handed_over

    async def _quietly(self, kind: str, resource_id: str, request: Awaitable[object]) -> bool:
        try:
            await request
        except AriError as error:
            log.info("survivor.gone", kind=kind, id=resource_id, error=str(error))
            return False
        log.info("survivor.sorted_out", kind=kind, id=resource_id)
        return True
