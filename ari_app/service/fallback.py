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
from ..roster.plan import Activity

log = get_logger(__name__)

FAMILY, KEY = "astreinte", "fallback"
"""`DB(astreinte/fallback/<line>)` in extensions.conf; the line `default` stands for all that have none."""
LONGEST_SLEEP = 600.0
"""Seconds between two looks at the rosters: by then a clock that was set, or a sleep, is noticed."""
SHORTEST_SLEEP = 0.05
TRY_AGAIN = 30.0
"""Seconds after AMI refused; when it was away, its return wakes us."""


def fallback_dials(desk: Desk, at: datetime) -> tuple[dict[str, str], datetime]:
    """Return what to dial for callers of each line at an instant, and until when that holds (UTC).

    It is every phone of the agent who is first in turn, at once; empty where nobody is on call.
    """
    dials: dict[str, str] = {}
    untils = []
    for line in desk.settings.lines:
        flow = desk.flows.flows[desk.settings.flow_of(line)]
        reachable = Activity({}, {}, desk.activity.unconfirmed)
        plan = desk.rosters.plan(reason=flow.fallback_reason, at=at, activity=reachable)
        first = next(plan.agents(), None)
        phones = first.agent.phones if first else ()
        dials[line] = "&".join(endpoint_of(phone, desk.settings.dial) for phone in phones)
        untils.append(plan.until)
    return dials, min(untils)


class FallbackKeeper:
    """Writes `astreinte/fallback/<line>` for each line whenever it changes; removes lines that are no more.

    `desk` gives the rosters in force. Call `wake` when they changed, and `read_again` when AMI is back:
    Asterisk may have lost its AstDB meanwhile.
    """

    def __init__(self, ami: AmiClient, desk: Callable[[], Desk]) -> None:
        self._ami = ami
        self._desk = desk
        self._wake = asyncio.Event()
        self._written: dict[str, str] | None = None
        """What AstDB holds; None when that is not known."""
        self._told = ""

    def wake(self) -> None:
        """Look at the rosters now."""
        self._wake.set()

    async def read_again(self) -> None:
        """Look at AstDB and at the rosters now."""
        self._written = None
        self._wake.set()

    async def run(self) -> None:
        """Keep AstDB true until cancelled."""
        while True:
            self._wake.clear()
            try:
                seconds = await self._bring_up_to_date()
            except Exception:  # nobody else would write who is rung when we are gone
                log.exception("fallback.defect")
                seconds = TRY_AGAIN
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _bring_up_to_date(self) -> float:
        """Write what changed; return after how many seconds to look again."""
        now = datetime.now(UTC)
        dials, until = fallback_dials(self._desk(), now)
        try:
            await self._write(dials)
        except AmiError as error:
            if self._ami.ready and self._told != error.message:  # its absence is told by itself
                self._told = error.message
                log.warning("fallback.not_written", reason=error.message, remedy=error.remedy)
            return TRY_AGAIN
        self._told = ""
        left = (until - datetime.now(UTC)).total_seconds()
        return min(LONGEST_SLEEP, max(SHORTEST_SLEEP, left))

    async def _write(self, dials: dict[str, str]) -> None:
        if self._written is None:
            self._written = await self._ami.db_tree(FAMILY, KEY)
        written = self._written
        for line, dial in dials.items():
            if written.get(line) != dial:
                await self._ami.db_put(FAMILY, f"{KEY}/{line}", dial)
                written[line] = dial
                log.info("fallback.written", line=line, dial=dial)
        for line in written.keys() - dials.keys():
            await self._ami.db_del(FAMILY, f"{KEY}/{line}")
            del written[line]
            log.info("fallback.removed", line=line)
