"""The line as a whole: builds each room once, starts them in order, stops them in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ..agi import FastAgiServer
from ..ami import AmiClient
from ..ami.errors import AmiError
from ..ari import AriClient
from ..call.adoption import Survivors, talk_on
from ..call.desk import Call, Desk
from ..call.story import Story
from ..core.logs import get_logger
from ..core.settings import Settings
from ..prompts import PromptStore
from ..records.facts import Fact, FactSink
from ..records.recorder import Recorder
from .books import Books, open_books
from .fallback import keep_fallback
from .oncall import on_call_now
from .reception import Reception

log = get_logger(__name__)


class _Tee:
    """Hands each fact to the records, and to whoever else listens."""

    def __init__(self, *sinks: FactSink) -> None:
        self._sinks = sinks

    def put(self, fact: Fact) -> None:
        for sink in self._sinks:
            sink.put(fact)


class Line:
    """A running line, see `open_line`."""

    def __init__(
        self, settings: Settings, books: Books, prompts: PromptStore, recorder: Recorder, sink: FactSink
    ) -> None:
        self.settings = settings
        self.recorder = recorder
        self.prompts = prompts
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
        self._desk = Desk(
            ari=self.ari,
            settings=settings,
            rosters=books.rosters,
            flows=books.flows,
            prompts=prompts,
            phone_state=self.ami.state,
        )
        self.reception = Reception(lambda: self._desk, sink)
        self._sink = sink
        self._fallback_due = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything; on the way out drain the calls, then stop everything in reverse."""
        async with AsyncExitStack() as stack:
            await self.agi.start()
            stack.push_async_callback(self.agi.close)
            await self._start_ami(stack)
            self.ari.on_stasis_start = self.reception.on_stasis_start
            self.ari.on_ready.append(self._adopt)
            stack.push_async_callback(self.ari.close)
            await self.ari.start()
            stack.push_async_callback(self.reception.close, self.settings.limits.drain_seconds)
            log.info("line.ready", app=self.settings.ari.app, lines=",".join(self.settings.lines))
            yield
            log.info("line.stopping")

    async def _start_ami(self, stack: AsyncExitStack) -> None:
        """Start AMI; calls can be served without it, so its absence is only told."""
        self.ami.on_ready.append(self._on_ami_ready)
        stack.push_async_callback(self.ami.close)
        try:
            await self.ami.start()
        except AmiError as error:
            log.error("ami.absent", error=error.message, remedy=error.remedy)
        keeper = asyncio.create_task(keep_fallback(self.ami, lambda: self._desk, self._fallback_due))
        stack.push_async_callback(_cancelled, keeper)

    async def _on_ami_ready(self) -> None:
        self._fallback_due.set()

    async def _adopt(self) -> None:
        """After each connection: take up, hand over or end whatever outlived the one before."""
        survivors = Survivors(self.ari, self.settings.ari.app, is_known=self.reception.knows)
        open_calls = [
            Call(
                id=each.call.id,
                line=each.call.line,
                channel_id=each.call.channel_id,
                caller_number=each.call.number or None,
                desk=self._desk,
                story=Story(each.call.id, self._sink),
            )
            for each in await self.recorder.open_calls()
            if not self.reception.knows(each.call.id)
        ]
        for call, leg_id, bridge_id in await survivors.sort_out(open_calls):
            self.reception.take_up(call, talk_on(call, leg_id, bridge_id))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@asynccontextmanager
async def open_line(settings: Settings, *, listener: FactSink | None = None) -> AsyncIterator[Line]:
    """Read the files, prepare the prompts, open the records, and run the line while the block lasts.

    `listener` hears every fact of every call as it happens. Raises `AstreinteError` when the line
    cannot start, with what to do.
    """
    books, warnings = open_books(settings)
    for finding in warnings:
        log.warning("config.warning", place=f"{finding.file}:{finding.line}", message=finding.message)
    prompts = PromptStore.from_settings(settings.prompts)
    await prompts.prepare(books.flows.prompts())
    recorder = Recorder(settings.database_url, spill=settings.data / "unsaved.jsonl")
    await recorder.start()
    try:
        sink = _Tee(recorder, listener) if listener else recorder
        line = Line(settings, books, prompts, recorder, sink)
        async with line.running():
            yield line
    finally:
        await recorder.stop()
