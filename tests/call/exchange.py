"""A line under test, and the telephone network around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

from ari_app.core.settings import CallbackSettings, DialSettings, LimitSettings, PromptSettings, Settings
from ari_app.network.network import TelephoneNetwork
from ari_app.pbx import AsteriskServer, LineConfig
from ari_app.records.facts import CallArrived, CallEvent, Fact, LegStarted
from ari_app.records.reader import CallStory, Reader
from ari_app.service.line import Line, open_line
from ari_app.service.managed import reaching
from tests.records.empty import empty_records

from .files import AGENTS, MENU, MENU_NUMBER, TEAMS, direct_number, write_flows, write_rosters
from .people import PATIENCE, Person, Telephone
from .sounds import Recordings

F = TypeVar("F", bound=Fact)

_callers = (f"+331990{number:05}" for number in count(50_000))


@dataclass
class Facts:
    """Everything that the line tells of its calls."""

    all: list[Fact] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, fact: Fact) -> None:
        """Hear of a fact."""
        self.all.append(fact)
        self._news.set()

    def of(self, kind: type[F], call: str | None = None) -> list[F]:
        """Return the facts of a kind, of one call or of all."""
        return [each for each in self.all if isinstance(each, kind) and call in (None, each.call)]

    async def until(
        self,
        kind: type[F],
        call: str | None = None,
        *,
        times: int = 1,
        where: Callable[[F], bool] = lambda _: True,
    ) -> F:
        """Wait until a fact of that kind was told so many times; return the last."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(found := [each for each in self.of(kind, call) if where(each)]) < times:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the line did not tell of {kind.__name__}") from None
        return found[times - 1]

    async def until_event(self, name: str, *, times: int) -> None:
        """Wait until so many events of a name were told."""
        await self.until(CallEvent, times=times, where=lambda event: event.event == name)


@dataclass
class Place:
    """Where a line under test lives: its Asterisk, its files, what it says."""

    asterisk: AsteriskServer
    network: TelephoneNetwork
    recordings: Recordings
    folder: Path

    def settings(
        self,
        *,
        teams: Mapping[str, Sequence[str]] = TEAMS,
        agents: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
        menu: str = MENU,
        limits: LimitSettings | None = None,
        accept_seconds: float = 1.5,
        say_number: bool = False,
        callbacks: CallbackSettings | None = None,
    ) -> Settings:
        """Write the files of a line, and return its settings."""
        config = self.asterisk.config
        assert isinstance(config, LineConfig)
        reasons = list(dict.fromkeys([*TEAMS, *teams]))
        write_rosters(self.folder / "rosters", {**TEAMS, **teams}, {**AGENTS, **(agents or {})}, more or {})
        whispers = (f"agent-accept-{reason}" for reason in reasons)
        self.recordings = self.recordings.with_more(self.folder / "prompts", whispers, 1.0)
        (self.folder / "data").mkdir()
        (self.folder / "data/astreinte.db").write_bytes(empty_records())
        settings = Settings(
            rosters=self.folder / "rosters",
            flows=self.folder / "flows",
            data=self.folder / "data",
            lines=write_flows(self.folder / "flows", reasons, menu),
            dial=DialSettings(accept_seconds=accept_seconds, say_number=say_number),
            callbacks=callbacks or CallbackSettings(),
            limits=limits or LimitSettings(drain_seconds=0),
            prompts=PromptSettings(recordings=self.recordings.folder, folder=self.recordings.made),
        )
        return reaching(settings, config)

    def telephone(self, number: str) -> Telephone:
        """Return a telephone of the network: a phone's name, or a number."""
        return Telephone(self.network, number, self.recordings, self.folder)

    async def caller(self, called: str, *, number: str = "", name: str = "") -> Person:
        """Let somebody call the line, from a number of their own; it rings."""
        party = await self.network.call(called, caller=number or next(_callers), name=name)
        return Person(party, self.recordings, self.folder)


