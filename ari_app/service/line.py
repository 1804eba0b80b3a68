"""The line as a whole: builds each room once, starts them in order, stops them in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from ..agi import FastAgiServer
from ..ami import AmiClient
from ..ari import AriClient
from ..ari.errors import OutcomeUnknown, RequestNotSent
from ..call.activity import AgentActivity
from ..call.adoption import Survivors, Talk
from ..call.announcements import Announcements
from ..call.callbacks import CallbackQueue
from ..call.desk import Call, Desk
from ..call.ends import Ends
from ..call.engaged import Engaged
from ..call.messages import MessageBox
from ..call.story import Story
from ..core.errors import AstreinteError
from ..core.logs import get_logger
from ..core.settings import Settings
from ..core.tasks import ended
from ..notify.notifier import Notifier
from ..prompts import PromptStore
from ..records.database import RecordsUnavailable
from ..records.facts import Fact, FactSink, LegAccepted, LegEnded, LegStarted
from ..records.reader import OpenCall, Reader
from ..records.recorder import Recorder
from .announcing import AnnouncementKeeper, spoken_beside
from .apart import Apart, FileReader, ReadingFailed
from .books import Books
from .calendar_refreshing import CalendarKeeper
from .callbacks import CallbackKeeper
from .duties import Duties, wall_clock
from .fallback import FallbackKeeper
from .first_reading import FirstReading, read_here
from .message_keeping import MessageKeeper
from .oncall import on_call_now
from .outbox import RecordedOutbox
from .publishing import unpublished
from .reading import Reading, SettingsFile
from .reception import Reception
from .recording_keeping import RecordingKeeper
from .reloading import Rejection, Version, taken_over, warn
from .status import write_status

log = get_logger(__name__)

AMI_HEAD_START = 3.0
"""Seconds until a start that AMI does not answer goes on without it; calls are served meanwhile."""
GLANCE = 0.02
"""Seconds between two looks at AMI."""
ADOPTION_RETRY = 0.5
"""Seconds until the next try when the connection was lost while we looked for calls that outlived us."""
FORGOTTEN_AT_ONCE = 20
"""Answers of a replaced version that are freed in one go: 0.2 ms."""
RECALLED = timedelta(days=30)
"""How far back it is looked what agents did; who did nothing since is the first in turn anyway."""
RECALL_HEAD_START = 1.0
"""Seconds until a start goes on without what agents did before; it is taken into account when it is there."""
RECORDS_HEAD_START = 1.0
"""Seconds that callers who outlived us wait for the records, which may know more about them."""
RECORDS_RETRY = 5.0
"""Seconds between two looks whether the records can be read, for the calls that outlived us."""


class _Tee:
    """Hands each fact to those who want all of them, and those about legs to those who want these."""

    def __init__(self, sinks: Sequence[FactSink], of_legs: Sequence[FactSink]) -> None:
        self._sinks = sinks
        self._of_legs = of_legs

    def put(self, fact: Fact) -> None:
        for sink in self._sinks:
            sink.put(fact)
        if isinstance(fact, LegStarted | LegAccepted | LegEnded):
            for sink in self._of_legs:
                sink.put(fact)


class Line:
    """A running line, see `open_line`. Its files can be taken into use anew at any time: `reload`."""

    def __init__(
        self,
        settings: Settings,
        books: Books,
        prompts: PromptStore,
        recorder: Recorder,
        file_reader: FileReader,
        *listeners: FactSink,
        now: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._now = now
        activity = AgentActivity()
        self.recorder = recorder
        self.prompts = prompts
        self.version = Version()
        self.ari = AriClient(
            url=settings.ari.url,
            username=settings.ari.username,
            password=settings.ari.password.get_secret_value(),
            app=settings.ari.app,
        )
        self.ami = AmiClient(
            settings.ami.host,
            settings.ami.port,
            settings.ami.username,
            settings.ami.password.get_secret_value(),
        )
        self.agi = FastAgiServer(
            lambda team, reason: on_call_now(self._desk, team, reason),
            host=settings.agi.host,
            port=settings.agi.port,
        )
        self.notifier = Notifier(
            lambda: self.settings.notify.recipients, RecordedOutbox(recorder, settings.database_url)
        )
        self._desk = Desk(
            ari=self.ari,
            settings=settings,
            rosters=books.rosters,
            flows=books.flows,
            callers=books.callers,
            prompts=prompts,
            phone_state=self.ami.state,
            activity=activity.known,
            announcements=Announcements(spoken_beside(settings)),
            messages=MessageBox(lambda: self._desk, recorder, self.notifier),
            callbacks=CallbackQueue(recorder),
            engaged=Engaged(),
            ends=Ends(self.ami),
        )
        self._activity = activity
        self._fallback = FallbackKeeper(self.ami, lambda: self._desk)
        self.duties = Duties(
            lambda: self._desk,
            recorder,
            self.notifier.send,
            database_url=settings.database_url,
            unconfirmed=activity.unconfirmed,
            changed=self._fallback.wake,
            now=now,
        )
        sink = _Tee([recorder, *listeners], of_legs=[activity, self.duties])
        self.reception = Reception(lambda: self._desk, sink)
        self._sink = sink
        self._calendars = CalendarKeeper(
            lambda: self._desk.rosters.feeds, lambda: self.settings, lambda: self.reload(again=False)
        )
        self._since = datetime.now(UTC)
        self._survivors = Survivors(
            self.ari,
            settings.ari.app,
            since=self._since,
            is_known=self._knows,
            take_up=self._call_of,
        )
        self._left_open: list[OpenCall] | None = None
        """The calls of an earlier process that are not sorted out yet; None until they are known."""
        self._adopting = asyncio.Lock()
        self._reloading = asyncio.Lock()
        self._file_reader = file_reader

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._desk.settings

    @property
    def calendar_files(self) -> Sequence[Path]:
        """The files of the calendars that the rosters in force name."""
        return self._desk.rosters.calendar_files

    @property
    def announcements(self) -> Announcements:
        """What callers hear before anything else."""
        return self._desk.announcements

    @asynccontextmanager
    async def running(self, *, wait: float | None) -> AsyncIterator[None]:
        """Start everything; on the way out drain the calls, then stop everything in reverse.

        Asterisk may take `wait` seconds to come up, or for ever (None).
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._file_reader.close)
            await self.agi.start()
            stack.push_async_callback(self.agi.close)
            stack.push_async_callback(ended, asyncio.create_task(self._calendars.run(), name="calendars"))
            recalling = asyncio.create_task(self._recall(), name="activity")
            stack.push_async_callback(ended, recalling)
            await stack.enter_async_context(self.notifier.running())
            stack.push_async_callback(self._desk.messages.close)
            keeper = MessageKeeper(
                self.ari,
                lambda: self._desk,
                self.settings.database_url,
                is_known=self.reception.knows,
            )
            stack.push_async_callback(ended, asyncio.create_task(keeper.run(), name="messages"))
            recordings = RecordingKeeper(
                self.ari,
                lambda: self._desk,
                self.recorder,
                self.settings.database_url,
                now=self._now,
            )
            stack.push_async_callback(ended, asyncio.create_task(recordings.run(), name="recordings"))
            await self._start_ami(stack)
            announcing = AnnouncementKeeper(self.settings, self._desk.announcements)
            await stack.enter_async_context(announcing.keeping())
            self.ari.on_stasis_start = self.reception.on_stasis_start
            self.ari.on_ready.append(self._adopt)
            self.ari.on_ready.append(keeper.look)
            self.ari.on_ready.append(recordings.look)
            stack.push_async_callback(self.ari.close)
            await self.ari.start(wait=wait)
            stack.push_async_callback(self._drain)
            callbacks = CallbackKeeper(
                lambda: self._desk,
                self._desk.callbacks,
                self.reception,
                self.recorder,
                sink=self._sink,
                tell=self.notifier.send,
                adopted=lambda: self._left_open == [],
            )
            stack.push_async_callback(ended, asyncio.create_task(callbacks.run(), name="callbacks"))
            await self._until_ami_is_known()
            await asyncio.wait([recalling], timeout=RECALL_HEAD_START)
            await stack.enter_async_context(self.duties.running())
            log.info("line.ready", app=self.settings.ari.app, lines=",".join(self.settings.lines))
            yield
            log.info("line.stopping")

    async def _recall(self) -> None:
        """Let agents be rung in turn across a restart: look up what they did before it."""
        try:
            async with Reader(self.settings.database_url) as reader:
                self._activity.recall(await reader.last_activity(self._since - RECALLED))
        except RecordsUnavailable as error:
            if error.problem != "no-records":  # the very first start
                log.info("activity.unknown", reason=error.message)

    async def _drain(self) -> None:
        await self.reception.close(self.settings.limits.drain_seconds)

    async def _start_ami(self, stack: AsyncExitStack) -> None:
        """Start AMI in the background: calls can be served without it, and it may come back at any time."""
        self.ami.on_ready.append(self._fallback.read_again)
        stack.push_async_callback(self.ami.close)
        await self.ami.start(wait=None)
        keeper = asyncio.create_task(self._fallback.run(), name="fallback")
        stack.push_async_callback(ended, keeper)

    async def _until_ami_is_known(self) -> None:
        """Wait until AMI is there, or it is known why not: who starts the line wants to know."""
        with suppress(TimeoutError):
            async with asyncio.timeout(AMI_HEAD_START):
                while not (self.ami.ready or self.ami.trouble):  # noqa: ASYNC110 - it tells of the first alone
                    await asyncio.sleep(GLANCE)

    # New versions of the files

    async def reload(self, fresh: Settings | SettingsFile | None = None, *, again: bool = True) -> bool:
        """Take the rosters and flows into use as they are on disk now: all of them, or none.

        With `fresh` settings, or a file of them to be read, also those of them that a running line can take
        over (`reloading.LIVE`). Calls in progress keep what they began with. Returns whether the files are in
        force now; if not, what was in force stays so, and `version` and the log say why, but not `again` if
        that is the same as before.
        """
        async with self._reloading:
            try:
                async with self._file_reader.reading(fresh or self.settings) as apart:
                    taken = await self._take_over(await apart.reading(), again=again)
                    if taken:
                        await self._put_on_record(apart)
            except ReadingFailed as error:
                self.version.reject(Rejection.of(error), again=again)
                taken = False
            await asyncio.to_thread(write_status, self.settings.data, self.version)
            return taken

    async def _take_over(self, reading: Reading, *, again: bool) -> bool:
        self.version.wait_for_a_restart(reading.waiting)
        if reading.books is None or reading.settings is None:
            rejection = Rejection(reading.problem, reading.remedy)
            if reading.errors:
                rejection = Rejection.by(reading.findings, reading.errors)
            self.version.reject(rejection, reading.findings, again=again)
            return False
        books, findings = reading.books, [*reading.findings]
        try:
            findings += await self.prompts.prepare(books.flows.prompts())
        except AstreinteError as error:
            self.version.reject(Rejection.of(error), findings, again=again)
            return False
        replaced = self._desk
        settings = taken_over(self.settings, reading.settings)
        self._desk = replace(
            self._desk, settings=settings, rosters=books.rosters, flows=books.flows, callers=books.callers
        )
        self.version.accept(findings)
        warn(findings)
        log.info("config.reloaded", teams=len(books.rosters.teams), flows=len(books.flows.flows))
        self._fallback.wake()
        self.duties.calls.wake()
        while replaced.rosters.forget(FORGOTTEN_AT_ONCE):  # noqa: ASYNC110 - it only lets calls go first
            await asyncio.sleep(0)
        return True

    async def _put_on_record(self, apart: Apart) -> None:
        """Record the version that is in force now, and who is on call by it."""
        rosters, since = self._desk.rosters, self.version.since
        try:
            published = msgspec.structs.replace(await apart.published(), at=since)
        except ReadingFailed as error:
            log.error("rosters.not_published", reason=error.message, remedy=error.remedy)
            published = unpublished(rosters, since)
        self.recorder.put_entry(published)

    # Calls that outlived us, or the connection

    async def _adopt(self) -> None:
        """After each connection: take up, hand over or end whatever outlived the one before."""
        async with self._adopting:
            if self._left_open is None:
                self._left_open = await self._calls_left_open()
            for talk in await self._sorted_out(self._left_open):
                self.reception.take_up(talk.call, talk.follow())
            self._left_open = []

    async def _sorted_out(self, left_open: list[OpenCall]) -> list[Talk]:
        while True:
            try:
                return await self._survivors.sort_out(left_open)
            except (RequestNotSent, OutcomeUnknown) as error:
                log.info("adoption.interrupted", reason=error.message)
            await asyncio.sleep(ADOPTION_RETRY)
            await self.ari.until_ready()

    async def _calls_left_open(self) -> list[OpenCall]:
        """Return the calls of an earlier process that have no end on record, once the records can be read.

        Nobody else knows what is to be written of them. Who waits, or is left alone after a talk, does not
        wait for that. Calls of our own have not ended either, until their end is written.
        """
        problem = ""
        while True:
            reading = asyncio.create_task(self.recorder.open_calls(), name="calls left open")
            try:
                await asyncio.wait([reading], timeout=RECORDS_HEAD_START)
                if not reading.done():
                    await self._sorted_out([])
                return [each for each in await reading if each.call.arrived_at < self._since]
            except RecordsUnavailable as error:
                if problem != error.problem:
                    problem = error.problem
                    log.warning("adoption.waits", reason=error.message, remedy=error.remedy)
            finally:
                reading.cancel()
            await self._sorted_out([])
            await asyncio.sleep(RECORDS_RETRY)

    def _knows(self, some_id: str) -> bool:
        return self.reception.knows(some_id) or self._desk.under_way.knows(some_id)

    def _call_of(self, call_id: str, line: str, channel_id: str, number: str) -> Call:
        return Call(
            id=call_id,
            line=line,
            channel_id=channel_id,
            caller_number=number or None,
            desk=self._desk,
            story=Story(call_id, self._sink),
        )


