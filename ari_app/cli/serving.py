"""`astreinte run`, once the process that reads the files is under way."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from pathlib import Path

from ..core.settings import Settings
from ..pbx import Installation, LineConfig
from ..pbx.config import write_private
from ..records.database import Database
from ..service.apart import FileReader
from ..service.first_reading import read_apart
from ..service.instance import only_instance
from ..service.line import Line, open_line
from ..service.managed import line_config, managed_asterisk
from .control import Control, say
from .progress import SetupProgress


async def serve(
    settings: Settings, settings_file: Path | None, installation: Installation | None, reader: FileReader
) -> None:
    """Serve calls until a signal says to stop; start the `installation` of Asterisk first, if there is one.

    Raises `AstreinteError` when the line cannot start.
    """
    control = Control(settings, settings_file)
    control.take_signals()
    try:
        await _run(settings, installation, control, reader)
    except asyncio.CancelledError:
        if not control.stopped_early:
            raise
        say("Stopped before the line was up.")


async def _run(
    settings: Settings, installation: Installation | None, control: Control, reader: FileReader
) -> None:
    async with AsyncExitStack() as stack:
        first = await read_apart(settings, reader)  # a mistake in a file is told before anything is started
        stack.enter_context(only_instance(settings.data))
        config: LineConfig | None = None
        if installation is not None:
            config = line_config(settings, settings.data / "asterisk", settings.asterisk.phones)
            _, settings = await stack.enter_async_context(managed_asterisk(settings, installation, config))
        with SetupProgress() as progress:
            opening = open_line(settings, first, progress=progress.prompts, wait=None)
            line = await stack.enter_async_context(opening)
        control.line = line
        await stack.enter_async_context(control.files.keeping(line))
        gc.freeze()  # what is here stays: collections look at what calls make, and last a millisecond
        _say_hello(line, config)
        await control.until_stopped()
        _say_goodbye(line)


def _say_hello(line: Line, config: LineConfig | None) -> None:
    settings = line.settings
    rows = _how_to_call(settings, config) if config is not None else _where_calls_come_from(settings)
    if line.ami.trouble is not None:
        rows["AMI"] = f"{line.ami.trouble.message}; calls are served without it"
    rows |= {
        "Rosters": str(settings.rosters),
        "Flows": str(settings.flows),
        "Records": Database.at(settings.database_url).shown,
        "Log": str(settings.log.file or "the standard output"),
    }
    say("\nThe line is up.")
    for name, value in rows.items():
        say(f"  {name:<13} {value}")
    files = "edited files take effect" if settings.watch else "`kill -HUP` makes it read edited files"
    say(f"  Ctrl-C stops it; {files}.\n")


def _how_to_call(settings: Settings, config: LineConfig) -> dict[str, str]:
    return {
        "To call it": f"register a softphone at {config.sip_address} (UDP), then dial {_number(settings)}",
        "As": ", ".join(config.phones)
        or "nobody yet: name phones under `asterisk: {phones: [...]}` in the settings",
        "Passwords": str(_write_passwords(settings, config)),
        "Asterisk": str(config.run_dir),
    }


def _where_calls_come_from(settings: Settings) -> dict[str, str]:
    return {
        "Asterisk": f"{settings.ari.url}, application {settings.ari.app}",
        "To call it": f"call a number that its dialplan sends to Stasis({settings.ari.app},NUMBER)",
    }


def _number(settings: Settings) -> str:
    named = [line for line in settings.lines if line != "default"]
    return " or ".join(named) if named else "100 (or any other number)"


def _write_passwords(settings: Settings, config: LineConfig) -> Path:
    """Write the phones' passwords where only this user reads them; return the file."""
    path = settings.data / "phones.txt"
    write_private(path, "".join(f"{name} {phone.password}\n" for name, phone in config.phones.items()))
    return path


def _say_goodbye(line: Line) -> None:
    calls = line.reception.calls
    if not calls:
        say("Stopping.")
        return
    seconds = line.settings.limits.drain_seconds
    some = "1 call in progress may" if calls == 1 else f"{calls} calls in progress may"
    say(f"Stopping: {some} end first, for {seconds:g} s at most. Ctrl-C again stops now.")
