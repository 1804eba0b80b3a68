"""The messages that callers left: kept, told to people, deleted on time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ..core.ids import begun_at
from ..core.logs import get_logger
from ..core.tasks import ended
from ..notify import Notice
from ..records.facts import MessageDeleted, MessageLeft
from .message_text import text_of
from .recording import Recording
from .sound import Sound

if TYPE_CHECKING:
    from ..core.settings import Settings
    from ..notify.notifier import Notifier
    from ..records.recorder import Recorder
    from .desk import Desk

log = get_logger(__name__)

ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{10}\.r[0-9]{3}")
"""A message's id: that of the call, and which of its recordings it is (`desk.Call`)."""
SUFFIX = ".wav"
REMEDY = "let this user delete it; until then the sound of a message is kept for longer than was said"


@dataclass(frozen=True, slots=True)
class Left:
    """A message that was recorded, and what is known of it. `recording` is its name in Asterisk."""

    recording: str
    at: datetime
    call: str
    line: str
    team: str
    language: str
    reason: str | None
    number: str
    name: str
    waited: float
    """Seconds from the caller's arrival until they could speak."""

    @property
    def id(self) -> str:
        """The message's id."""
        return self.recording.rpartition("/")[2]


class MessageBox:
    """Where messages are kept. `desk` gives the parts in force at this instant."""

    def __init__(self, desk: Callable[[], Desk], recorder: Recorder, notifier: Notifier) -> None:
        self._desk = desk
        self._recorder = recorder
        self._notifier = notifier
        self._clearing: dict[str, asyncio.Task[None]] = {}
        """Messages that the records may not know yet → what then deletes Asterisk's own recording."""

    @property
    def folder(self) -> Path:
        """Where the sound of messages is."""
        return folder_of(self._desk().settings)

    async def keep(self, left: Left, sound: Sound) -> bool:
        """Store a message and tell those whom its team names; False if it cannot be stored.

        Asterisk's own recording goes once the records know the message: until then, a start finds it there.
        """
        path = self.folder / f"{left.id}{SUFFIX}"
        try:
            await asyncio.to_thread(sound.write, path)
        except OSError as error:
            remedy = f"let this user write {path.parent}, and see to the space there; it is tried again"
            log.error("message.not_stored", message=left.id, reason=error.strerror, remedy=remedy)
            return False
        self._recorder.put_entry(
            MessageLeft(
                id=left.id,
                at=left.at,
                call=left.call,
                team=left.team,
                language=left.language,
                file=path.name,
                seconds=round(sound.seconds, 3),
            )
        )
        told = self._tell(left, sound, path)
        log.info(
            "message.left",
            call=left.call,
            message=left.id,
            team=left.team,
            seconds=round(sound.seconds, 1),
            told=",".join(told),
        )
        task = asyncio.create_task(self._clear(left.recording), name=f"recording of {left.id}")
        self._clearing[left.id] = task
        task.add_done_callback(lambda _: self._clearing.pop(left.id, None))
        return True

    def has(self, message: str) -> bool:
        """Tell whether a message is kept that the records may not know yet."""
        return message in self._clearing

    def _tell(self, left: Left, sound: Sound, path: Path) -> tuple[str, ...]:
        """Tell the people whom the team names; return their names."""
        desk = self._desk()
        team = desk.rosters.teams.get(left.team)
        if team is None or not team.notify:
            return ()
        flow = desk.flows.flows[desk.settings.flow_of(left.line)]
        language = team.language or flow.languages[0]
        title, body = text_of(
            language,
            message=left.id,
            team=left.team,
            number=left.number,
            name=left.name,
            reason=flow.reason_in(language, left.reason or ""),
            at=left.at.astimezone(ZoneInfo(team.timezone)),
            zone=team.timezone,
            waited=left.waited,
            seconds=sound.seconds,
            spoken=left.language,
        )
        self._notifier.send(Notice(team.notify, title, body, attachments=(path,), about=left.id))
        return team.notify

    async def _clear(self, recording: str) -> None:
        await self._recorder.flush()
        await Recording(self._desk().ari, recording).delete()

    async def close(self) -> None:
        """Leave in Asterisk what the records do not know yet."""
        await ended(*self._clearing.values())

    async def delete_old(self) -> None:
        """Delete the sound of messages whose time is over (`messages: {keep_days: …}`)."""
        before = datetime.now(UTC) - timedelta(days=self._desk().settings.messages.keep_days)
        for message in await asyncio.to_thread(_delete_older, self.folder, before):
            self._recorder.put_entry(MessageDeleted(id=message, at=datetime.now(UTC)))
            log.info("message.deleted", message=message)


def folder_of(settings: Settings) -> Path:
    """Return where the sound of messages is."""
    return settings.data / "messages"


def _delete_older(folder: Path, before: datetime) -> list[str]:
    """Delete the sound of the messages left before an instant; return their ids, which tell when that was."""
    deleted = []
    for path in [*folder.glob(f"*{SUFFIX}"), *folder.glob("*.part")]:
        if ID.fullmatch(path.stem) and begun_at(path.stem) < before:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.error("message.not_deleted", file=str(path), reason=error.strerror, remedy=REMEDY)
            else:
                deleted.append(path.stem)
    return deleted
