"""What every call of a line shares (`Desk`), and what belongs to one call (`Call`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ..ami import PhoneState
from ..ari import AriClient
from ..callers.book import STRANGER, CallerBook, CallerKnown
from ..core.prompt import Prompt
from ..core.settings import Settings
from ..flow.book import FlowBook
from ..prompts import PromptStore
from ..roster.book import RosterBook
from ..roster.plan import Activity
from .announcements import Announcements
from .callbacks import CallbackQueue
from .ends import Ends
from .engaged import Engaged
from .messages import MessageBox
from .recordings import Recorded
from .story import Story
from .under_way import UnderWay


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of the line that a call works with, in the versions in force when it came in."""

    ari: AriClient
    settings: Settings
    rosters: RosterBook
    flows: FlowBook
    callers: CallerBook
    prompts: PromptStore
    phone_state: Callable[[str], PhoneState]
    """The state of a PJSIP endpoint, by name, as last heard; it never waits."""
    activity: Activity
    """When agents were last rung and last had a call; it follows what happens."""
    announcements: Announcements
    """What is announced at this instant."""
    messages: MessageBox
    callbacks: CallbackQueue
    """Who waits to be called back."""
    engaged: Engaged
    """Which agents are in a call of the line; it follows what happens."""
    ends: Ends
    """When channels ended that nobody watched."""
    recorded: Recorded = field(default_factory=Recorded)
    """Which calls were recorded and are to be fetched from Asterisk."""
    under_way: UnderWay = field(default_factory=UnderWay)
    """Which agents are rung by the line itself; callers come first."""

    def media(self, prompt: Prompt) -> str:
        """Return the media URI of a prompt of the files, or of one that is said beside them."""
        beside = self.announcements.prompts
        return (beside if beside.knows(prompt) else self.prompts).media(prompt)


@dataclass(slots=True)
class Call:
    """One call: its id, its story, and the ids of all that is made for it.

    The ids are made from the call's, so that whoever finds a channel or a bridge knows whose it is.
    """

    id: str
    line: str
    channel_id: str
    caller_number: str | None
    desk: Desk
    story: Story
    known: CallerKnown = STRANGER
    """What the admins' lists say of the caller."""
    caller_name: str = ""
    """What the caller's network says that they are called."""
    _legs: count[int] = field(default_factory=lambda: count(1))
    _playbacks: count[int] = field(default_factory=lambda: count(1))
    _bridges: count[int] = field(default_factory=lambda: count(1))
    _recordings: count[int] = field(default_factory=lambda: count(1))
    _talks: count[int] = field(default_factory=lambda: count(1))
    _beside: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def originator(self) -> str | None:
        """The channel for which legs are made: the caller's, but if there is none, or it comes after them."""
        called_by_us = self.channel_id.startswith(f"{self.id}.c")
        return None if called_by_us else self.channel_id or None

    def next_leg_id(self) -> str:
        """Return the channel id of the call's next outbound leg."""
        return f"{self.id}.l{next(self._legs):03}"

    def next_playback_id(self) -> str:
        """Return the id of the call's next playback."""
        return f"{self.id}.p{next(self._playbacks):03}"

    def next_bridge_id(self) -> str:
        """Return the id of the call's next bridge."""
        return f"{self.id}.b{next(self._bridges):03}"

    def next_recording_name(self) -> str:
        """Return Asterisk's name of the call's next recording, in a folder of the application's own."""
        return f"{self.desk.settings.ari.app}/{self.id}.r{next(self._recordings):03}"

    def next_talk_id(self) -> str:
        """Return the id of the call's next recording of a talk."""
        return f"{self.id}.t{next(self._talks):03}"

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on that the caller need not wait for; the call is not over before it is."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def settle(self) -> None:
        """Wait for what goes on beside the caller; when cancelled, cut it short first."""
        while self._beside:
            try:
                await asyncio.wait(self._beside)
            except asyncio.CancelledError:
                while self._beside:
                    await asyncio.sleep(0)  # one that has not begun would not end what it is there to end
                    for task in self._beside:
                        task.cancel()
                    await asyncio.wait(self._beside)
                raise
