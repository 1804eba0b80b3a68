"""The calendars that rosters name by an address: their last good copies, on disk, and reading them anew."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from ..core.errors import AstreinteError
from ..core.settings import Settings
from ..core.suggest import nearest, one_of
from ..roster.calendar_schema import CalendarEntry
from ..roster.calendars import CalendarUnavailable, FeedCopy

FOLDER = "calendars"
"""Within the line's data folder."""


class FeedTrouble(AstreinteError):
    """A feed gives no calendar at the moment."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy as it is on disk: what the feed said, when, and the headers to ask whether that still holds."""

    content: bytes
    read_at: datetime
    conditions: Mapping[str, str] = field(default_factory=dict)


class Copies:
    """The last good copies, two files each: `HASH.ics`, and `HASH.json` with when it was read.

    The names do not tell the address, and only the owner can read them. Each file is replaced at once; the
    second counts only as long as it tells of the first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, address: str) -> Kept | None:
        """Return the copy of a feed, None if there is none."""
        path = self._path(address)
        try:
            content = path.read_bytes()
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            return None
        try:
            told = json.loads(path.with_suffix(".json").read_bytes())
            if told["hash"] == sha256(content).hexdigest():
                conditions = {str(key): str(value) for key, value in told["conditions"].items()}
                return Kept(content, datetime.fromisoformat(told["read_at"]), conditions)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            pass  # whatever became of that file, the copy itself is good
        return Kept(content, written)

    def keep(self, address: str, kept: Kept) -> None:
        """Write what a feed said. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, before = self._path(address), self.read(address)
        told = {
            "read_at": kept.read_at.isoformat(),
            "hash": sha256(kept.content).hexdigest(),
            "conditions": dict(kept.conditions),
        }
        if before is None or before.content != kept.content:
            self._replace(path, kept.content)
        self._replace(path.with_suffix(".json"), json.dumps(told).encode())

    def _path(self, address: str) -> Path:
        return self._folder / f"{sha256(address.encode()).hexdigest()[:24]}.ics"

    def _replace(self, path: Path, content: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")  # mode 0600
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of reading a feed: its content now, and whether that is new; or the trouble."""

    content: bytes | None
    changed: bool = False
    trouble: FeedTrouble | None = None


class KeptFeeds:
    """Gives rosters the copies of feeds (see `roster.calendars.Feeds`); one without a copy is read at once.

    Not for the event loop: it may wait for a feed.
    """

    def __init__(self, settings: Settings) -> None:
        self._copies = copies_of(settings)
        self._settings = settings
        self._asked: set[str] = set()
        self._read: dict[str, Refreshed] = {}

    def __call__(self, calendar: CalendarEntry) -> FeedCopy:
        """Return the copy of a calendar. Raises `CalendarUnavailable`."""
        address = address_of(calendar, self._settings)
        self._asked.add(address)
        kept = self._copies.read(address)
        if kept is None and address not in self._read:
            self._read_now([address])
        read = self._read.get(address)
        if read is not None and read.content is not None:
            return FeedCopy(read.content, datetime.now(UTC))
        trouble = read.trouble if read is not None else None
        if kept is not None:
            return FeedCopy(kept.content, kept.read_at, trouble.message if trouble is not None else "")
        raise CalendarUnavailable(
            f"the calendar cannot be read, and never was: {trouble.message if trouble is not None else ''}",
            remedy=trouble.remedy if trouble is not None else "",
        )

    def read_anew(self) -> bool:
        """Read the feeds that were asked for and of which a copy was given; tell whether there were any."""
        old = self._asked - self._read.keys()
        if old:
            self._read_now(old)
        return bool(old)

    def _read_now(self, addresses: Collection[str]) -> None:
        from .feed_reading import refresh  # noqa: PLC0415 - aiohttp takes a fifth of a second

        with ThreadPoolExecutor(1, "calendars") as thread:  # this one may have a loop already
            self._read |= thread.submit(lambda: asyncio.run(refresh(addresses, self._copies))).result()


def copies_of(settings: Settings) -> Copies:
    """Return where a line with these settings keeps its copies."""
    return Copies(settings.data / FOLDER)


def address_of(calendar: CalendarEntry, settings: Settings) -> str:
    """Return where a feed is. Raises `CalendarUnavailable` if the settings do not know it."""
    if calendar.url is not None:
        return calendar.url
    name, known = calendar.feed or "", settings.calendars
    if name in known:
        return known[name].get_secret_value()
    near = nearest(name, known)
    raise CalendarUnavailable(
        f"the settings have no calendar `{name}`; they have {one_of(known) or 'none'}",
        remedy=f"did you mean `{near}`?" if near else f"add `{name}` to `calendars` in the settings",
    )
