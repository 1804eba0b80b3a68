"""An Asterisk process: start it, wait until it is ready, stop it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
from base64 import b64encode
from http import HTTPStatus
from pathlib import Path

from .children import dies_with_us
from .config import AsteriskConfig
from .errors import AsteriskFailed
from .installation import Installation
from .ports import check_free

_POLL = 0.05  # seconds between two looks whether Asterisk is there
_START_TIME = 60.0  # seconds; it takes 1 to 3 on an idle machine
_STOP_TIME = 10.0  # seconds until SIGTERM, and again until SIGKILL
_ANSWER_TIME = 10.0  # seconds for ARI to answer
_QUOTED = 12  # error lines in a message


class AsteriskServer:
    """One Asterisk, from the run folder that `render` made.

    It runs in a session of its own, so that Ctrl-C reaches only the application, which drains first. Unless
    `outlives_us`, the kernel ends it when the thread that started it ends, so that nothing stays behind.
    """

    def __init__(
        self, installation: Installation, config: AsteriskConfig, *, outlives_us: bool = False
    ) -> None:
        self.installation = installation
        self.config = config
        self._outlives_us = outlives_us
        self._process: asyncio.subprocess.Process | None = None

    @property
    def run_dir(self) -> Path:
        """The folder of this Asterisk's configuration, logs, recordings and database."""
        return self.config.run_dir

    @property
    def pid(self) -> int | None:
        """The process id, None when it does not run."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process that `start` started is still there."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> AsteriskServer:
        await self.start()
        try:
            await self.wait_ready()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the process. Raises `PortTaken`, or `AsteriskFailed` when it already runs."""
        if self.running:
            raise AsteriskFailed(
                f"this Asterisk already runs, as process {self.pid}", remedy="stop it first, or restart it"
            )
        for purpose, host, port, udp in self.config.listeners():
            check_free(purpose, host, port, udp=udp)
        self._make_socket_dir()
        command = [*self.installation.command(), "-f", "-C", str(self._etc / "asterisk.conf")]
        if not self._outlives_us:
            command = [*dies_with_us(), *command]
        with self._console.open("wb") as console:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.config.run_dir,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )

    async def wait_ready(self, seconds: float = _START_TIME) -> None:
        """Return once all modules are loaded and ARI answers to our password.

        Raises `AsteriskFailed` when Asterisk ends, or is not ready after that many seconds.
        """
        try:
            async with asyncio.timeout(seconds):
                while not await self._ari_answers():
                    if not self.running:
                        raise self._failed("Asterisk ended while it was starting")
                    await asyncio.sleep(_POLL)
                await self.cli("core waitfullybooted")
        except TimeoutError:
            raise self._failed(f"Asterisk is not ready after {seconds:.0f} s") from None

    async def stop(self) -> None:
        """End Asterisk: calls are hung up, then it goes; by force when it does not."""
        if self.running:
            with contextlib.suppress(AsteriskFailed, TimeoutError):
                await self.cli("core stop now", seconds=_STOP_TIME)
            if not await self._ends_within(_STOP_TIME):
                self._signal(signal.SIGTERM)
                if not await self._ends_within(_STOP_TIME):
                    await self.kill()
        self._clean()

    async def kill(self) -> None:
        """End Asterisk at once with SIGKILL, as a crash would."""
        if self.running:
            self._signal(signal.SIGKILL)
            await self._ends_within(_STOP_TIME)
        self._clean()

    async def restart(self) -> None:
        """Stop, start, and wait until it is ready."""
        await self.stop()
        await self.start()
        await self.wait_ready()

    async def cli(self, command: str, *, seconds: float = 30.0) -> str:
        """Run a command of Asterisk's command line and return what it prints.

        Raises `AsteriskFailed` when no Asterisk runs here, `TimeoutError` after that many seconds.
        """
        words = [*self.installation.command(), "-C", str(self._etc / "asterisk.conf"), "-rx", command]
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(seconds):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = output.decode("utf-8", "replace")
        if process.returncode != 0:
            raise self._failed(f"Asterisk's command line did not take {command!r}: {text.strip()}")
        return text

    async def channels(self) -> list[str]:
        """Return the names of all channels that are there now, in Stasis or not.

        Raises `AsteriskFailed` when ARI does not answer.
        """
        return [channel["name"] for channel in await self._ari_list("channels")]

    async def bridges(self) -> list[str]:
        """Return the ids of all bridges that are there now. Raises `AsteriskFailed` like `channels`."""
        return [bridge["id"] for bridge in await self._ari_list("bridges")]

    @property
    def _etc(self) -> Path:
        return self.config.run_dir / "etc"

    @property
    def _console(self) -> Path:
        return self.config.run_dir / "log" / "console.log"

    async def _ari_answers(self) -> bool:
        try:
            status, _ = await self._get("asterisk/ping")
        except (OSError, asyncio.IncompleteReadError):
            return False
        return status == HTTPStatus.OK

    async def _ari_list(self, path: str) -> list[dict[str, str]]:
        try:
            async with asyncio.timeout(_ANSWER_TIME):
                status, body = await self._get(path)
        except (OSError, asyncio.IncompleteReadError) as error:  # TimeoutError is an OSError
            raise self._failed(f"ARI does not answer: {error or 'no reply in time'}") from error
        if status != HTTPStatus.OK:
            raise self._failed(f"ARI answered {status} to GET /{path}")
        found: list[dict[str, str]] = json.loads(body)
        return found

    async def _get(self, path: str) -> tuple[int, bytes]:
        # The least that tells: this room stands below the ARI client, and must not need it.
        credentials = b64encode(f"{self.config.ari_user}:{self.config.ari_password}".encode()).decode()
        request = (
            f"GET /ari/{path} HTTP/1.1\r\nHost: asterisk\r\nConnection: close\r\n"
            f"Authorization: Basic {credentials}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(self.config.ari_host, self.config.http_port)
        try:
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?im)^content-length: *(\d+)", head)
            return int(head.split(maxsplit=2)[1]), await reader.readexactly(int(length[1]) if length else 0)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _ends_within(self, seconds: float) -> bool:
        if self._process is None:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._process.wait()
        return not self.running

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _make_socket_dir(self) -> None:
        folder = self.config.socket_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():  # under /tmp anybody could have made it
            raise AsteriskFailed(
                f"{folder} belongs to another user",
                remedy="remove it, or use a run folder with a shorter path",
            )
        self.config.control_socket.unlink(missing_ok=True)

    def _clean(self) -> None:
        if not self.config.socket_dir.is_relative_to(self.config.run_dir):
            shutil.rmtree(self.config.socket_dir, ignore_errors=True)

    def _failed(self, message: str) -> AsteriskFailed:
        logs = [self._console, self.config.run_dir / "log" / "messages.log"]
        return AsteriskFailed(
            message,
            errors=_error_lines(logs),
            remedy=f"mend what the lines above name; Asterisk's whole log is {logs[-1]}",
        )


def _error_lines(logs: list[Path]) -> list[str]:
    lines: list[str] = []
    for path in logs:
        with contextlib.suppress(OSError):
            lines += [
                line.strip()
                for line in path.read_text("utf-8", "replace").splitlines()
                if "ERROR" in line or path.name == "console.log"
            ]
    return list(dict.fromkeys(line for line in lines if line))[-_QUOTED:]
