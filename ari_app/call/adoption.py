"""Calls that outlived the application, or a lost connection: follow them to their end, leave nothing behind.

While the application is away Asterisk keeps channels and bridges as they are: people who talk go on
talking, a caller in a menu hears nothing. `Survivors.sort_out` runs after each (re)connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from ..ari import AriClient
from ..ari.errors import AriError
from ..ari.models import Channel
from ..core.logs import get_logger
from ..records.facts import LegResult, Outcome
from .channel import CallChannel
from .desk import Call

log = get_logger(__name__)

OURS = re.compile(r"([0-9]{8}T[0-9]{6}-[0-9a-f]{10})\.[lb][0-9]{3}")
"""The ids of our legs and bridges, see `desk.Call`; the first group is the call's."""
NEWCOMER_SECONDS = 1.0
"""How long a caller may be in the application before the event that says so is here."""


async def talk_on(call: Call, leg_id: str, bridge_id: str) -> None:
    """Follow two people who were already talking until one hangs up; then end the call."""
    ari = call.desk.ari
    ended = asyncio.Event()
    caller = CallChannel(ari, call.channel_id, next_playback_id=call.next_playback_id, on_gone=ended.set)
    agent = CallChannel(ari, leg_id, next_playback_id=call.next_playback_id, on_gone=ended.set)
    async with (
        ari.watch(call.channel_id, on_event=caller.on_event),
        ari.watch(leg_id, on_event=agent.on_event),
    ):
        log.info("call.adopted", leg=leg_id)
        try:
            sources = [f"channel:{call.channel_id}", f"channel:{leg_id}"]
            await ari.applications.subscribe(call.desk.settings.ari.app, event_source=sources)
            await ended.wait()
        except AriError as error:
            log.info("call.adoption_failed", error=str(error))
        finally:
            for end in (caller, agent):
                if not end.gone:
                    end.send(ari.channels.hangup(end.id))
            caller.send(ari.bridges.destroy(bridge_id))
            await caller.settle()
            await agent.settle()
            ended_by = "caller" if caller.gone else "agent"
            call.story.leg_ended(agent, LegResult.ACCEPTED)
            call.story.ended(Outcome.BRIDGED, cause=caller.cause, ended_by=ended_by)


class Survivors:
    """Decides for each call without an end, and for each stray channel and bridge, what becomes of it."""

    def __init__(self, ari: AriClient, app: str, *, is_known: Callable[[str], bool]) -> None:
        self._ari = ari
        self._app = app
        self._is_known = is_known
        """Whether a call id or a caller's channel id belongs to a call that is being lived."""

    async def sort_out(self, open_calls: Sequence[Call]) -> list[tuple[Call, str, str]]:
        """Clean up; return the calls whose people still talk, each with its leg and its bridge."""
        channels = {channel.id: channel for channel in await self._ari.channels.list()}
        bridges = await self._ari.bridges.list()
        talking: list[tuple[Call, str, str]] = []
        for call in open_calls:
            for bridge in bridges:
                legs = [each for each in bridge.channels if each.startswith(f"{call.id}.l")]
                if legs and call.channel_id in bridge.channels:
                    talking.append((call, legs[0], bridge.id))
                    break
            else:
                await self._end(call, channels)
        kept = {call.id for call, _, _ in talking}
        for channel in channels:
            if self._is_stray(channel, kept):
                await self._quietly("channel", channel, self._ari.channels.hangup(channel))
        for bridge in bridges:
            if self._is_stray(bridge.id, kept):
                await self._quietly("bridge", bridge.id, self._ari.bridges.destroy(bridge.id))
        followed = {call.channel_id for call in open_calls}
        await self._hand_over_strangers([each for each in channels.values() if each.id not in followed])
        return talking

    async def _end(self, call: Call, channels: dict[str, Channel]) -> None:
        """End the record of a call that nobody talks in; its caller, if still there, goes to the dialplan."""
        if call.channel_id not in channels:
            call.story.ended(Outcome.INTERRUPTED, cause=None, ended_by="unknown")
        elif await self._hand_over(call.channel_id, call.line):
            call.story.ended(Outcome.FALLBACK, cause=None, ended_by="line")
        else:
            call.story.ended(Outcome.INTERRUPTED, cause=None, ended_by="unknown")

    def _is_stray(self, resource_id: str, kept: set[str]) -> bool:
        match = OURS.fullmatch(resource_id)
        return match is not None and match[1] not in kept and not self._is_known(match[1])

    async def _hand_over_strangers(self, channels: Sequence[Channel]) -> None:
        """Give callers that sit in our application, and whom no record knows, to the dialplan."""
        strangers = [each for each in channels if self._sits_in_our_application(each)]
        if strangers:
            await asyncio.sleep(NEWCOMER_SECONDS)
        for channel in strangers:
            if not self._is_known(channel.id):
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
        return await self._quietly(
            "caller",
            channel_id,
            self._ari.channels.continue_in_dialplan(
                channel_id, context="fallback", extension=line, priority=1
            ),
        )

    async def _quietly(self, kind: str, resource_id: str, request: Awaitable[object]) -> bool:
        try:
            await request
        except AriError as error:
            log.info("survivor.gone", kind=kind, id=resource_id, error=str(error))
            return False
        log.info("survivor.sorted_out", kind=kind, id=resource_id)
        return True
