"""An Asterisk that Astreinte runs by itself, for a trial, a demo or a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from ..core.errors import AstreinteError
from ..core.logs import get_logger
from ..core.settings import Settings
from ..core.tasks import ended
from ..pbx import AsteriskServer, Installation, LineConfig, Phone, render

log = get_logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks whether Asterisk is still there."""


class RunFolderUnusable(AstreinteError):
    """The folder of an Asterisk of ours cannot be made or written."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"Asterisk's run folder {folder} cannot be written: {error.strerror or error}",
            remedy="free some space, let this user write there, or set `data` in the settings",
        )


@asynccontextmanager
async def managed_asterisk(
    settings: Settings, installation: Installation, config: LineConfig
) -> AsyncIterator[tuple[AsteriskServer, Settings]]:
    """Run an Asterisk while the block lasts, again if it dies; yield it, and the settings that reach it.

    Raises `AstreinteError` when it does not start.
    """
    try:
        await asyncio.to_thread(render, settings.asterisk.templates, installation, config)
    except OSError as error:
        raise RunFolderUnusable(config.run_dir, error) from error
    server = AsteriskServer(installation, config)
    async with server:
        keeper = asyncio.create_task(_keep_running(server), name="asterisk keeper")
        try:
            yield server, reaching(settings, config)
        finally:
            await ended(keeper)


async def _keep_running(server: AsteriskServer) -> None:
    """Start Asterisk again whenever it is gone; the line reconnects by itself."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if server.running:
            continue
        log.error("asterisk.died", remedy=f"read {server.run_dir}/log/messages.log; it is started again")
        try:
            await server.start()
            await server.wait_ready()
        except AstreinteError as error:
            log.error("asterisk.not_restarted", reason=error.message, remedy=error.remedy)
        else:
            log.info("asterisk.restarted")


def line_config(settings: Settings, run_dir: Path, phones: Iterable[str]) -> LineConfig:
    """Return the configuration of an Asterisk at the settings' addresses, with fresh secrets.

    Phones keep the passwords that they had in that folder: people have typed them into softphones.
    """
    kept = _phones_of(run_dir)
    return LineConfig(
        run_dir=run_dir,
        sip_bind=settings.asterisk.sip_address,
        sip_port=settings.asterisk.sip_port,
        agi_host=settings.agi.host,
        agi_port=settings.agi.port,
        max_call_seconds=settings.asterisk.call_seconds,
        phones={name: kept.get(name) or Phone() for name in phones},
    )


def _phones_of(run_dir: Path) -> dict[str, Phone]:
    try:
        return LineConfig.load(run_dir).phones
    except (OSError, ValueError, TypeError, KeyError, AstreinteError):
        return {}  # never started here, or a file of another version: new passwords then


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
