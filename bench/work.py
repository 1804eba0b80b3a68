"""How much work a call is for the line's process, counted instead of timed: the same on every machine, twice.

CPU time depends on what else the machine does, by a fifth and more. Here the line runs under valgrind, which
counts the instructions and, with caches that it imitates, the pieces of memory that have to be fetched for
them. What a change saves or adds is seen to one part in a hundred. The kernel's share is not counted.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .figures import Figure, none_of
from .processes import ProcessFailed
from .rig import LINE, Rig
from .rounds import SETTLE_SECONDS, failures
from .sipp import Load

RATE = 3
"""Calls a second: under valgrind a line takes some fifty times the CPU."""
WARM_UP_CALLS = 12
IDLE_SECONDS = 6.0
START_SECONDS = 300.0
CACHES = ("--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,8,64")
"""As the cores have them that docs/performance.md speaks of: 32 kB beside each core, 1 MB behind that."""
_FETCHED = ("ILmr", "DLmr", "DLmw")
"""Callgrind's names for what was in no cache: instructions, data read, data written."""


@dataclass(frozen=True, slots=True)
class Work:
    """What some calls were for the line's process, a call, beyond what it does without any."""

    calls: int
    failed: int
    instructions: float
    fetched: float
    """Lines of 64 bytes that were in no cache."""


async def work_round(rig: Rig, calls: int, call_seconds: float) -> Work:
    """Count the work of `calls` calls. Raises `ProcessFailed` where there is no valgrind."""
    for program in ("valgrind", "callgrind_control"):
        if shutil.which(program) is None:
            raise ProcessFailed(f"{program} is not on PATH; as root: apt install valgrind")
    out = rig.folder / "callgrind.out"
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--cache-sim=yes", *CACHES]
    valgrind += ["--dump-line=no", f"--callgrind-out-file={out}"]
    async with rig.line.running(under=valgrind, seconds=START_SECONDS) as app:
        await rig.play(Load(WARM_UP_CALLS, RATE, call_seconds), LINE)
        await asyncio.sleep(SETTLE_SECONDS)
        await _control("--instr=on", app)
        await _control("--zero", app)
        idle_from = time.monotonic()
        await asyncio.sleep(IDLE_SECONDS)
        await _control("--dump=idle", app)
        busy_from = time.monotonic()
        failed, heard = await rig.play(Load(calls, RATE, call_seconds), LINE)
        await asyncio.sleep(SETTLE_SECONDS)
        await _control("--dump=busy", app)
        busy_until = time.monotonic()
    idle, busy = (_counted(Path(f"{out}.{number}")) for number in (1, 2))
    as_idle = (busy_until - busy_from) / (busy_from - idle_from)
    a_call = {name: (busy[name] - idle[name] * as_idle) / calls for name in busy}
    return Work(calls, failures(failed, heard), a_call["Ir"], sum(a_call[name] for name in _FETCHED))


async def _control(what: str, pid: int) -> None:
    process = await asyncio.create_subprocess_exec(
        "callgrind_control",
        what,
        str(pid),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise ProcessFailed(f"callgrind_control {what} failed: valgrind and it must be of one version")


def _counted(dump: Path) -> Mapping[str, int]:
    """Return what callgrind counted, by its names for it."""
    words = {line.partition(":")[0]: line.split()[1:] for line in dump.read_text("utf-8").splitlines()}
    return dict(zip(words["events"], map(int, words["totals"]), strict=True))


def figures_of_work(work: Work) -> list[Figure]:
    """Describe the work of a call."""
    return [
        Figure("Instructions a call, the app", work.instructions / 1e6, "M"),
        Figure("Memory fetched a call, the app", work.fetched * 64 / 1024, "kB"),
        none_of("Failed calls", work.failed),
    ]
