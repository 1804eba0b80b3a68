"""`astreinte demo`: one real call, its story as it happens, and its record as it was stored."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer

from ..core import logs
from ..core.errors import AstreinteError
from ..core.settings import Settings, load_settings
from ..network import hearing
from ..network.network import TelephoneNetwork, open_network
from ..network.party import Party
from ..pbx import find_asterisk
from ..records.facts import Fact, Outcome
from ..service.books import open_books
from ..service.line import Line, open_line
from ..service.managed import line_config, managed_asterisk
from .calls import print_call, stored_call
from .progress import SetupProgress
from .story import told

LINE = "+33199000100"
CALLER = "+33199001234"
REASON = "panne"
CALLER_TONE, AGENT_TONE = 440.0, 880.0
"""Hz: what stands for a voice, so that hearing it can be measured."""
TALK_SECONDS = 3.0


class StepMissing(AstreinteError):
    """Something that the demo promises did not happen."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the call went wrong: {what}", remedy="the log beside the record says more; try again"
        )


@dataclass
class Narrator:
    """Prints each fact of the call with the time since it came in, and what the network's people notice."""

    started: float | None = None
    facts: list[Fact] = field(default_factory=list)

    def put(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.say(told(fact))

    def say(self, sentence: str) -> None:
        now = time.monotonic()
        self.started = self.started or now
        typer.echo(f"  {now - self.started:7.3f} s  {sentence}")


def run_demo() -> int:
    """Run the demo; return 0 only if every step of the call really happened."""
    settings = load_settings(None)
    data = settings.data / "demo"
    data.mkdir(parents=True, exist_ok=True)
    logs.configure(format="json", level="info", file=data / "demo.log", mask_numbers=True)
    asyncio.run(_demo(settings.model_copy(update={"data": data, "database": None})))
    return 0


async def _demo(settings: Settings) -> None:
    with SetupProgress() as progress:
        installation = await asyncio.to_thread(find_asterisk, progress.asterisk)
    narrator = Narrator()
    async with AsyncExitStack() as stack:
        typer.echo("Starting the line's Asterisk, and another one that plays the telephone network ...")
        ...
