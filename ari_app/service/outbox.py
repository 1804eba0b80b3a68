"""Notices that wait, kept in the records: a restart sends what was not sent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ..core.logs import get_logger
from ..notify import Delivery
from ..records.database import RecordsUnavailable
from ..records.facts import NoticeQueued, NoticeState, NoticeTried
from ..records.messages import MessageReader
from ..records.recorder import Recorder

log = get_logger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks whether the records can be read."""


class RecordedOutbox:
    """The `notify.Outbox` of a line."""

    def __init__(self, recorder: Recorder, database_url: str) -> None:
        self._recorder = recorder
        self._database_url = database_url

    def keep(self, delivery: Delivery) -> None:
        """Put it on record."""
        self._recorder.put_entry(
            NoticeQueued(
                id=delivery.id,
                at=delivery.queued_at,
                recipient=delivery.recipient,
                position=delivery.position,
                about=delivery.about,
                title=delivery.title,
                body=delivery.body,
                attachments=delivery.attachments,
            )
        )

    def sent(self, delivery: Delivery) -> None:
        """Put on record that it is done."""
        self._tried(delivery, NoticeState.SENT)

    def failed(self, delivery: Delivery, reason: str, *, given_up: bool) -> None:
        """Put on record that it is not."""
        self._tried(delivery, NoticeState.GIVEN_UP if given_up else NoticeState.WAITING, reason)

    def _tried(self, delivery: Delivery, state: NoticeState, reason: str = "") -> None:
        self._recorder.put_entry(
            NoticeTried(
                id=delivery.id,
                at=datetime.now(UTC),
                recipient=delivery.recipient,
                position=delivery.position,
                tries=delivery.tries,
                state=state,
                reason=reason,
            )
        )

    async def waiting(self) -> list[Delivery]:
        """Read what is not done, once what an earlier stop could not write is there too."""
        problem = ""
        while True:
            await self._recorder.flush()
            try:
                async with MessageReader(self._database_url) as reader:
                    waiting = await reader.notices_waiting()
            except RecordsUnavailable as error:
                if problem != error.problem:
                    problem = error.problem
                    log.warning("notify.waits", reason=error.message, remedy=error.remedy)
                await asyncio.sleep(LOOK_EVERY)
            else:
                return [
                    Delivery(
                        each.id,
                        each.recipient,
                        each.position,
                        each.title,
                        each.body,
                        tuple(each.attachments),
                        each.about,
                        each.queued_at,
                        each.tries,
                    )
                    for each in waiting
                ]
