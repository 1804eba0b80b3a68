"""Parcels handed to a process that sends them, and lasts no longer than they do."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress

import msgspec

from .parcel import SECONDS, Parcel, Receipt

LIMIT = 1 << 16
"""Bytes of a receipt's line."""


async def sent(parcels: Sequence[Parcel], seconds: float = SECONDS) -> AsyncGenerator[Receipt]:
    """Send parcels, all at once; yield one receipt for each as soon as it is known.

    What is not known after `seconds` counts as not sent: it may have been.
    """
    open_parcels = set(range(len(parcels)))
    reason = f"no answer within {seconds:g} s"
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "ari_app.notify.sender"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=LIMIT,
            start_new_session=True,
        )
    except OSError as error:
        process, reason = None, f"no process that sends can be started: {error.strerror}"
    if process is not None:
        try:
            async with asyncio.timeout(seconds):
                async for receipt in _receipts(process, parcels):
                    open_parcels.discard(receipt.number)
                    yield receipt
            reason = f"the process that sends ended without an answer (code {process.returncode})"
        except TimeoutError:
            pass  # who has not answered is told below
        finally:
            await _end(process)
    for number in sorted(open_parcels):
        yield Receipt(number=number, sent=False, reason=reason)


async def _receipts(process: Process, parcels: Sequence[Parcel]) -> AsyncIterator[Receipt]:
    assert process.stdin is not None  # noqa: S101 - a pipe
    assert process.stdout is not None  # noqa: S101 - a pipe
    with suppress(ConnectionError):  # it died: it has no answers then
        process.stdin.write(msgspec.json.encode(parcels))
        await process.stdin.drain()
        process.stdin.close()
    async for line in process.stdout:
        yield msgspec.json.decode(line, type=Receipt)
    await process.wait()


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
