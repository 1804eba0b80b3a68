"""The line under measurement: `astreinte run`, a process of its own, with logs and records on."""

from __future__ import annotations

import json
import sqlite3
import sys
import wave
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime
from math import pi, sin
from pathlib import Path

from ari_app.pbx import LineConfig

from .processes import running, until_said

HERE = Path(__file__).parent
WHOLE_LINE = "101"
"""What callers dial to be served with all that a call can have; with any other number the call is short."""
START_SECONDS = 60.0
_COMPLETE = """
SELECT count(*) FROM calls WHERE outcome = 'bridged' AND agent IS NOT NULL
AND wait_seconds IS NOT NULL AND talk_seconds IS NOT NULL AND total_seconds IS NOT NULL
AND id IN (SELECT call_id FROM call_legs WHERE result = 'accepted')
AND id NOT IN (SELECT call_id FROM call_legs WHERE result IS NULL OR ended_at IS NULL)
"""
PROMPT_SECONDS = 5
"""Long enough that the key always comes while it plays."""


class LineUnderTest:
    """The line's files in a folder of its own, and its process while `running` lasts."""

    def __init__(self, folder: Path, asterisk: LineConfig) -> None:
        self._folder = folder
        self._log = folder / "log.jsonl"
        self._settings = folder / "astreinte.yaml"
        folder.mkdir()
        for prompt in ("choix", "avis", "agent-accept-full"):
            _record_prompt(folder / "recordings" / "fr" / f"{prompt}.wav")
        settings = {
            "rosters": str(HERE / "rosters"),
            "flows": str(HERE / "flows"),
            "data": str(folder),
            "lines": {"default": "bench", WHOLE_LINE: "full"},
            "ari": {
                "url": asterisk.ari_url,
                "username": asterisk.ari_user,
                "password": asterisk.ari_password,
            },
            "ami": {
                "host": asterisk.ami_host,
                "port": asterisk.ami_port,
                "username": asterisk.ami_user,
                "password": asterisk.ami_password,
            },
            "agi": {"host": asterisk.agi_host, "port": asterisk.agi_port},
            "prompts": {"recordings": str(folder / "recordings"), "folder": str(folder / "prompts")},
            "log": {"format": "json", "file": str(self._log)},
        }
        self._settings.touch(mode=0o600)
        self._settings.write_text(json.dumps(settings), "utf-8")  # JSON is YAML

    @asynccontextmanager
    async def running(
        self,
        settings: Path | None = None,
        *,
        under: Sequence[str] = (),
        seconds: float = START_SECONDS,
    ) -> AsyncIterator[int]:
        """Run the line while the block lasts, by these `settings` if given; yield its process id.

        `under` is the command of a program that runs it, in the same process; it may take `seconds` to start.
        """
        self._log.unlink(missing_ok=True)
        command = [*under, sys.executable, str(Path(sys.executable).with_name("astreinte")), "run"]
        command += ["--settings", str(settings or self._settings)]
        output = self._folder / "line.log"
        async with running(command, output) as process:
            await until_said(process, '"line.ready"', file=self._log, log=output, seconds=seconds)
            yield process.pid

    def settings_with(self, rosters: Path) -> Path:
        """Write a file of the same settings with other rosters; return it."""
        other = self._folder / "others.yaml"
        settings = json.loads(self._settings.read_text("utf-8"))
        other.touch(mode=0o600)
        other.write_text(json.dumps({**settings, "rosters": str(rosters)}), "utf-8")
        return other

    def prompt(self, name: str) -> Path:
        """Return a file that people hear, without its suffix; it is there once the line has run."""
        return next((self._folder / "prompts").glob(f"fr-{name}-*.wav")).with_suffix("")

    def surveyed(self) -> int:
        """Return how many callers answered the survey, by the records; the line must not be running."""
        with closing(sqlite3.connect(self._folder / "astreinte.db")) as database:
            ((count,),) = database.execute("SELECT count(survey) FROM calls")
            return int(count)

    def outcomes(self) -> Counter[str]:
        """Return how many calls are on record, by outcome; the line must not be running."""
        with closing(sqlite3.connect(self._folder / "astreinte.db")) as database:
            rows = database.execute("SELECT coalesce(outcome, 'open'), count(*) FROM calls GROUP BY 1")
            return Counter(dict(rows.fetchall()))

    def complete(self) -> int:
        """Return how many records of talks lack nothing: who talked, each duration, each attempt's end."""
        with closing(sqlite3.connect(self._folder / "astreinte.db")) as database:
            ((count,),) = database.execute(_COMPLETE)
            return int(count)

    def told(self, event: str) -> list[float]:
        """Return when the process that runs, or ran last, logged an event, in seconds since 1970."""
        if not self._log.exists():
            return []
        lines = self._log.read_text("utf-8").splitlines()
        found = (json.loads(line) for line in lines if f'"event":"{event}"' in line)
        return [datetime.fromisoformat(line["time"]).timestamp() for line in found]


def _record_prompt(path: Path) -> None:
    """Write a tone as if someone had recorded the prompt."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rate, tone = 8000, 440
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (round(8000 * sin(2 * pi * tone * n / rate)) for n in range(rate * PROMPT_SECONDS))
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
