"""Where Astreinte keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder that all checkouts and installations of one user share; it may not exist yet.

    `$ASTREINTE_CACHE`, else `$XDG_CACHE_HOME/astreinte`, else `~/.cache/astreinte`. A relative
    `$XDG_CACHE_HOME` is ignored, as the XDG Base Directory Specification asks.
    """
    own = os.environ.get("ASTREINTE_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = shared if shared.is_absolute() else Path.home() / ".cache"
    return base / "astreinte"
