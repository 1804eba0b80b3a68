"""When a channel ended that nobody watched: Asterisk notes it itself, see `[ended]` in extensions.conf."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from ..ami import AmiClient
from ..ami.errors import AmiError
from ..core.logs import get_logger
from .channel import CallChannel

log = get_logger(__name__)

FAMILY, KEY, CONTEXT = "astreinte", "ended", "ended"
"""`DB(astreinte/ended/<place>)`, and the context whose `s` writes it."""
ASKED_WITHIN = 5.0
"""Seconds that AMI may take to be back when ARI is, before an end stays unknown."""
GLANCE = 0.05
"""Seconds between two looks at AMI."""


@dataclass(frozen=True, slots=True)
class End:
    """When a channel ended (UTC), and its hangup cause (Q.850) if Asterisk knew one."""

    at: datetime
    cause: int | None = None


def place_of(caller_channel: str, leg: str | None = None) -> str:
    """Return where the end of a caller's channel is noted, or that of a leg of theirs.

    What extensions.conf makes of a caller's channel itself; a leg's is told to Asterisk with the leg.
    """
    return caller_channel[-4:] + (leg[-5:] if leg else "")


def handler_of(caller_channel: str, leg: str | None = None) -> dict[str, str]:
    """Return the channel variable that lets Asterisk note a leg's end, or that of a caller whom we call."""
    return {"CHANNEL(hangup_handler_push)": f"{CONTEXT},s,1({place_of(caller_channel, leg)})"}


class Ends:
    """Asks Asterisk for ends. It keeps those of the last 10,000 callers, and of their legs."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    async def of(self, caller_channel: str, leg: str | None = None) -> End | None:
        """Return the end of a caller's channel, or of a leg of theirs; None if it is not known."""
        try:
            async with asyncio.timeout(ASKED_WITHIN):
                while not self._ami.ready:  # noqa: ASYNC110 - it tells each only once
                    await asyncio.sleep(GLANCE)
            noted = await self._ami.db_get(FAMILY, f"{KEY}/{place_of(caller_channel, leg)}")
        except (AmiError, TimeoutError) as error:
            log.info("end.unknown", channel=leg or caller_channel, reason=str(error) or "AMI is away")
            return None
        return _end(noted or "", leg or caller_channel)

    async def learn(self, channel: CallChannel, caller_channel: str) -> None:
        """Complete what is known of a channel whose end was not seen."""
        leg = None if channel.id == caller_channel else channel.id
        if end := await self.of(caller_channel, leg):
            channel.ended_at = end.at
            channel.cause = end.cause or channel.cause


def _end(noted: str, channel: str) -> End | None:
    """Read a note; None if it is of another channel, or none at all."""
    whose, _, rest = noted.partition(" ")
    at, _, cause = rest.partition(" ")
    if whose != channel:
        return None
    try:
        return End(datetime.fromisoformat(at), int(cause or 0) or None)
    except ValueError:
        log.warning("end.unreadable", channel=channel, note=noted)
        return None
