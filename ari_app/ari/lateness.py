"""How late events are heard of: under load they wait for a thread of Asterisk's, and for our event loop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from .events import Event

REMEMBERED = 64
"""Events by which it is known how far the two clocks are apart."""
LATEST = 2.0
"""Seconds: whatever seems to be later than that is a clock that was set."""


class Lateness:
    """Tells how late events are, beyond the least that any was lately: by that much the clocks differ.

    Until there are enough, Asterisk's clock is taken for ours, which on one machine it is.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._apart = deque([0.0], maxlen=REMEMBERED)

    def of(self, event: Event) -> float:
        """Return the seconds since an event happened, 0 if Asterisk does not say when."""
        try:
            late = self._clock() - event.at.timestamp()
        except ValueError:
            return 0.0
        self._apart.append(late)
        late -= min(self._apart)
        return late if late < LATEST else 0.0
