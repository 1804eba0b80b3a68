"""After a call: what the agent says of it, by one key."""

from __future__ import annotations

import asyncio

from ..ari.errors import AriError
from ..core.logs import get_logger
from ..flow.words import Word
from ..records.facts import LegResult, WrapUp
from .desk import Call
from .leg import Leg

log = get_logger(__name__)

KEYS = {"1": WrapUp.SOLVED, "2": WrapUp.FOLLOW_UP, "3": WrapUp.WRONG_TEAM}
TIMES = 2
"""How often an agent is asked who presses nothing, or another key."""
WITHIN = 6.0
"""Seconds to press it."""
ALL_OF_IT = 60.0
"""Seconds after which the agent is let go, come what may."""


async def ask(call: Call, leg: Leg) -> None:
    """Ask an agent whose caller has hung up how the call went; then let go of them."""
    try:
        async with asyncio.timeout(ALL_OF_IT):
            await _ask(call, leg)
    except (AriError, TimeoutError) as error:
        log.debug("call.request_failed", channel=leg.id, error=str(error))
    finally:
        leg.release(LegResult.ACCEPTED)


async def _ask(call: Call, leg: Leg) -> None:
    channel = leg.channel
    await channel.quiet()
    channel.forget_keys()
    media = [leg.media(Word.AGENT_WRAP_UP)]
    for _ in range(TIMES):
        await channel.play(media, barge_in=True)
        answer = KEYS.get(await channel.key(WITHIN) or "")
        if answer is not None:
            call.story.wrapped_up(leg, answer)
            return