def _no_progress(_done: int, _total: int) -> None:
    """Say nothing."""


@asynccontextmanager
async def open_line(
    settings: Settings,
    first: FirstReading | None = None,
    *,
    listener: FactSink | None = None,
    progress: Callable[[int, int], None] = _no_progress,
    wait: float | None = 0.0,
    now: Callable[[], datetime] = wall_clock,
) -> AsyncIterator[Line]:
    """Read the files, prepare the prompts, open the records, and run the line while the block lasts.

    `first` is what the files say, if they were read already; `listener` hears every fact of every call as it
    happens; `progress` is told how many prompts of how many are made; `wait` is how many seconds Asterisk may
    take to come up, None for ever; `now` is the clock that duty calls, notices of handoffs and the
    deletion of recordings go by. Raises `AstreinteError` with what to do if it cannot start.
    """
    first = first or read_here(settings)
    books, findings = first.books, [*first.findings]
    prompts = PromptStore.from_settings(settings.prompts)
    warn(findings + await prompts.prepare(books.flows.prompts(), progress))
    recorder = Recorder(settings.database_url, spill=settings.data / "unsaved.jsonl")
    await recorder.start()
    try:
        listeners = [listener] if listener else []
        line = Line(settings, books, prompts, recorder, first.reader, *listeners, now=now)
        recorder.put_entry(msgspec.structs.replace(first.published, at=line.version.since))
        await asyncio.to_thread(write_status, settings.data, line.version)
        async with line.running(wait=wait):
            yield line
    finally:
        await recorder.stop()
