"""How long to wait before connecting again."""

from __future__ import annotations

import random

FIRST = 0.1
"""Seconds before the first new attempt: a restart of ARI, or a cut, is over that quickly."""
LONGEST = 10.0
"""Seconds. While the client is away, callers hear the dialplan's fallback."""
STABLE = 60.0
"""Seconds that a connection must live before its loss is taken for a new trouble."""


class Backoff:
    """Exponential delays with jitter, so that clients of one Asterisk do not return in step."""

    def __init__(self) -> None:
        self._failures = 0

    def delay(self) -> float:
        """Return the seconds to wait before the next attempt: half of it is chance."""
        longest = min(LONGEST, FIRST * 2.0**self._failures)
        self._failures = min(self._failures + 1, 32)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret

    def connected_for(self, seconds: float) -> None:
        """Start afresh if a connection lived long enough to be called stable."""
        if seconds >= STABLE:
            self._failures = 0
