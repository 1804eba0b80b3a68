"""Sends notices until they are sent: again after a while, again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from ..core.ids import new_id
from ..core.logs import get_logger
from ..core.notice_address import service_of
from ..core.tasks import ended
from .notice import Delivery, Notice, Outbox
from .parcel import Parcel
from .sending import sent

Recipients = Mapping[str, Sequence[SecretStr]]
"""Name → addresses of apprise."""

WAITS = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Seconds before a notice is tried again; the last holds from then on."""
TRIED_FOR = timedelta(days=1)
"""After that it would be news no more."""
TRIES_WITH_FILES = 3
"""A service that refuses a file so often gets the words alone."""
AT_ONCE = 20
"""Notices that one process sends."""
PROCESSES = 2
"""Processes that send at the same time: a slow service keeps one."""
GRACE = 5.0
"""Seconds that what is being sent may take when the line stops."""

log = get_logger(__name__)


class Notifier:
    """Takes notices at any time, and sends them while `running`.

    `recipients` gives those of the settings in force; `outbox` keeps what is not sent.
    """

    def __init__(
        self, recipients: Callable[[], Recipients], outbox: Outbox, *, waits: Sequence[float] = WAITS
    ) -> None:
        self._recipients = recipients
        self._outbox = outbox
        self._waits = waits
        self._waiting: dict[tuple[str, str, int], tuple[float, Delivery]] = {}
        """Deliveries, and when on the loop's clock each is due."""
        self._since = datetime.now(UTC)
        self._news = asyncio.Event()
        self._slots = asyncio.Semaphore(PROCESSES)
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, notice: Notice) -> None:
        """Take a notice, for every address of every recipient. Never waits, never fails."""
        notice_id = new_id()
        for name in dict.fromkeys(notice.to):
            addresses = self._recipients().get(name, ())
            if not addresses:
                remedy = "name it in `notify: {recipients: …}`, or remove it from the rosters"
                log.error("notify.nobody", recipient=name, about=notice.about, remedy=remedy)
            for position in range(1, len(addresses) + 1):
                delivery = Delivery(
                    notice_id,
                    name,
                    position,
                    notice.title,
                    notice.body,
                    tuple(map(str, notice.attachments)),
                    notice.about,
                    datetime.now(UTC),
                )
                self._outbox.keep(delivery)
                self._wait(delivery, 0.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what waits, and what comes, while the block lasts; what is under way then may end."""
        tasks = [
            asyncio.create_task(self._take_up(), name="notices of before"),
            asyncio.create_task(self._send_what_is_due(), name="notices"),
        ]
        try:
            yield
        finally:
            await ended(*tasks)
            if self._sending:
                await asyncio.wait(self._sending, timeout=GRACE)
            await ended(*self._sending)

    def _wait(self, delivery: Delivery, seconds: float) -> None:
        self._waiting[delivery.key] = asyncio.get_running_loop().time() + seconds, delivery
        self._news.set()

    async def _take_up(self) -> None:
        for delivery in await self._outbox.waiting():
            if delivery.queued_at < self._since:
                self._wait(delivery, 0.0)

    async def _send_what_is_due(self) -> None:
        while True:
            await self._slots.acquire()  # before looking: what comes meanwhile goes along
            task = asyncio.create_task(self._try(await self._due()), name="notices being sent")
            self._sending.add(task)
            task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._slots.release()

    async def _due(self) -> list[Delivery]:
        """Wait until something is due; return it."""
        clock = asyncio.get_running_loop().time
        while True:
            self._news.clear()
            due = sorted((at, key) for key, (at, _) in self._waiting.items() if at <= clock())
            if due:
                return [self._waiting.pop(key)[1] for _, key in due[:AT_ONCE]]
            first = min((at for at, _ in self._waiting.values()), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(first):
                    await self._news.wait()

    async def _try(self, due: list[Delivery]) -> None:
        deliveries, parcels = [], []
        for delivery in due:
            addresses = self._recipients().get(delivery.recipient, ())
            if delivery.position > len(addresses):
                self._failed(delivery, "the settings have no such address any more", "?", given_up=True)
                continue
            deliveries.append(delivery)
            parcels.append(
                Parcel(
                    address=addresses[delivery.position - 1].get_secret_value(),
                    title=delivery.title,
                    body=delivery.body,
                    attachments=delivery.attachments if delivery.tries < TRIES_WITH_FILES else (),
                )
            )
        if parcels:
            async with aclosing(sent(parcels)) as receipts:
                async for receipt in receipts:
                    delivery, via = deliveries[receipt.number], service_of(parcels[receipt.number].address)
                    if receipt.sent:
                        self._sent(delivery, via)
                    else:
                        self._failed(delivery, receipt.reason, via)

    def _sent(self, delivery: Delivery, via: str) -> None:
        delivery = replace(delivery, tries=delivery.tries + 1)
        self._outbox.sent(delivery)
        log.info("notify.sent", **_told(delivery, via))

    def _failed(self, delivery: Delivery, reason: str, via: str, *, given_up: bool = False) -> None:
        delivery = replace(delivery, tries=delivery.tries + 1)
        given_up = given_up or datetime.now(UTC) - delivery.queued_at > TRIED_FOR
        self._outbox.failed(delivery, reason, given_up=given_up)
        if given_up:
            remedy = f"see to the address, then `astreinte notify test {delivery.recipient}`"
            log.error("notify.given_up", **_told(delivery, via), reason=reason, remedy=remedy)
            return
        seconds = self._waits[min(delivery.tries, len(self._waits)) - 1]
        log.warning("notify.failed", **_told(delivery, via), reason=reason, again_in=seconds)
        self._wait(delivery, seconds)


def _told(delivery: Delivery, via: str) -> dict[str, str | int]:
    """Return what the log says of a delivery: nothing of its address but the service."""
    return {
        "recipient": delivery.recipient,
        "position": delivery.position,
        "via": via,
        "about": delivery.about,
        "tries": delivery.tries,
    }
