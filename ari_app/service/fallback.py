"""Keeps in AstDB whom the PBX rings by itself while the application is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from ..ami import AmiClient
from ..ami.errors import AmiError
from ..call.desk import Desk
from ..call.endpoints import endpoint_of
from ..core.logs import get_logger

log = get_logger(__name__)

FAMILY = "astreinte"
LOOK_EVERY = 30.0
"""Seconds between two looks at the rosters, should nothing wake us before: files and clocks change."""


def fallback_dial(desk: Desk, line: str, at: datetime) -> str:
    """Return the dial string of the agent who is first in turn for callers of `line`; empty if nobody is."""
    flow = desk.flows.flows[desk.settings.flow_of(line)]
    plan = desk.rosters.plan(reason=flow.fallback_reason, at=at)
    for step in plan.steps:
        for on_call in step.agents:
            return "&".join(endpoint_of(phone, desk.settings.dial) for phone in on_call.agent.phones)
    return ""


async def keep_fallback(ami: AmiClient, desk: Callable[[], Desk], wake: asyncio.Event) -> None:
    """Write `astreinte/fallback/<line>` for each line whenever it changes, until cancelled.

    Set `wake` when AMI is ready again or the rosters changed: everything is then written anew.
    """
    written: dict[str, str] = {}
    while True:
        if wake.is_set():
            wake.clear()
            written.clear()
        now = desk()
        for line in now.settings.lines:
            dial = fallback_dial(now, line, datetime.now(UTC))
            if written.get(line) == dial:
                continue
            try:
                await ami.db_put(FAMILY, f"fallback/{line}", dial)
            except AmiError as error:
                log.warning("fallback.not_written", line=line, error=error.message)
                break
            written[line] = dial
            log.info("fallback.written", line=line, dial=dial)
        try:
            await asyncio.wait_for(wake.wait(), LOOK_EVERY)
        except TimeoutError:
            continue
