"""What is measured of a line that dies with people on the phone: how soon it has their calls again, and what
is on record of them when they have hung up."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from .figures import Figure, none_of
from .rig import LINE, Rig
from .rounds import SETTLE_SECONDS, failures, warm_up
from .sipp import Load

RAMP = 20
"""Calls a second until all are there."""
AWAY_SECONDS = 20.0
"""How long at most all of them talk: until the line is killed, started, and has them again."""
TARGET_SECONDS = 2.0
LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Adoption:
    """A line that was killed with that many calls in talk, and started again. Times in seconds."""

    calls: int
    talked: int
    """Calls in which two people talked when the line was killed."""
    adopted: int
    from_start: float
    """From the instant at which the new process was asked for, to the last of them that is followed again."""
    from_connection: float
    """From the new process' connection to Asterisk, to the same."""
    failed: int
    """Calls that did not go through every step, as seen by callers and agents."""
    complete: int
    """Records that say who talked with whom, for how long, and how all of it ended."""
    channels: int
    bridges: int


async def adoption_round(rig: Rig, calls: int) -> Adoption:
    """Kill a line with `calls` people in talk, start it again, and let all of them hang up."""
    load = Load(calls, RAMP, calls / RAMP + AWAY_SECONDS, hushed=True)
    async with rig.line.running() as app:
        await warm_up(rig)
        await asyncio.sleep(SETTLE_SECONDS)
        before, told = rig.line.complete(), len(rig.line.told("call.bridged"))
        playing = asyncio.create_task(rig.play(load, LINE))
        await _until(
            lambda: len(rig.line.told("call.bridged")) - told >= calls, load.seconds - AWAY_SECONDS / 2
        )
        talked = len(await rig.server.bridges())
        os.kill(app, signal.SIGKILL)
    try:
        started = time.time()
        async with rig.line.running():
            await _until(lambda: len(rig.line.told("call.adopted")) >= talked, AWAY_SECONDS)
            adopted, connected = rig.line.told("call.adopted"), rig.line.told("ari.connected")
            failed, heard = await playing
            await asyncio.sleep(SETTLE_SECONDS)
            channels, bridges = await rig.server.channels(), await rig.server.bridges()
    finally:
        playing.cancel()
        await asyncio.wait([playing])
    last = max(adopted, default=float("nan"))
    return Adoption(
        calls=calls,
        talked=talked,
        adopted=len(adopted),
        from_start=last - started,
        from_connection=last - connected[0],
        failed=failures(failed, heard),
        complete=rig.line.complete() - before,
        channels=len(channels),
        bridges=len(bridges),
    )


async def _until(happened: Callable[[], bool], seconds: float) -> None:
    """Wait for something, not for ever: whether it happened is among the figures."""
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process tells it
        await asyncio.sleep(LOOK_EVERY)


def figures_of_adoption(round_: Adoption) -> list[Figure]:
    """Describe a line that died, and its calls."""
    calls = round_.calls
    return [
        Figure("In talk when it was killed", round_.talked, target=calls, exactly=True, must=True),
        Figure("  of them followed again", round_.adopted, target=calls, exactly=True, must=True),
        Figure("From its start to the last", round_.from_start, "s", target=TARGET_SECONDS),
        Figure("  from its connection to Asterisk", round_.from_connection, "s"),
        none_of("Failed calls", round_.failed),
        Figure("Complete records", round_.complete, target=calls, exactly=True, must=True),
        none_of("Channels left", round_.channels),
        none_of("Bridges left", round_.bridges),
    ]
