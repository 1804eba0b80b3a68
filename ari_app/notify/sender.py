"""The program that sends: apprise, in a process of its own.

Importing it takes most of a second and 50 MB, and what it does blocks: nothing for the line's event loop. And
a service that never answers does no harm, for the process can be ended. It reads parcels from its standard
input (see `sending`) and writes a line for each as soon as it knows.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec
from apprise import Apprise, AppriseAsset, NotifyFormat

from ..core.notice_address import without_secrets
from .parcel import LARGEST, SECONDS, Parcel, Receipt

NICENESS = 10
"""Calls come first."""
LONGEST_REASON = 200


_complaints: ContextVar[list[str]] = ContextVar("complaints")
"""What apprise complains of, apart for each parcel: its own threads know whose they are."""


class _Complaints(logging.Handler):
    """Keeps what apprise complains of."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        _complaints.get([]).append(record.getMessage())


def main() -> None:
    """Send what stands on the standard input."""
    signal.alarm(round(2 * SECONDS))  # should whoever waits for us be gone
    os.nice(NICENESS)
    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").addHandler(_Complaints(logging.WARNING))
    parcels = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Parcel])
    Apprise.instantiate("json://localhost")  # reads every plugin, once, before there are threads
    with ThreadPoolExecutor(max(1, len(parcels))) as pool:
        jobs = {pool.submit(_send, parcel): number for number, parcel in enumerate(parcels)}
        for job in as_completed(jobs):
            sent, reason = job.result()
            receipt = Receipt(number=jobs[job], sent=sent, reason=reason)
            sys.stdout.buffer.write(msgspec.json.encode(receipt) + b"\n")
            sys.stdout.buffer.flush()


def _send(parcel: Parcel) -> tuple[bool, str]:
    complaints: list[str] = []
    _complaints.set(complaints)
    try:
        sent = _sent(parcel)
    except Exception as error:  # noqa: BLE001 - a hundred plugins raise anything: it is the reason
        sent, complaints = False, [str(error) or type(error).__name__]
    reason = complaints[0] if complaints else ""
    reason = without_secrets(" ".join(reason.split()), parcel.address)[:LONGEST_REASON]
    return sent, "" if sent else reason or "the service did not take it"


def _sent(parcel: Parcel) -> bool:
    # Nothing that an address may ask for writes on this machine.
    asset = AppriseAsset(app_id="Astreinte", app_desc="", async_mode=False)
    asset.pgp_autogen = asset.pem_autogen = False
    service: Any = Apprise.instantiate(parcel.address, asset=asset, suppress_exceptions=True)
    if service is None:
        raise ValueError("apprise cannot read this address")
    if parcel.only_read:
        return True
    files = [path for path in parcel.attachments if service.attachment_support and _is_sendable(Path(path))]
    apprise = Apprise(asset=asset)
    apprise.add(service)
    return bool(
        apprise.notify(
            title=parcel.title, body=parcel.body, body_format=NotifyFormat.TEXT, attach=files or None
        )
    )


def _is_sendable(path: Path) -> bool:
    """Tell whether a file is there, and no larger than services take."""
    try:
        return path.stat().st_size <= LARGEST
    except OSError:
        return False


if __name__ == "__main__":
    main()
