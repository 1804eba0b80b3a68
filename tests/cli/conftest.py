"""A folder with the shipped files, and ways to run `astreinte` in it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ari_app.cli.main import main
from ari_app.core import logs
from ari_app.pbx import AsteriskConfig
from tests.forked import Forked, forked, stand_ready

PROJECT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "ari_app"]
SHIPPED = "asterisk: {managed: true, phones: [alice, bruno, chloe, david, emma, farid, gaelle, hugo, ines]}\n"
"""The settings with which nothing is wrong with the shipped rosters."""
PATIENCE = 60.0
"""Seconds for something that must happen; only a test that fails waits so long."""


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str = ""


@dataclass
class Desk:
    """A folder with the files of a line, and somebody who types commands in it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def settings(self, text: str) -> Path:
        """Write `astreinte.yaml`."""
        return self.write("astreinte.yaml", text)

    def reaching(self, config: AsteriskConfig, *, more: str = "") -> None:
        """Write the settings of a line that uses an Asterisk; the passwords are in the environment."""
        host = config.control_bind
        self.settings(
            f"ari: {{url: '{config.ari_url}'}}\nami: {{host: {host}, port: {config.ami_port}}}\n"
            f"agi: {{host: {host}}}\n{more}"
        )
        self.environment |= {
            "ASTREINTE_ARI__PASSWORD": config.ari_password,
            "ASTREINTE_AMI__PASSWORD": config.ami_password,
        }

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> Path:
        """Replace a text in a file."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        return path

    def environ(self, **more: str) -> dict[str, str]:
        """Return the environment of a command: this one's, without any setting of a line."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name == "ASTREINTE_CACHE" or not name.startswith(("ASTREINTE_", "COLUMNS", "LINES"))
        }
        return {**kept, "PYTHONPATH": str(PROJECT), **self.environment, **more}

    def types(self, *words: str, **environment: str) -> Said:
        """Run a command to its end in a process of its own."""
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environ(**environment),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def types_on_terminal(self, *words: str, columns: int = 80, **environment: str) -> Said:
        """Run a command to its end on a terminal of that width."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        with subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environ(TERM="xterm-256color", **environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            shown = b""
            with suppress(OSError):  # EIO: nobody is on the other side any more
                while piece := os.read(ours, 65536):
                    shown += piece
        os.close(ours)
        return Said(process.returncode, shown.decode().replace("\r\n", "\n"))


@pytest.fixture(scope="session", autouse=True)
def forks() -> None:
    """The process that forks into lines; no test leaves it behind."""
    stand_ready()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The shipped rosters and flows in a folder of their own, without settings."""
    folder = tmp_path / "desk"
    folder.mkdir()
    for name in ("rosters", "ivr_flows", "asterisk_conf"):
        shutil.copytree(PROJECT / name, folder / name)
    return Desk(folder)


@pytest.fixture
def astreinte(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Run a command in this process, in the desk's folder and environment: quicker than one of its own."""
    for name in os.environ.keys() - desk.environ():
        monkeypatch.delenv(name)
    monkeypatch.chdir(desk.folder)

    def run(*words: str, **environment: str) -> Said:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(sys, "argv", ["astreinte", *words])
            for name, value in {**desk.environment, **environment}.items():
                meanwhile.setenv(name, value)
            time.tzset()
            with pytest.raises(SystemExit) as ended:
                main()
        time.tzset()
        captured = capsys.readouterr()
        return Said(int(ended.value.code or 0), captured.out, captured.err)

    yield run
    logs.configure(level="warning")


class RunningLine:
    """`astreinte run` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process | Forked, out: Path, err: Path) -> None:
        self._process, self._out, self._err = process, out, err

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._out.read_text("utf-8")

    @property
    def said(self) -> str:
        return self._err.read_text("utf-8")

    async def logs(self, text: str, *, times: int = 1) -> None:
        """Wait until the log holds a text so many times."""
        await self._until(lambda: self.log.count(text) >= times, text)

    async def says(self, text: str) -> None:
        """Wait until the people who started it were told something."""
        await self._until(lambda: text in self.said, text)

    async def is_up(self) -> None:
        await self.says("Ctrl-C stops it")  # the last of what is said then

    async def _until(self, happened: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not happened():
                    ended = self._process.returncode is not None
                    await asyncio.sleep(0.02)
                    assert happened() or not ended, f"it ended before {what!r}:\n{self.log}\n{self.said}"
        except TimeoutError:
            raise AssertionError(f"no {what!r} in\n{self.log}\n{self.said}") from None

    def gets(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def ends(self) -> int:
        """Wait for its end; return its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def stops_with(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal it and wait for its end; return its exit code."""
        self.gets(number)
        return await self.ends()


@asynccontextmanager
async def running(
    desk: Desk, *words: str, through: Sequence[str] = (), **environment: str
) -> AsyncIterator[RunningLine]:
    """Run `astreinte run`, `through` another command, while the block lasts; then kill what still runs."""
    out, err = desk.folder / "stdout", desk.folder / "stderr"
    environ = desk.environ(**environment)
    process: asyncio.subprocess.Process | Forked
    with out.open("wb") as stdout, err.open("wb") as stderr:
        if through:
            process = await asyncio.create_subprocess_exec(
                *through,
                *COMMAND,
                "run",
                *words,
                cwd=desk.folder,
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        else:
            files = {"stdout": stdout.fileno(), "stderr": stderr.fileno()}
            process = await forked("run", *words, folder=desk.folder, environment=environ, **files)
    try:
        yield RunningLine(process, out, err)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that nobody tells of."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)
