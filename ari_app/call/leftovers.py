"""Messages that were recorded and not kept, because we died, or the connection, or Asterisk: kept later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from ..ari import AriClient
from ..ari.errors import AriError
from ..core.ids import begun_at
from ..core.logs import get_logger
from ..records.database import RecordsUnavailable
from ..records.messages import MessageReader
from ..records.reader import CallRecord, UnknownCall
from .desk import Desk
from .messages import ID, Left
from .recording import Recording, recorded_for
from .sound import Sound, is_message

log = get_logger(__name__)


class Leftovers:
    """Asks Asterisk for recordings of messages whose calls are over, and keeps them.

    `is_known` tells whether a call is in progress.
    """

    def __init__(self, ari: AriClient, desk: Callable[[], Desk], *, is_known: Callable[[str], bool]) -> None:
        self._ari = ari
        self._desk = desk
        self._is_known = is_known

    async def keep(self, database_url: str) -> bool:
        """Keep what is left; tell whether all of it is: what is still being recorded is not, for instance."""
        try:
            names = sorted(await self._names())
            if not names:
                return True
            async with MessageReader(database_url) as reader:
                known = await reader.messages_known([_message(name) for name in names])
                calls = [list(each) for _, each in groupby(names, _call)]
                return all([await self._keep_one(reader, call, known) for call in calls])
        except (AriError, RecordsUnavailable) as error:
            log.info("message.leftovers_wait", reason=error.message)
            return False

    async def _names(self) -> list[str]:
        return [
            name
            for name in await recorded_for(self._ari, self._desk().settings.ari.app)
            if ID.fullmatch(_message(name)) and not self._is_known(_call(name))
        ]

    async def _keep_one(self, reader: MessageReader, names: Sequence[str], known: set[str]) -> bool:
        """Keep the last recording of a call that is a message; delete those before it, and what is kept."""
        recordings = [Recording(self._ari, name) for name in names]
        if any([await each.is_live() for each in recordings]):
            return False
        found = False
        for recording in reversed(recordings):
            if self._desk().messages.has(_message(recording.name)):
                found = True
                continue
            found = found or _message(recording.name) in known
            content = None if found else await recording.fetch()
            sound = Sound.of_wav(content or b"")
            if await asyncio.to_thread(is_message, sound):
                if not await self._desk().messages.keep(await self._left(reader, recording.name), sound):
                    return False
                found = True  # the box deletes it, once it is on record
            else:
                await recording.delete()
        return True

    async def _left(self, reader: MessageReader, name: str) -> Left:
        """Return what the records know of a message's call."""
        try:
            call: CallRecord | None = (await reader.call(_call(name))).call
        except UnknownCall:
            call = None  # its record is lost, or was never written
        begun = begun_at(_message(name))
        at = (call.ended_at if call else None) or datetime.now(UTC)
        reason = call.reason if call else None
        return Left(
            recording=name,
            at=at,
            call=_call(name),
            line=call.line if call else "default",
            team=(call.team if call else None) or self._desk().rosters.reasons.get(reason or "", ""),
            language=(call.language if call else None) or "",
            reason=reason,
            number=call.number if call else "",
            name=call.caller_name if call else "",
            waited=(call.wait_seconds if call else None) or (at - begun).total_seconds(),
        )


def _message(name: str) -> str:
    return name.rpartition("/")[2]


def _call(name: str) -> str:
    return _message(name).partition(".")[0]
