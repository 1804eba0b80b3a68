"""`astreinte run`: the line, until someone stops it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import typer

from ..core import logs
from ..core.settings import Settings, load_settings
from ..pbx import LineConfig, find_asterisk
from ..service.line import open_line
from ..service.managed import line_config, managed_asterisk
from .progress import SetupProgress


def run_line(settings_file: Path | None) -> int:
    """Start the line and serve calls until SIGINT or SIGTERM; return the exit code."""
    settings = load_settings(settings_file)
    log = settings.log
    logs.configure(format=log.format, level=log.level, file=log.file, mask_numbers=log.mask_numbers)
    asyncio.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        config: LineConfig | None = None
        if settings.asterisk.managed:
            with SetupProgress() as progress:
                installation = await asyncio.to_thread(find_asterisk, progress.asterisk)
            config = line_config(settings, settings.data / "asterisk", settings.asterisk.phones)
            _, settings = await stack.enter_async_context(managed_asterisk(settings, installation, config))
        line = await stack.enter_async_context(open_line(settings))
        _say_hello(settings, config)
        await stop.wait()
        typer.echo("Stopping: calls in progress may end first. Ctrl-C again ends them now.")
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, line.reception.hurry)


def _say_hello(settings: Settings, config: LineConfig | None) -> None:
    typer.echo("\nThe line is up.")
    if config is not None:
        names = (
            ", ".join(config.phones) or "none; name some under `asterisk: {phones: [...]}` in the settings"
        )
        typer.echo(
            f"  To call it    register a softphone at {config.sip_address} (UDP), then dial 100\n"
            f"  Phones        {names}\n"
            f"  Passwords     {_write_passwords(settings, config)}\n"
            f"  Asterisk      {config.run_dir}"
        )
    else:
        typer.echo(f"  Asterisk      {settings.ari.url}, application {settings.ari.app}")
    typer.echo(
        f"  Rosters       {settings.rosters}\n"
        f"  Flows         {settings.flows}\n"
        f"  Records       {settings.data}\n"
        "  Ctrl-C stops it.\n"
    )


def _write_passwords(settings: Settings, config: LineConfig) -> Path:
    """Write the phones' passwords where only this user reads them; return the file."""
    path = settings.data / "phones.txt"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} {phone.password}\n" for name, phone in config.phones.items()), "utf-8")
    return path
