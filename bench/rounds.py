"""What is measured: rounds of calls through the line and what it is compared with, and many calls held."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from .handset import Heard
from .rig import BARE, DIALPLAN, LINE, Rig
from .sipp import SHORT, Load
from .usage import cpu_seconds, memory_kb

WARM_UP = Load(calls=30, rate=15, call_seconds=1.5)
IDLE_SECONDS = 2.0
"""How long the processes are looked at without calls, for what they use anyway."""
SETTLE_SECONDS = 1.5
"""How long after the last call its records and logs are still being written."""
WARNING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Round:
    """One load through one of the ways. CPU is in ms a call, beyond what the idle processes use."""

    rate: int
    calls: int
    failed: int
    asterisk_ms: float
    app_ms: float
    rung_after_ms: list[float]
    """From the key to the agent's INVITE, call by call, sorted."""

    @property
    def cpu_ms(self) -> float:
        """CPU of all that serves a call."""
        return self.asterisk_ms + self.app_ms


@dataclass(frozen=True, slots=True)
class Hold:
    """Many calls at once, held."""

    calls: int
    failed: int
    at_once: int
    """The fewest calls that were seen while all were to be there."""
    seconds: float
    app_kb_a_call: float
    asterisk_kb_a_call: float


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is there when all calls are over."""

    channels: int
    bridges: int
    calls: int
    records: int
    bridged: int


def warming(load: Load) -> Load:
    """Return some calls like those of a load."""
    return WARM_UP if load.people is SHORT else replace(load, calls=WARM_UP.calls, rate=WARM_UP.rate)


def failures(failed: int, heard: list[Heard]) -> int:
    """Count the calls that failed for SIPp, rang no agent, or whose caller did not hear the agent."""
    return max(failed, sum(each.rung_after_ms is None or not each.echo for each in heard))


async def warm_up(rig: Rig, called: str = LINE, load: Load = WARM_UP) -> int:
    """Place some calls that are not measured; return how many failed."""
    return failures(*await rig.play(load, called))


async def line_round(rig: Rig, load: Load, called: str = LINE) -> Round:
    """Measure a load through a line that was just started and warmed up."""
    async with rig.line.running() as app:
        await warm_up(rig, called, warming(load))
        return await _round(rig, load, called, [rig.asterisk_pid, app])


async def bare_round(rig: Rig, load: Load) -> Round:
    """Measure a load through an application that does nothing but send the requests of the short call."""
    async with rig.bare() as app:
        await warm_up(rig, BARE)
        return await _round(rig, load, BARE, [rig.asterisk_pid, app])


async def dialplan_round(rig: Rig, load: Load, called: str = DIALPLAN) -> Round:
    """Measure a load through plain dialplan, while no application is connected to Asterisk."""
    return await _round(rig, load, called, [rig.asterisk_pid])


async def _round(rig: Rig, load: Load, called: str, pids: list[int]) -> Round:
    await asyncio.sleep(SETTLE_SECONDS)
    idle_from, used_from = time.monotonic(), [cpu_seconds(pid) for pid in pids]
    await asyncio.sleep(IDLE_SECONDS)
    busy_from, used_idle = time.monotonic(), [cpu_seconds(pid) for pid in pids]
    failed, heard = await rig.play(load, called)
    await asyncio.sleep(SETTLE_SECONDS)
    busy_seconds, used_busy = time.monotonic() - busy_from, [cpu_seconds(pid) for pid in pids]
    cpu_ms = [
        1000 * (busy - idle - (idle - begin) / (busy_from - idle_from) * busy_seconds) / load.calls
        for begin, idle, busy in zip(used_from, used_idle, used_busy, strict=True)
    ]
    rung_after = sorted(each.rung_after_ms for each in heard if each.rung_after_ms is not None)
    return Round(
        rate=load.rate,
        calls=load.calls,
        failed=failures(failed, heard),
        asterisk_ms=cpu_ms[0],
        app_ms=sum(cpu_ms[1:]),
        rung_after_ms=rung_after,
    )


async def hold(rig: Rig, calls: int, rate: int, seconds: float) -> Hold:
    """Place calls until that many are there at once, hold them, and let them end."""
    async with rig.line.running() as app:
        await warm_up(rig)
        await asyncio.sleep(SETTLE_SECONDS)
        ramp = calls / rate
        load = Load(calls, rate, ramp + seconds + 2 * WARNING_SECONDS)
        pids = [app, rig.asterisk_pid]
        empty = [memory_kb(pid) for pid in pids]
        playing = asyncio.create_task(rig.play(load, LINE))
        try:
            await asyncio.sleep(ramp + WARNING_SECONDS)
            at_once = len(await rig.server.channels()) // 2
            held_from = time.monotonic()
            await asyncio.sleep(seconds - WARNING_SECONDS)
            full = [memory_kb(pid) for pid in pids]
            at_once = min(at_once, len(await rig.server.channels()) // 2)
            held = time.monotonic() - held_from
            failed, heard = await playing
        finally:
            playing.cancel()
            await asyncio.wait([playing])
        app_kb, asterisk_kb = ((after - before) / calls for before, after in zip(empty, full, strict=True))
        return Hold(calls, failures(failed, heard), at_once, held, app_kb, asterisk_kb)
