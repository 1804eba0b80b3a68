"""What goes wrong around calls: a line in a process of its own that can be killed; what is to come of it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from ari_app.core.settings import Settings
from ari_app.network.hearing import loudness
from ari_app.records.database import RecordsUnavailable
from ari_app.records.facts import CallBridged
from ari_app.records.reader import CallStory
from ari_app.service.line import open_line
from tests.forked import Forked, forked
from tests.wire import Wire

from .exchange import Facts, OpenLine, Place, stored
from .files import MENU_NUMBER, REASONS, direct_number
from .people import LOOK_EVERY, Person

PATIENCE = 30.0
"""Seconds for something that must happen; only a test that fails waits so long."""
ANOTHER_VOICE = 20.0
"""Hz between what somebody says and what they say next: enough to tell the two apart."""
SILENCE = -60.0
"""dB relative to full scale: there is sound in a recording that is louder than this."""
PROJECT = Path(__file__).parents[2]


async def until_told(what: str, happened: Any) -> None:
    """Wait for something that nobody tells of; `happened` may be a coroutine function."""
    pause = 0.02
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = happened()
                if await answer if asyncio.iscoroutine(answer) else answer:
                    return
                await asyncio.sleep(pause)
                pause = min(1.2 * pause, LOOK_EVERY)  # looking costs, too
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None


async def until_fallback_is(place: Place, line: str, dial: str) -> None:
    """Wait until AstDB says what Asterisk dials by itself for callers of a line."""

    async def written() -> bool:
        said = await place.asterisk.cli(f"database get astreinte fallback/{line}")
        return said.strip() == f"Value: {dial}".strip()

    await until_told(f"AstDB says {dial!r} for {line}", written)


async def command(settings: Settings, *words: str, **document: Any) -> tuple[int | None, str, str]:
    """Run a command on the line's machine, as its user; `document` is what else its settings file says."""
    file = settings.data / "line.yaml"
    file.write_text(yaml.safe_dump({"data": str(settings.data), **document}), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ari_app", *words, "--settings", str(file)),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


class LineProcess:
    """`astreinte run` in a process of its own; what it logs is what it tells."""

    def __init__(self, process: Forked, log: asyncio.StreamReader, settings: Settings) -> None:
        self.settings = settings
        self._process = process
        self._log = log
        self._lines: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.reading = asyncio.create_task(self._read(), name="log of the line")

    async def _read(self) -> None:
        async for line in self._log:
            self._lines.append(json.loads(line))
            self._news.set()
        self._news.set()

    async def logs(self, event: str, *, times: int = 1) -> dict[str, Any]:
        """Wait until an event was logged so many times; return the last."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(found := [line for line in self._lines if line["event"] == event]) < times:
                    assert not self.reading.done(), (
                        f"the line ended before {event}: {self._lines[-5:]} {self.said()}"
                    )
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {event} in {self._lines}") from None
        return found[times - 1]

    def said(self) -> str:
        """Return what it said beside its log: why it does not start."""
        return (self.settings.data / "stderr").read_text("utf-8")[-1000:]

    async def is_killed(self) -> None:
        """Kill it as the kernel would: it can do nothing about it."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self.reading

    async def has_stored(self, event: str, caller: Person) -> None:
        """Wait until an event of a caller's call is in the database."""

        async def stored_it() -> bool:
            try:
                records = await stored(self.settings)
            except RecordsUnavailable:
                return False  # nothing was ever written
            events = [
                each for record in records if record.call.number == caller.number for each in record.events
            ]
            return event in [each.name for each in events]

        await until_told(f"{event} is stored", stored_it)


@asynccontextmanager
async def line_process(settings: Settings) -> AsyncIterator[LineProcess]:
    """Run a line in a process of its own while the block lasts; what still runs then is killed."""
    folder = settings.data
    document = settings.model_dump(mode="json", exclude={"database", "log", "asterisk", "notify"})
    for section in ("ari", "ami"):
        del document[section]["password"]
    (folder / "astreinte.yaml").write_text(yaml.safe_dump(document), "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASTREINTE_")}
    secrets = {
        "ASTREINTE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "ASTREINTE_AMI__PASSWORD": settings.ami.password.get_secret_value(),
        "ASTREINTE_NOTIFY__RECIPIENTS": json.dumps(
            {
                name: [address.get_secret_value() for address in addresses]
                for name, addresses in settings.notify.recipients.items()
            }
        ),
    }
    environment = {**kept, **secrets, "PYTHONPATH": str(PROJECT)}
    log, stdout = os.pipe()
    with (folder / "stderr").open("wb") as stderr, os.fdopen(log, "rb") as ours:
        with os.fdopen(stdout, "wb") as theirs:
            process = await forked(
                "run", folder=folder, environment=environment, stdout=theirs.fileno(), stderr=stderr.fileno()
            )
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, ours)
        line = LineProcess(process, reader, settings)
        try:
            await line.logs("line.ready")
            yield line
        finally:
            await line.is_killed()
            transport.close()


