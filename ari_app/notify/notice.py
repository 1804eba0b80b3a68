"""What is sent to whom, and where it waits until it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

_SIGNS = frozenset(" .,'’()+-")


@dataclass(frozen=True, slots=True)
class Notice:
    """A text for people. `to` are names of `notify: {recipients: …}` in the settings.

    `title` and `body` are plain text; what a stranger said of themselves goes through `plain` first. `about`
    is the id of what it tells of, for the records. Files are attached where the service takes any.
    """

    to: tuple[str, ...]
    title: str
    body: str
    attachments: tuple[Path, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice to one address: the `position`th (from 1) of a recipient. It was tried `tries` times."""

    id: str
    recipient: str
    position: int
    title: str
    body: str
    attachments: tuple[str, ...]
    about: str
    queued_at: datetime
    tries: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        """What no other delivery has."""
        return self.id, self.recipient, self.position


class Outbox(Protocol):
    """Keeps deliveries over a restart. Nothing but `waiting` ever waits, nothing fails."""

    def keep(self, delivery: Delivery) -> None:
        """Keep a delivery until it is said to be done."""

    def sent(self, delivery: Delivery) -> None:
        """The service took it."""

    def failed(self, delivery: Delivery, reason: str, *, given_up: bool) -> None:
        """It could not be sent; it will be tried again unless it is given up."""

    async def waiting(self) -> list[Delivery]:
        """Return what earlier processes kept and did not send, as soon as that can be known."""


def plain(text: str, longest: int = 60) -> str:
    """Return what a stranger wrote with nothing in it that a service could take for more than words.

    Letters, digits and a few signs stay, on one line: no markup, no mention (`@everyone`), no address.
    """
    words = " ".join(text.split())
    kept = (each for each in words if each in _SIGNS or unicodedata.category(each)[0] in "LMN")
    return " ".join("".join(kept).split())[:longest].strip()
