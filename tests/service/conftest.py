"""Small houses: a team, a flow, and a line on the session's Asterisk that a test may open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from ari_app.core.settings import LimitSettings, Settings
from ari_app.pbx import AsteriskServer, LineConfig
from ari_app.records.facts import Fact
from ari_app.service.managed import reaching

F = TypeVar("F", bound=Fact)

PATIENCE = 30.0
"""Seconds for something that must happen; only a test that fails waits so long."""

ROSTER = """
team: {team}
timezone: Europe/Paris
agents:
  {agent}: {{phones: [sip:{agent}]}}
layers:
  - {{id: always, rotation: {{members: [{agent}]}}}}
escalation:
  - {{ring: on-call, for: 3s}}
reasons: [{reason}]
"""
FLOW = """
flow: {name}
languages: [fr]
start: choix
fallback_reason: {reason}
reasons: {{{reason}: {{fr: {reason}}}}}
nodes:
  choix:
    menu: {{prompt: choix, keys: {{"1": {{goto: appel}}}}, timeout: 1s, retries: 0, otherwise: appel}}
  appel: {{route: {{nobody: fin}}}}
  fin: {{goodbye: {{prompt: fin}}}}
prompts:
  choix: {{fr: "{words}"}}
  fin: {{fr: Au revoir.}}
"""


@dataclass
class Facts:
    """Everything that a line tells of its calls."""

    told: list[Fact] = field(default_factory=list)

    def put(self, fact: Fact) -> None:
        self.told.append(fact)

    def of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.told if isinstance(fact, kind)]

    async def until(self, kind: type[F], *, times: int = 1) -> F:
        """Wait for the fact of a kind that makes it so many; return it."""

        async def enough() -> bool:
            return len(self.of(kind)) >= times

        await until(enough)
        return self.of(kind)[times - 1]


@dataclass
class House:
    """The files of a line in a folder of their own, and the Asterisk that it uses."""

    asterisk: AsteriskServer
    folder: Path

    def __post_init__(self) -> None:
        for name in ("rosters", "flows", "data"):
            (self.folder / name).mkdir()
        self.has_team("support", agent="alice")
        self.has_flow("accueil")

    def has_team(self, team: str, *, agent: str, reason: str = "panne", more: str = "") -> Path:
        """Write a team of one agent; return its file."""
        return self._write(
            f"rosters/{team}.yaml", ROSTER.format(team=team, agent=agent, reason=reason) + more
        )

    def has_flow(self, name: str, *, reason: str = "panne", words: str = "Un instant.") -> Path:
        """Write a flow that asks for a key and rings who is on call for a reason; return its file."""
        return self._write(f"flows/{name}.yaml", FLOW.format(name=name, reason=reason, words=words))

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def settings(self, **fields: object) -> Settings:
        """Return the settings of a line here."""
        base = {
            "rosters": self.folder / "rosters",
            "flows": self.folder / "flows",
            "data": self.folder / "data",
            "limits": LimitSettings(drain_seconds=0),
        }
        config = self.asterisk.config
        assert isinstance(config, LineConfig)
        return reaching(Settings.model_validate({**base, **fields}), config)

    async def is_called(self, number: str = "100") -> None:
        """Let somebody call the line, and listen until it is over."""
        await self.asterisk.cli(f"channel originate Local/{number}@from-phones application Wait 60")

    async def written(self) -> dict[str, str]:
        """Return what AstDB says about whom Asterisk rings by itself, by line."""
        listing = await self.asterisk.cli("database show astreinte fallback")
        rows = [line.partition(":") for line in listing.splitlines() if line.startswith("/astreinte/")]
        return {key.split("/")[-1].strip(): value.strip() for key, _, value in rows}

    async def until_written(self, dials: dict[str, str]) -> None:
        """Wait until AstDB says that."""

        async def said() -> bool:
            return await self.written() == dials

        await until(said)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that nobody tells of."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)


@pytest.fixture
async def house(line_asterisk: AsteriskServer, tmp_path: Path) -> House:
    """A house on the session's Asterisk, whose AstDB says nothing of earlier ones."""
    await line_asterisk.cli("database deltree astreinte fallback")
    await line_asterisk.cli("module load res_clioriginate.so")
    return House(line_asterisk, tmp_path)
