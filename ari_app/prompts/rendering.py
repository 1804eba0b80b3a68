"""Rendering as the line sees it: a process of its own makes the audio, job by job.

Speech engines are C code with global state, numpy is 30 MB of memory: neither belongs in the process
that holds the calls. If an engine crashes or hangs, a prompt fails and the calls go on.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import IO

from .engines import EngineChoice

JOB_SECONDS = 90.0
"""How long one prompt may take; a neural voice on a small machine needs some seconds."""
OTHER_WAYS = "change the text a little, record the prompt, or use another engine (docs/prompts.md)"


@dataclass(frozen=True, slots=True)
class Job:
    """One prompt to be made: the path of its files without their suffix, and what it is made of."""

    stem: str
    language: str
    text: str | None = None
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a job failed, and what to do."""

    message: str
    remedy: str


async def render(
    jobs: Sequence[Job], engine: EngineChoice, progress: Callable[[int, int], None]
) -> dict[str, Fault]:
    """Make the files of every job. Returns what failed, by stem."""
    faults: dict[str, Fault] = {}
    waiting = deque(jobs)
    progress(0, len(jobs))
    while waiting:
        async with _renderer(engine) as renderer:
            while waiting and renderer.lives:
                job = waiting.popleft()
                fault = await renderer.make(job)
                if fault is not None:
                    faults[job.stem] = fault
                progress(len(jobs) - len(waiting), len(jobs))
        # it died of a job, or all are done: what is left gets a new one
    return faults


class _Renderer:
    """The process, see `renderer.py`."""

    def __init__(self, process: Process, complaints: IO[bytes]) -> None:
        self._process = process
        self._complaints = complaints

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    async def make(self, job: Job) -> Fault | None:
        """Do a job; None if it went well. A process that died or hung is gone afterwards."""
        try:
            async with asyncio.timeout(JOB_SECONDS):
                answer = await self._answer(json.dumps(asdict(job)).encode() + b"\n")
        except TimeoutError:
            await self.end()
            return Fault(f"the speech engine did not finish in {JOB_SECONDS:.0f} seconds", OTHER_WAYS)
        if answer:
            fault = json.loads(answer)
            return None if fault is None else Fault(**fault)
        code = await self._process.wait()
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Fault(f"the speech engine crashed ({ended}){self._last_complaint()}", OTHER_WAYS)

    async def _answer(self, job: bytes) -> bytes:
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        try:
            self._process.stdin.write(job)
            await self._process.stdin.drain()
            return await self._process.stdout.readline()
        except ConnectionError:
            return b""  # it died

    def _last_complaint(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {last[:200]}" if last else ""

    async def end(self) -> None:
        """End the process and whatever it started."""
        if self.lives:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


@asynccontextmanager
async def _renderer(engine: EngineChoice) -> AsyncIterator[_Renderer]:
    # -P: nothing in the current folder is imported
    command = [sys.executable, "-P", "-m", "ari_app.prompts.renderer", engine.kind, *engine.command]
    with tempfile.TemporaryFile() as complaints:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=complaints, start_new_session=True
        )
        renderer = _Renderer(process, complaints)
        try:
            yield renderer
        finally:
            await renderer.end()
