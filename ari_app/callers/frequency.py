"""How often each number calls: a limit in memory, which a flood of numbers cannot fill."""

from __future__ import annotations

from collections import OrderedDict, deque

from .book import Limit

MOST_NUMBERS = 20_000
"""Numbers that are remembered, those that called last: some 10 MB at the very most."""


class RecentCalls:
    """Counts the calls that were let in; a restart forgets them all.

    Numbers that nobody can tell apart (None: withheld) count as one.
    """

    def __init__(self) -> None:
        self._calls: OrderedDict[tuple[str, str | None], deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._calls)

    def admits(self, number: str | None, limit: Limit, now: float) -> bool:
        """Tell whether one more call is let in at an instant of a clock that is never set, and count it."""
        key = (limit.scope, number)
        calls = self._calls.setdefault(key, deque())
        self._calls.move_to_end(key)
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        if len(calls) >= limit.calls:
            return False
        calls.append(now)
        if len(self._calls) > MOST_NUMBERS:
            self._calls.popitem(last=False)
        return True
