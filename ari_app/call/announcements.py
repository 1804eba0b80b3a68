"""What is said in calls that stands in none of the files: announcements that are on, and names of VIPs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..announcements.announcement import Announcement, Target
from ..callers.book import CallerKnown
from ..core.errors import AstreinteError
from ..core.logs import get_logger
from ..core.prompt import Prompt
from ..prompts import PromptStore
from .channel import CallChannel
from .story import Story

if TYPE_CHECKING:
    from .desk import Call

log = get_logger(__name__)


class Announcements:
    """The announcements whose sound is there; whoever watches the board keeps them as they are."""

    def __init__(self, prompts: PromptStore) -> None:
        self.prompts = prompts
        self.on: Sequence[Announcement] = ()

    def to(self, target: Target) -> Announcement | None:
        """Return what is on for a target at this instant."""
        now = datetime.now(UTC)
        return next((each for each in self.on if each.target == target and each.is_on(now)), None)

    def name_of(self, caller: CallerKnown, language: str) -> Prompt | None:
        """Return a VIP's name as a prompt, once its sound is there."""
        prompt = _name(caller.name, language)
        return prompt if caller.name and self.prompts.knows(prompt) else None

    async def prepare_name(self, caller: CallerKnown, languages: Sequence[str]) -> None:
        """Make the sound of a VIP's name in each language."""
        try:
            for language in languages:
                await self.prompts.prepare([_name(caller.name, language)])
        except AstreinteError as error:
            log.warning("vip.name_not_said", reason=error.message, remedy=error.remedy)


def note_vip(call: Call) -> None:
    """Record that a VIP calls; while the caller listens, their name becomes sound for the agent."""
    if call.known.vip:
        call.story.note("call.vip", vip=call.known.name)
        if call.known.name:
            desk = call.desk
            call.beside(desk.announcements.prepare_name(call.known, desk.flows.languages))


class Listener:
    """One caller, who hears each announcement once."""

    def __init__(self, announcements: Announcements, caller: CallChannel, story: Story) -> None:
        self._announcements = announcements
        self._caller = caller
        self._story = story
        self._heard: set[str] = set()

    async def hears(self, target: Target, language: str | None) -> bool:
        """Let them hear what is on for a target, in their language or, if it is not known, in all.

        A key cuts it short, and stays to be read. Tells whether there was something to hear.
        """
        announcement = self._announcements.to(target)
        if announcement is None or announcement.id in self._heard:
            return False
        self._heard.add(announcement.id)
        prompts = announcement.prompts_for(language)
        clock = asyncio.get_running_loop().time
        since = clock()
        try:
            await self._caller.play(
                [self._announcements.prompts.media(each) for each in prompts], barge_in=True
            )
        finally:
            self._story.note(
                "call.announcement",
                announcement=announcement.id,
                to=str(target),
                languages=",".join(each.language for each in prompts),
                text=" ".join(each.text or each.name for each in prompts),
                seconds=round(clock() - since, 1),
            )
        return True


def _name(name: str, language: str) -> Prompt:
    return Prompt("vip", language, name)
