"""SIPp as the callers, and as the agent."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from .handset import HandsetConfig
from .processes import ProcessFailed, running, tail

SCENARIOS = Path(__file__).parent / "scenarios"
GRACE_SECONDS = 40
"""How much longer than planned a load may take: SIP's own timers give up after 32 s (RFC 3261, timer B)."""


@dataclass(frozen=True, slots=True)
class People:
    """What callers and the agent do, as files of `scenarios`."""

    caller: str
    agent: str


SHORT = People("caller.xml", "agent.xml")
"""The agent picks up at once and stays; the caller hangs up."""
WHOLE = People("patient-caller.xml", "accepting-agent.xml")
"""The agent rings, listens, takes the call with a key and hangs up; the caller answers a question."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many calls, so many a second, each lasting so long from the answer."""

    calls: int
    rate: int
    call_seconds: float
    people: People = SHORT
    hushed: bool = False
    """Whether callers say little once they have heard the agent: what they say costs more than the line."""

    @property
    def seconds(self) -> float:
        """How long the whole load takes."""
        return self.calls / self.rate + self.call_seconds


@asynccontextmanager
async def sipp_agent(
    sipp: Sequence[str], people: People, address: tuple[str, int], log: Path
) -> AsyncIterator[None]:
    """Run an agent for every call, who echoes its sound, while the block lasts."""
    host, port = address
    command = [*sipp, "-sf", str(SCENARIOS / people.agent), "-i", host, "-p", str(port)]
    command += ["-mi", host, "-mp", str(port + 10), "-rtp_echo", "-nostdin"]
    async with running(command, log) as process:
        await asyncio.sleep(0.3)
        if process.returncode is not None:
            raise ProcessFailed(f"SIPp's agent did not start:\n{tail(log)}")
        yield


async def sipp_callers(
    sipp: Sequence[str], load: Load, handset: HandsetConfig, *, called: str, log: Path
) -> int:
    """Place the calls of a load and return how many failed. Raises `ProcessFailed`."""
    callers = log.with_suffix(".callers")
    lines = [f"{handset.number(call)};{handset.port(call)}" for call in range(load.calls)]
    callers.write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n", "utf-8")
    statistics = log.with_suffix(".csv")
    host, port = handset.line_for_callers
    most_seconds = round(load.seconds + GRACE_SECONDS)
    command = [*sipp, f"{host}:{port}", "-sf", str(SCENARIOS / load.people.caller), "-s", called]
    command += ["-i", handset.host, "-mi", handset.host, "-nostdin", "-inf", str(callers)]
    command += ["-m", str(load.calls), "-r", str(load.rate), "-l", str(load.calls)]
    command += ["-d", str(round(load.call_seconds * 1000)), "-timeout", str(most_seconds)]
    command += ["-trace_err", "-error_file", str(log.with_suffix(".errors"))]
    command += ["-trace_stat", "-stf", str(statistics), "-fd", "1"]
    async with running(command, log) as process:
        try:
            await asyncio.wait_for(process.wait(), most_seconds + GRACE_SECONDS)
        except TimeoutError:
            raise ProcessFailed("SIPp's callers did not come to an end") from None
    try:
        with statistics.open(newline="", encoding="utf-8") as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
    except (OSError, IndexError):
        raise ProcessFailed(f"SIPp's callers did not start:\n{tail(log)}") from None
    return load.calls - int(last["SuccessfulCall(C)"])