async def the_only_record(settings: Settings) -> CallStory:
    """Return the record of the only call there was."""
    (record,) = await stored(settings)
    return record


async def record_of(settings: Settings, caller: Person) -> CallStory:
    """Return the record of a caller's only call."""
    (record,) = [each for each in await stored(settings) if each.call.number == caller.number]
    return record


# The connection to Asterisk


def by_wire(settings: Settings, wire: Wire) -> Settings:
    """Return the settings of a line that reaches ARI by a wire."""
    url = wire.url
    return settings.model_copy(update={"ari": settings.ari.model_copy(update={"url": url})})


async def is_cut(wire: Wire, line: OpenLine) -> None:
    """Cut a line's wire; return when the line knows."""
    await wire.close()
    await until_told("the line lost Asterisk", lambda: not line.line.ari.ready)


async def is_mended(wire: Wire, line: OpenLine) -> None:
    """Mend a line's wire; return when the line is connected again."""
    await wire.open()
    await until_told("the line has Asterisk again", lambda: line.line.ari.ready)


# Stories that many tests tell


async def calls(place: Place, reason: str | None = None) -> Person:
    """Let somebody call who is not answered yet, by the menu or for a reason."""
    return await place.caller(MENU_NUMBER if reason is None else direct_number(REASONS, reason))


async def put_through_by(line: LineProcess, place: Place, reason: str, who: str) -> tuple[Person, Person]:
    """Let a line in a process of its own put a caller through; return caller and agent."""
    phone = place.telephone(who)
    caller = await calls(place, reason)
    await caller.is_answered()
    agent = await phone.is_rung()
    await agent.picks_up()
    await agent.presses("1")
    await line.has_stored("call.bridged", caller)
    return caller, agent


async def takes_it_from_the_dialplan(agent: Person) -> None:
    """Let an agent whom Asterisk rings by itself pick up, hear what is said, and press 1."""
    await agent.picks_up()

    async def heard() -> bool:
        return loudness(await agent.party.heard()) > SILENCE

    await until_told("the agent hears something", heard)
    await agent.presses("1")


async def put_through(line: OpenLine, reason: str = "panne", who: str = "alice") -> tuple[Person, Person]:
    """Let somebody call the line and an agent take the call; return both."""
    phone = line.telephone(who)
    caller = await line.takes_a_call(reason)
    agent = await phone.is_rung()
    await agent.picks_up()
    await agent.presses("1")
    await line.told(CallBridged, caller)
    return caller, agent


async def they_hear_each_other(caller: Person, agent: Person) -> None:
    """Let each say something now, and the other hear it: what was heard earlier does not count."""
    for listener, speaker in ((agent, caller), (caller, agent)):
        speaker.hertz += ANOTHER_VOICE
        await listener.hears_voice_of(speaker)


@asynccontextmanager
async def line_that_stops(place: Place, settings: Settings) -> AsyncIterator[OpenLine]:
    """Run a line that is stopped when the block ends, whoever is on the phone then."""
    facts = Facts()
    async with open_line(settings, listener=facts) as line:
        yield OpenLine(place, settings, line, facts)


async def has_taken_up(line: OpenLine, calls: int = 1) -> None:
    """Wait until a line has taken up calls that it did not begin, and count them as its own."""
    line.placed += calls
    await until_told("the calls are taken up", lambda: line.line.reception.calls == calls)


async def all_is_on_record(line: OpenLine) -> None:
    """Wait until a line's records know the end of every call."""

    async def ended() -> bool:
        return not await line.line.recorder.open_calls()

    await until_told("every call has an end on record", ended)


async def record_at_the_end(line: OpenLine) -> CallStory:
    """Wait until a line has no calls any more; return the only record there is."""
    await all_is_on_record(line)
    return await the_only_record(line.settings)
