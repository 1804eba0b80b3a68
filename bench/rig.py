"""The rig: one Asterisk as the line's own templates make it, and room for callers, an agent and the line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ari_app.pbx import (
    AsteriskServer,
    Installation,
    LineConfig,
    OnProgress,
    find_asterisk,
    find_sipp,
    loopback_address,
    render,
)

from .bare import BareConfig
from .handset import HandsetConfig, Heard, load_heard
from .line import LineUnderTest
from .processes import running, until_said
from .sipp import Load, sipp_agent, sipp_callers

PROJECT = Path(__file__).parent.parent
LINE, DIALPLAN, BARE = "100", "200", "102"
"""What callers dial to reach the line, the plain dialplan, and the bare application."""
WHOLE_DIALPLAN = "201"
"""The same for `WHOLE_LINE`."""
APP = "astreinte"
"""The application to which asterisk_conf/extensions.conf gives calls."""
AGENT = "+33199001201"  # as in rosters/bench.yaml
FIRST_NUMBER = 33_199_000_000
"""E.164 without `+`; in France 01 99 00 is set apart for fiction."""
FIRST_PORT = 20_000
START_SECONDS = 20.0
"""How long the handset, or the bare application, may take to start."""
REST_SECONDS = 3.0
"""How long at least a caller's port for sound is not used again."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs that others wrote."""

    asterisk: Installation
    sipp: list[str]

    @classmethod
    def found(cls, progress: OnProgress) -> Self:
        """Find them, or unpack private ones; blocking. Raises `AsteriskUnavailable`."""
        return cls(find_asterisk(progress), find_sipp(progress))


@dataclass(slots=True)
class Rig:
    """What a measurement needs; `open_rig` makes it."""

    folder: Path
    sipp: list[str]
    server: AsteriskServer
    config: LineConfig
    line: LineUnderTest
    played: Counter[str] = field(default_factory=Counter)
    """How many calls were placed so far, by what was called."""
    _loads: int = field(default=0)

    @property
    def asterisk_pid(self) -> int:
        """The process id of Asterisk."""
        assert self.server.pid is not None
        return self.server.pid

    async def play(self, load: Load, called: str) -> tuple[int, list[Heard]]:
        """Place the calls of a load to `called`; return how many failed for SIPp, and what was heard."""
        self._loads += 1
        name = f"{self._loads:02}-{called}-{load.rate}"
        host, port = self.config.trunk_host, self.config.trunk_port
        handset = HandsetConfig(
            host=host,
            first_port=FIRST_PORT,
            ports=min(load.calls, round(load.rate * (load.call_seconds + REST_SECONDS))),
            calls=load.calls,
            first_number=FIRST_NUMBER + self.played.total(),
            line=(self.config.sip_bind, self.config.sip_port),
            line_for_callers=(host, port + 1),
            agent=(host, port),
            sipp_agent=(host, port + 2),
            hushed=load.hushed,
        )
        self.played[called] += load.calls
        config, heard = self.folder / f"{name}.handset", self.folder / f"{name}.heard"
        handset.save(config)
        command = [sys.executable, "-m", "bench.handset", str(config), str(heard)]
        log = self.folder / f"{name}-handset.log"
        async with running(command, log, cwd=PROJECT) as process:
            await until_said(process, "ready", file=log, log=log, seconds=START_SECONDS)
            async with sipp_agent(
                self.sipp, load.people, handset.sipp_agent, self.folder / f"{name}-agent.log"
            ):
                failed = await sipp_callers(
                    self.sipp, load, handset, called=called, log=self.folder / f"{name}-callers.log"
                )
        return failed, load_heard(heard)

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[int]:
        """Run the bare application in the line's stead while the block lasts; yield its process id.

        The line must have run before: callers hear the same prompt.
        """
        file, log = self.folder / "bare.json", self.folder / "bare.log"
        BareConfig(
            url=self.config.ari_url,
            username=self.config.ari_user,
            password=self.config.ari_password,
            app=APP,
            prompt=str(self.line.prompt("choix")),
            endpoint=f"PJSIP/{AGENT}@trunk",
        ).save(file)
        command = [sys.executable, "-m", "bench.bare", str(file)]
        async with running(command, log, cwd=PROJECT) as process:
            await until_said(process, "ready", file=log, log=log, seconds=START_SECONDS)
            yield process.pid

    async def add_dialplan(self) -> None:
        """Add to the running Asterisk the plain dialplan that the line is compared with.

        The line's own way through `from-trunk` stays as it is shipped.
        """
        prompt, agent = self.line.prompt, f"Dial(PJSIP/{AGENT}@trunk,25"
        await self._add(
            "from-trunk", DIALPLAN, "Answer()", f"Read(KEY,{prompt('choix')},1)", f"{agent})", "Hangup()"
        )
        await self._add(
            "from-trunk",
            WHOLE_DIALPLAN,
            "Answer()",
            f"Read(KEY,{prompt('choix')},1)",
            f"{agent},m(default)gU(accept-whole))",
            f"Read(SCORE,{prompt('avis')},1,,1,5)",
            f"Playback({prompt('merci')})",
            "Hangup()",
        )
        await self._add(
            "accept-whole",
            "s",
            "Set(GOSUB_RESULT=CONTINUE)",
            f"Read(TAKEN,{prompt('agent-accept-full')}&{prompt('agent-keys')},1,,1,10)",
            "GotoIf($[0${TAKEN}!=1]?5)",
            "Set(GOSUB_RESULT=)",
            "Return()",
        )

    async def _add(self, context: str, extension: str, *steps: str) -> None:
        for priority, step in enumerate(steps, start=1):
            await self.server.cli(
                f"dialplan add extension {extension},{priority},{step} into {context} replace"
            )


@asynccontextmanager
async def open_rig(programs: Programs, folder: Path) -> AsyncIterator[Rig]:
    """Start an Asterisk on an address of its own while the block lasts, with files in `folder`."""
    address = loopback_address()
    config = LineConfig(
        run_dir=folder / "asterisk",
        sip_bind=address,
        control_bind=address,
        agi_host=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
        qualify_phone=0,
        rtp_start=10_000,
        rtp_end=30_000,
    )
    render(PROJECT / "asterisk_conf", programs.asterisk, config)
    async with AsteriskServer(programs.asterisk, config) as server:
        yield Rig(folder, programs.sipp, server, config, LineUnderTest(folder / "line", config))
