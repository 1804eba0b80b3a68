"""Looks after the recordings of talks of a running line: fetches them from Asterisk, deletes them on time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..ari import AriClient
from ..ari.errors import AriError, RecordingGone
from ..call.desk import Desk
from ..call.recording import Recording, recorded_for
from ..call.recordings import SUFFIX, Name, folder_of
from ..call.wav_file import complete
from ..core.ids import begun_at
from ..core.logs import get_logger
from ..records.database import RecordsUnavailable
from ..records.facts import Deleted, RecordingDeleted, TalkRecorded
from ..records.reader import EventRecord, UnknownCall
from ..records.recorder import Recorder
from ..records.recordings import RecordingReader

log = get_logger(__name__)

LOOK_EVERY = 3600.0
"""Seconds between two looks at what is to be deleted, and at what was left."""
LOOK_AGAIN = 5.0
"""Seconds until the next look when something was in the way, or a talk goes on that a restart took up."""
LOOK_SOON = 0.25
"""Seconds until the next look when a recording is about to end, or to be on record."""
FETCHED_WITHIN = 600.0
"""Seconds that fetching one may take: an hour of talk has 58 MB."""
WRITTEN_WITHIN = 5.0
"""Seconds that the records may take; while they refuse, what is to be deleted still is."""
PART = ".part"
NOT_DELETED = "let this user delete it; until then a recording is kept for longer than was said"


class RecordingKeeper:
    """Does so for a line. `now` is the clock it goes by.

    A recording is Asterisk's until it is stored and on record; then the keeper deletes it there.
    """

    def __init__(
        self,
        ari: AriClient,
        desk: Callable[[], Desk],
        recorder: Recorder,
        database_url: str,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._ari = ari
        self._desk = desk
        self._recorder = recorder
        self._database_url = database_url
        self._now = now
        self._put: set[str] = set()
        """Those that the records were told of, and do not have yet."""
        self._noted: set[str] = set()
        """Those that the records were told to be no more, and do not have as such yet."""
        self._trouble: dict[str, str] = {}
        """Why some cannot be stored: it is logged once."""

    @property
    def _folder(self) -> Path:
        return folder_of(self._desk().settings)

    async def look(self) -> None:
        """Look soon: there is a new connection to Asterisk."""
        self._desk().recorded.wake()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            pause = LOOK_EVERY
            try:
                await self._delete_old()
                if self._ari.ready:
                    pause = await self._fetch_all()
            except (AriError, RecordsUnavailable) as error:
                log.info("recording.keeping_waits", reason=error.message)
                pause = LOOK_AGAIN
            except Exception:
                log.exception("recording.keeping_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._desk().recorded.told(), pause)

    # What Asterisk has

    async def _fetch_all(self) -> float:
        """Fetch what Asterisk has; return how long until the next look, in seconds."""
        pause, ended = LOOK_EVERY, self._desk().recorded.ended
        before = frozenset(ended)
        if names := await self._names():
            async with RecordingReader(self._database_url) as reader:
                known = await reader.recordings_known([each.id for each in names])
                for name in names:
                    pause = min(pause, await self._fetch_one(reader, name, known))
        ended -= before - {each.id for each in names}  # Asterisk has nothing of them
        return pause

    async def _names(self) -> list[Name]:
        recorded = await recorded_for(self._ari, self._desk().settings.ari.app)
        names = [Name.read(each.rpartition("/")[2]) for each in recorded]
        return [name for name in names if name is not None]

    async def _fetch_one(self, reader: RecordingReader, name: Name, known: set[str]) -> float:
        """Have a recording stored, then on record, then deleted in Asterisk: one of these, if it is time."""
        recorded = self._desk().recorded
        if name.id in recorded.making:
            return LOOK_EVERY  # we are told when it is over
        recording = Recording(self._ari, name.in_asterisk(self._desk().settings.ari.app))
        if await recording.is_live():
            return LOOK_SOON if name.id in recorded.ended else LOOK_AGAIN
        if name.id in known:
            self._put.discard(name.id)
            await recording.delete()
            return LOOK_EVERY
        if name.id not in self._put:
            if not await self._all_is_written():
                return LOOK_AGAIN
            in_time = self._now() < name.delete_at
            stored = await self._save(name, recording.name) if in_time else (0.0, 0)
            if stored is None:
                return LOOK_AGAIN
            await self._put_on_record(reader, name, *stored)
            if not in_time:
                self._note_deleted(name.id)
        return LOOK_SOON

    async def _all_is_written(self) -> bool:
        """Tell whether the records have all that happened so far, such as when it was paused."""
        try:
            async with asyncio.timeout(WRITTEN_WITHIN):
                await self._recorder.flush()
        except TimeoutError:
            return False
        return True

    async def _save(self, name: Name, in_asterisk: str) -> tuple[float, int] | None:
        """Store a recording; return its seconds and bytes, None if that cannot be done now."""
        path = name.file(self._folder)
        part = path.with_suffix(PART)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                await self._ari.recordings.get_stored_file(
                    in_asterisk,
                    into=lambda piece: asyncio.to_thread(file.write, piece),
                    deadline=FETCHED_WITHIN,
                )
                seconds = await asyncio.to_thread(complete, file)
            part.replace(path)
        except RecordingGone:
            part.unlink(missing_ok=True)
            return None
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            reason = error.strerror or str(error)
            if self._trouble.get(name.id) != reason:
                self._trouble[name.id] = reason
                remedy = f"let this user write {path.parent}, and see to the space there; it is tried again"
                log.error("recording.not_stored", recording=name.id, reason=reason, remedy=remedy)
            return None
        self._trouble.pop(name.id, None)
        log.info("recording.stored", recording=name.id, seconds=round(seconds, 1))
        return seconds, path.stat().st_size

    async def _put_on_record(self, reader: RecordingReader, name: Name, seconds: float, size: int) -> None:
        try:
            events: Sequence[EventRecord] = (await reader.call(name.call)).events
        except UnknownCall:
            events = ()  # its record is lost, or was never written
        begun = next((each.at for each in events if _begins(each, name.id)), begun_at(name.call))
        self._recorder.put_entry(
            TalkRecorded(
                id=name.id,
                at=self._now(),
                call=name.call,
                file=f"{name}{SUFFIX}",
                begun_at=begun,
                seconds=round(seconds, 3),
                pauses=pauses_of(events, name.id, seconds),
                size=size,
                delete_at=name.delete_at,
            )
        )
        self._put.add(name.id)

    # What is to be deleted

    async def _delete_old(self) -> None:
        """Delete what is to be deleted by now; put that on record, also where the file was gone already."""
        now = self._now()
        deleted, failed = await asyncio.to_thread(_delete_due, self._folder, now)
        try:
            async with RecordingReader(self._database_url) as reader:
                due = await reader.recordings_due(now)
                self._noted &= due
                deleted |= due
        except RecordsUnavailable as error:
            log.debug("recording.keeping_waits", reason=error.message)
        for recording in sorted(deleted - failed - self._noted):
            self._note_deleted(recording)

    def _note_deleted(self, recording: str) -> None:
        self._noted.add(recording)
        self._recorder.put_entry(RecordingDeleted(id=recording, at=self._now(), why=Deleted.RETENTION))
        log.info("recording.deleted", recording=recording, why=Deleted.RETENTION)


def _begins(event: EventRecord, recording: str) -> bool:
    return event.name == "recording.begun" and event.data.get("recording") == recording


def pauses_of(
    events: Sequence[EventRecord], recording: str, seconds: float
) -> tuple[tuple[float, float], ...]:
    """Return when an agent had paused a recording, from what is on record of its call."""
    pauses: list[tuple[float, float]] = []
    begun: datetime | None = None
    since: float | None = None
    for event in events:
        at = (event.at - begun).total_seconds() if begun else 0.0
        if event.name == "recording.begun":
            begun = event.at if _begins(event, recording) else None
        elif begun and event.name == "recording.paused":
            since = at
        elif begun and since is not None and event.name in ("recording.resumed", "recording.ended"):
            pauses.append((round(since, 3), round(at, 3)))
            since = None
    if since is not None:
        pauses.append((round(since, 3), round(max(since, seconds), 3)))
    return tuple(pauses)


def _delete_due(folder: Path, now: datetime) -> tuple[set[str], set[str]]:
    """Delete the files whose time is over; return the ids of those, and of those that cannot be deleted."""
    deleted, failed = set[str](), set[str]()
    for path in [*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{PART}")]:
        name = Name.read(path.stem)
        if name is None or now < name.delete_at:
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            failed.add(name.id)
            log.error("recording.kept_too_long", file=str(path), reason=error.strerror, remedy=NOT_DELETED)
        else:
            deleted.add(name.id)
    return deleted, failed
