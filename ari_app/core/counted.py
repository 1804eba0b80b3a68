"""A number of things, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return how many there are, as people say it: `1 team`, `2 teams`, `1,200 teams`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
