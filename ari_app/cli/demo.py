"""`astreinte demo`: one real call, its story as it happens, and its record as it was stored."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer

from ..core import logs
from ..core.errors import AstreinteError
from ..core.prompt import Prompt
from ..core.settings import Settings, load_settings
from ..network import hearing
from ..network.config import NetworkConfig
from ..network.network import TelephoneNetwork, answers, open_network
from ..network.party import Party
from ..pbx import Installation, LineConfig, Phone, find_asterisk, loopback_address
from ..records.events import event_of
from ..records.facts import CallBridged, CallEnded, Fact, LegStarted
from ..service.books import Books, open_books, sip_phones
from ..service.instance import LOCK, only_instance
from ..service.line import Line, open_line
from ..service.managed import managed_asterisk
from .calls import print_story, stored_story
from .progress import SetupProgress
from .story import told
from .terminal import safe

CALLED = "+33199000100"
CALLER = "+33199001234"
"""From the numbers that the French regulator keeps for fiction (0199 00, Arcep 2018-0881)."""
REASON = "panne"
ASKED = (("bienvenue", "1"), ("choix-motif", "1"))
"""What the caller hears, and the key that answers it: French, then the reason."""
CALLER_TONE, AGENT_TONE = 600.0, 1000.0
"""Hz: what stands for a voice, so that hearing it can be measured; the French ringing tone is 440."""
TALK_SECONDS = 3.0
PART_SECONDS, PARTS = 0.4, 5
"""A prompt was heard when most of its first parts were; a look at the recording cuts into one of them."""
HEARD_AT_LEAST = 0.5
"""The part of a tone that must arrive: the rest was before the bridge, or under the limit of measuring."""


class StepMissing(AstreinteError):
    """Something that a call is made of did not happen."""

    def __init__(self, what: str, data: Path) -> None:
        super().__init__(
            f"the call went wrong: {what}",
            remedy=f"read {data}/log.jsonl and {data}/*/log/messages.log, then try again",
        )


@dataclass
class Narrator:
    """Prints what happens, with the seconds since the call came in; a `FactSink`."""

    started: float | None = None
    facts: list[Fact] = field(default_factory=list)
    bridged: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, fact: Fact) -> None:
        """Tell a fact of the line."""
        self.facts.append(fact)
        event = event_of(fact, 0, datetime.now(UTC))
        self.say(told(event.name, event.data))
        if isinstance(fact, CallBridged):
            self.bridged.set()
        if isinstance(fact, CallEnded):
            self.ended.set()

    def say(self, sentence: str) -> None:
        """Tell what the people on the telephone notice."""
        now = time.monotonic()
        if self.started is None:
            self.started = now
        typer.echo(f"  {now - self.started:7.3f} s  {safe(sentence)}")


def run_demo() -> int:
    """Put one call through the line; return 0 only if every step of it really happened."""
    settings = load_settings(None)
    books, _ = open_books(settings)
    _insist_on_the_shipped(books, settings)
    data = settings.data / "demo"
    limits = settings.limits.model_copy(update={"drain_seconds": 0.0})
    settings = settings.model_copy(update={"data": data, "database": None, "limits": limits})
    with only_instance(data):
        _clear(data)
        logs.configure(format="json", level="info", file=data / "log.jsonl", mask_numbers=True)
        with SetupProgress() as progress:
            installation = find_asterisk(progress.asterisk)
        asyncio.run(_demo(settings, installation, books))
    return 0


def _insist_on_the_shipped(books: Books, settings: Settings) -> None:
    """Raise `AstreinteError` if the files have not what the demo's caller and agent play with."""
    flow = books.flows.flows[settings.flow_of(CALLED)]
    said = {prompt.name for prompt in flow.every_prompt()}
    on_call = REASON in books.rosters.reasons and any(
        books.rosters.plan(reason=REASON, at=datetime.now(UTC)).agents()
    )
    if not on_call or not said.issuperset(prompt for prompt, _ in ASKED):
        raise AstreinteError(
            "the demo plays with the rosters and the flow that this project ships, and these are others",
            remedy="run it in a copy of the project as it came; to hear your own files: `astreinte run`",
        )


def _clear(data: Path) -> None:
    """Remove what an earlier demo left, but for the lock that we hold."""
    for path in data.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


