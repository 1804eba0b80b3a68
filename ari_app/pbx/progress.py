"""How something long says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a set-up, and how much of it is done.

    `total` is 0 while it is not known. `unit` is what is counted: "B" (bytes), "packages" or "".
    """

    step: str
    done: int = 0
    total: int = 0
    unit: str = ""


OnProgress = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Say nothing."""
