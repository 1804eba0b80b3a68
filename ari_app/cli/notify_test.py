"""`astreinte notify test`: does a notice reach somebody?"""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from pathlib import Path

import typer

from ..core.errors import AstreinteError
from ..core.notice_address import service_of
from ..core.settings import load_settings
from ..core.suggest import nearest, one_of
from ..notify.parcel import Parcel
from ..notify.sending import sent
from .terminal import GREEN, RED, paint, safe

TITLE = "Astreinte: a test"
BODY = """\
This is a test of the on-call line on {host}. Nobody called.
Ceci est un essai de la ligne d'astreinte sur {host}. Personne n'a appelé.
"""


class UnknownRecipient(AstreinteError):
    """The settings give that name no address."""


def run_notify_test(settings_file: Path | None, name: str) -> int:
    """Send a short text to every address of a name, now; return 1 if one did not take it."""
    known = load_settings(settings_file).notify.recipients
    if name not in known:
        near = nearest(name, known)
        raise UnknownRecipient(
            f"the settings give `{safe(name)}` no address",
            remedy=f"did you mean `{near}`?"
            if near
            else f"name one of {one_of(sorted(known))}"
            if known
            else "give names addresses in `notify: {recipients: …}` (docs/notices.md)",
        )
    body = BODY.format(host=socket.gethostname())
    addresses = [address.get_secret_value() for address in known[name]]
    return asyncio.run(_send([Parcel(address=each, title=TITLE, body=body) for each in addresses]))


async def _send(parcels: list[Parcel]) -> int:
    failed = 0
    async with aclosing(sent(parcels)) as receipts:
        async for receipt in receipts:
            mark = paint("sent", GREEN) if receipt.sent else paint("FAIL", RED)
            service = service_of(parcels[receipt.number].address)
            reason = f": {safe(receipt.reason)}" if receipt.reason else ""
            typer.echo(f"{mark}  address {receipt.number + 1}, by {service}{reason}")
            failed += not receipt.sent
    return 1 if failed else 0
