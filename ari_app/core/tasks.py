"""The end of tasks that may have much to do before they are over."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_AFTER = 5.0
"""Seconds until a task that goes on although it was cancelled is cancelled once more."""


async def ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, and wait until they are over.

    What a task begins on its way out may last for ever: it hangs up, and Asterisk is away. So it is cancelled
    again, as often as it takes.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_AFTER)