async def _demo(settings: Settings, installation: Installation, books: Books) -> None:
    typer.echo(f"Asterisk {installation.version}. Starting the line and a telephone network ...")
    narrator = Narrator()
    try:
        async with _world(settings, installation, books, narrator) as (line, network):
            call = await _one_call(line, network, books, narrator, settings.data)
    except (AssertionError, TimeoutError) as error:  # what a person on the telephone waited for in vain
        raise StepMissing(str(error) or "a telephone did not register", settings.data) from error
    typer.echo("\nThe record, read back from the database:\n")
    story = await stored_story(line.settings.database_url, call)
    print_story(story)
    _insist(story.call.outcome == "bridged", f"the record says {story.call.outcome}", settings.data)
    talked = story.call.talk_seconds or 0.0
    _insist(talked >= TALK_SECONDS, f"the record says {talked:.1f} s of talk", settings.data)
    typer.echo(f"\nEverything happened. Log and records: {settings.data}")


@asynccontextmanager
async def _world(
    settings: Settings, installation: Installation, books: Books, narrator: Narrator
) -> AsyncIterator[tuple[Line, TelephoneNetwork]]:
    """Start the line and a telephone network around it, on addresses of their own."""
    address = loopback_address()
    config = LineConfig(
        run_dir=settings.data / "line",
        sip_bind=address,
        control_bind=address,
        trunk_host=loopback_address(),
        agi_host=address,
        phones={name: Phone() for name in sip_phones(books.rosters)},
    )
    async with AsyncExitStack() as stack:
        _, settings = await stack.enter_async_context(managed_asterisk(settings, installation, config))
        network = await stack.enter_async_context(
            open_network(
                installation,
                settings.asterisk.templates,
                NetworkConfig.beside(config, settings.data / "network"),
            )
        )
        with SetupProgress() as progress:
            opening = open_line(settings, listener=narrator, progress=progress.prompts)
            line = await stack.enter_async_context(opening)
        await network.phones_registered()
        yield line, network


async def _one_call(
    line: Line, network: TelephoneNetwork, books: Books, narrator: Narrator, data: Path
) -> str:
    """Play a caller and an agent; return the call's id. Raises `StepMissing`."""
    caller_says = hearing.write_tone(data / "caller.wav", CALLER_TONE, TALK_SECONDS)
    agent_says = hearing.write_tone(data / "agent.wav", AGENT_TONE, TALK_SECONDS)
    plan = books.rosters.plan(reason=REASON, at=datetime.now(UTC))
    for on_call in plan.agents():
        for phone in on_call.agent.phones:
            network.when_rung(phone.address, answers(after=1.0, listen=3.0, press="1", speak=agent_says))

    typer.echo(f"\n{CALLER} calls {CALLED}:\n")
    caller = await network.call(CALLED, caller=CALLER, name="Camille Petit")
    await caller.answered()
    await caller.listen()
    flow = books.flows.flows[line.settings.flow_of(CALLED)]
    for prompt, key in ASKED:
        await _hears(caller, line, flow.prompts([prompt], flow.languages[:1])[0], data)
        narrator.say(f"the caller has heard « {prompt} »")
        await caller.press(key)
    await _within(20, narrator.bridged, "caller and agent were not bridged", data)
    leg = next(fact for fact in narrator.facts if isinstance(fact, LegStarted))
    _insist(leg.agent == next(plan.agents()).agent.id, f"{leg.agent} was rung, the roster says another", data)
    agent = next(party for party in network.parties if party is not caller)
    await caller.speak(caller_says)
    await asyncio.sleep(TALK_SECONDS + 0.5)
    for party, hertz, who in ((caller, AGENT_TONE, "agent"), (agent, CALLER_TONE, "caller")):
        heard = hearing.tone_seconds(await party.heard(), hertz)
        enough = heard >= TALK_SECONDS * HEARD_AT_LEAST
        _insist(enough, f"the {who}'s voice was heard for {heard:.1f} s", data)
        narrator.say(f"the {who}'s voice was heard by the other for {heard:.1f} s")
    await caller.hang_up()
    await _within(10, narrator.ended, "the line did not notice that the caller hung up", data)
    await agent.ended()
    narrator.say("the agent's telephone is free again")
    return leg.call


async def _hears(party: Party, line: Line, prompt: Prompt, data: Path) -> None:
    """Wait until a person has really heard the beginning of a prompt."""
    said = hearing.read_wav(line.prompts.path(prompt))
    size = int(PART_SECONDS * hearing.RATE)
    parts = [said[at : at + size] for at in range(0, PARTS * size, size)]
    for _ in range(10):
        await asyncio.sleep(1)
        heard = await party.heard()
        alike = [hearing.likeness(heard, part) > hearing.ALIKE for part in parts]
        if sum(alike) > PARTS / 2:
            return
    raise StepMissing(f"the caller never heard « {prompt.text} »", data)


async def _within(seconds: float, event: asyncio.Event, otherwise: str, data: Path) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        raise StepMissing(otherwise, data) from None


def _insist(happened: bool, otherwise: str, data: Path) -> None:
    if not happened:
        raise StepMissing(otherwise, data)
