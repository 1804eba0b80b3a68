"""An asyncio client of ARI, the Asterisk REST Interface.

One WebSocket carries the events and most requests; a small pool of HTTP connections carries the
requests that can wait for a channel's thread. Start with `AriClient`; `events` holds what it
delivers, `models` what its requests return, `errors` what they raise.
"""

from __future__ import annotations

from . import errors, events, models
from .client import AriClient, State
from .watching import Watched

__all__ = ["AriClient", "State", "Watched", "errors", "events", "models"]