class OpenLine:
    """A line that takes calls. When a test is done with it, every call has one complete record."""

    def __init__(self, place: Place, settings: Settings, line: Line, facts: Facts) -> None:
        self.settings = settings
        self.line = line
        self.facts = facts
        self._place = place
        self._reasons = [each.removeprefix("direct-") for each in settings.lines.values() if each != "menu"]
        self.placed = 0
        """How many calls were made to it."""

    def telephone(self, number: str) -> Telephone:
        """Return an agent's telephone, by its name or number."""
        return self._place.telephone(number)

    async def is_called(self, reason: str | None = None, *, number: str = "", name: str = "") -> Person:
        """Let somebody call: for a reason without being asked, or by the menu; they wait for an answer."""
        self.placed += 1
        called = MENU_NUMBER if reason is None else direct_number(self._reasons, reason)
        return await self._place.caller(called, number=number, name=name)

    async def takes_a_call(self, reason: str | None = None, *, number: str = "", name: str = "") -> Person:
        """Let somebody call and be answered; they listen."""
        caller = await self.is_called(reason, number=number, name=name)
        await caller.is_answered()
        return caller

    async def call_of(self, caller: Person) -> str:
        """Return the id of a caller's call."""
        async with asyncio.timeout(PATIENCE):
            times = 1
            while True:
                await self.facts.until(CallArrived, times=times)
                for arrived in self.facts.of(CallArrived):
                    if arrived.number == caller.number:
                        return arrived.call
                times = len(self.facts.of(CallArrived)) + 1

    async def told(self, kind: type[F], caller: Person, *, times: int = 1) -> F:
        """Wait until the line tells of something in a caller's call."""
        return await self.facts.until(kind, await self.call_of(caller), times=times)

    async def telephone_rung_for(self, caller: Person) -> LegStarted:
        """Wait until the line rings somebody for a caller."""
        return await self.told(LegStarted, caller)

    async def record_of(self, caller: Person) -> CallStory:
        """Wait until a caller's call is over, and return its record as it is stored."""
        call = await self.call_of(caller)
        await self.is_over(call)
        async with Reader(self.settings.database_url) as reader:
            return await reader.call(call)

    async def is_over(self, call: str) -> None:
        """Wait until nothing of a call is left in the line."""
        async with asyncio.timeout(PATIENCE):
            while self.line.reception.knows(call):  # noqa: ASYNC110 - nobody tells when the last task is done
                await asyncio.sleep(0.02)
        await self.line.recorder.flush()


@asynccontextmanager
async def opened(place: Place, settings: Settings) -> AsyncIterator[OpenLine]:
    """Run a line while the block lasts; then everybody hangs up, and each call must have a whole record."""
    facts = Facts()
    async with open_line(settings, listener=facts) as line:
        under_test = OpenLine(place, settings, line, facts)
        yield under_test
        await place.network.quiet()
        for arrived in facts.of(CallArrived):
            await under_test.is_over(arrived.call)
        records = await stored(settings)
        assert len(records) == under_test.placed
        for record in records:
            assert_complete(record)


async def stored(settings: Settings) -> list[CallStory]:
    """Return every record."""
    async with Reader(settings.database_url) as reader:
        return [await reader.call(each.id) for each in await reader.calls(limit=1000)]


def assert_complete(record: CallStory) -> None:
    """Check that a record says how the call and each attempt ended, once, and that its durations add up."""
    call, names = record.call, [event.name for event in record.events]
    assert call.outcome is not None
    assert call.ended_at is not None
    assert names.count("call.arrived") == names.count("call.ended") == 1
    for leg in record.legs:
        assert leg.result is not None
        assert leg.ended_at is not None
        assert leg.agent
    if not any(event.data.get("unseen") for event in record.events):
        assert call.total_seconds is not None
        assert (call.wait_seconds or 0) + (call.talk_seconds or 0) <= call.total_seconds + 1e-6
        assert (call.talk_seconds is not None) == (call.bridged_at is not None)
        assert (call.wait_seconds is not None) == (call.queued_at is not None)
        assert None not in [leg.ring_seconds for leg in record.legs]
    if call.outcome == "bridged":
        assert call.agent is not None
        assert "accepted" in [leg.result for leg in record.legs]


def tried(record: CallStory) -> list[tuple[str, str | None]]:
    """Return whom the line tried to reach, and how each attempt ended."""
    return [(leg.agent, leg.result) for leg in record.legs]
