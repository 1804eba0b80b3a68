"""The errors that Astreinte raises on purpose."""

from __future__ import annotations


class AstreinteError(Exception):
    """Something went wrong that a person can mend.

    Raise it, or a subclass that carries the facts as attributes, wherever the reader of the
    message is an admin or an operator: `message` says what happened, `remedy` what to do next.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.remedy}"
