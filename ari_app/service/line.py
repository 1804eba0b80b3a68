"""The line as a whole: builds each room once, starts them in order, stops them in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from ..agi import FastAgiServer
from ..ami import AmiClient, PhoneState
from ..ari import AriClient
from ..call.adoption import Survivors, talk_on
from ..call.desk import Call, Desk
from ..call.story import Story
from ..core.findings import InvalidConfiguration
from ..core.logs import get_logger
from ..core.settings import Settings
from ..prompts import OnProgress, PromptStore, silent
from ..records.facts import FactSink
from ..records.recorder import Recorder
from .books import Books
from .fallback import keep_fallback
from .oncall import OnCallDesk
from .reception import Reception

log = get_logger(__name__)


class Line:
    """A running line. Get one from `open_line`."""

    def __init__(
        self, settings: Settings, books: Books, recorder: Recorder, sink: FactSink, prompts: PromptStore
    ) -> None:
        self.settings = settings
        self.books = books
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
        self.reception = Reception(self.desk, sink)
        self._sink = sink
        self._ami_ready = asyncio.Event()
        self._desk: Desk | None = None

    def desk(self) -> Desk:
        """Return what a call that comes in now works with."""
        rosters, flows = self.books.rosters, self.books.flows
        if self._desk is None or self._desk.rosters is not rosters or self._desk.flows is not flows:
            self._desk = Desk(
                ari=self.ari,
                settings=self.settings,
                rosters=rosters,
                flows=flows,
                prompts=self.prompts,
                phone_state=self._phone_state,
            )
        return self._desk

    def _phone_state(self, endpoint: str) -> PhoneState:
        return self.ami.state(endpoint)
