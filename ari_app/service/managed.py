"""An Asterisk that Astreinte runs by itself, for a trial, a demo or a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from ..core.settings import Settings
from ..pbx import AsteriskServer, Installation, LineConfig, Phone, render


@asynccontextmanager
async def managed_asterisk(
    settings: Settings, installation: Installation, config: LineConfig
) -> AsyncIterator[tuple[AsteriskServer, Settings]]:
    """Run an Asterisk while the block lasts; yield it, and the settings that reach it."""
    await asyncio.to_thread(render, settings.asterisk.templates, installation, config)
    server = AsteriskServer(installation, config)
    async with server:
        yield server, reaching(settings, config)


def line_config(settings: Settings, run_dir: Path, phones: Iterable[str]) -> LineConfig:
    """Return the configuration of an Asterisk at the settings' addresses, with fresh secrets."""
    return LineConfig(
        run_dir=run_dir,
        sip_bind=settings.asterisk.sip_address,
        sip_port=settings.asterisk.sip_port,
        agi_host=settings.agi.host,
        agi_port=settings.agi.port,
        phones={name: Phone() for name in phones},
    )


def reaching(settings: Settings, config: LineConfig) -> Settings:
    """Return the settings with the addresses and secrets of an Asterisk of ours."""
    ari = settings.ari.model_copy(
        update={
            "url": config.ari_url,
            "username": config.ari_user,
            "password": SecretStr(config.ari_password),
        }
    )
    ami = settings.ami.model_copy(
        update={
            "host": config.ami_host,
            "port": config.ami_port,
            "username": config.ami_user,
            "password": SecretStr(config.ami_password),
        }
    )
    agi = settings.agi.model_copy(update={"host": config.agi_host, "port": config.agi_port})
    return settings.model_copy(update={"ari": ari, "ami": ami, "agi": agi})
