"""The calendars that rosters name by an address: their last good copies, on disk, and reading them anew."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import aiohttp

from ..core.settings import Settings
from ..core.suggest import nearest, one_of
from ..roster.calendar_schema import CalendarEntry
from ..roster.calendars import CalendarUnavailable, FeedCopy
from .feed_reading import FeedTrouble, fetch

FOLDER = "calendars"
"""Within the line's data folder."""
AT_ONCE = 8
"""Feeds that are read at the same time."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Kept:
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

    def read(self, address: str) -> _Kept | None:
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
                return _Kept(content, datetime.fromisoformat(told["read_at"]), conditions)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            pass  # whatever became of that file, the copy itself is good
        return _Kept(content, written)

    def keep(self, address: str, kept: _Kept) -> None:
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


async def refresh(addresses: Collection[str], copies: Copies) -> dict[str, Refreshed]:
    """Read feeds, all at the same time, and keep what they say; a copy stays where a feed gives nothing.

    Never raises for what feeds and the disk do.
    """
    places = asyncio.Semaphore(AT_ONCE)
    session = aiohttp.ClientSession(
        trust_env=True,  # a company's proxy
        auto_decompress=False,  # unpacked with a limit
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # `fetch` has its own
    )

    async def one(address: str) -> Refreshed:
        async with places:
            return await _refreshed(session, address, copies)

    async with session:
        results = await asyncio.gather(*(one(address) for address in addresses))
    return dict(zip(addresses, results, strict=True))


async def _refreshed(session: aiohttp.ClientSession, address: str, copies: Copies) -> Refreshed:
    before = await asyncio.to_thread(copies.read, address)
    try:
        answer = await fetch(session, address, before.conditions if before is not None else {})
    except FeedTrouble as trouble:
        return Refreshed(None, trouble=trouble)
    now = datetime.now(UTC)
    if answer is not None:
        kept = _Kept(answer.content, now, answer.conditions)
    else:
        assert before is not None  # noqa: S101 - only who has a copy asks for changes
        kept = _Kept(before.content, now, before.conditions)
    changed = before is None or before.content != kept.content
    try:
        await asyncio.to_thread(copies.keep, address, kept)
    except OSError as error:
        remedy = "let this user write in `data`: without a copy, a restart needs the feed"
        return Refreshed(
            kept.content, changed, FeedTrouble(f"its copy cannot be kept: {error.strerror}", remedy=remedy)
        )
    return Refreshed(kept.content, changed)


class KeptFeeds:
    """Gives rosters the copies of feeds, and remembers what they asked for (see `roster.calendars.Feeds`)."""

    def __init__(self, settings: Settings) -> None:
        self.asked: dict[str, bool] = {}  # address → whether there was a copy
        self.copies = copies_of(settings)
        self._addresses = settings.calendars
        self._read: Mapping[str, Refreshed] = {}

    def __call__(self, calendar: CalendarEntry) -> FeedCopy:
        """Return the copy of a calendar. Raises `CalendarUnavailable`."""
        address = self.address_of(calendar)
        read = self._read.get(address)
        trouble = read.trouble.message if read is not None and read.trouble is not None else ""
        if read is not None and read.content is not None:
            return FeedCopy(read.content, datetime.now(UTC), trouble)
        kept = self.copies.read(address)
        self.asked[address] = kept is not None
        if kept is not None:
            return FeedCopy(kept.content, kept.read_at, trouble)
        if read is None or read.trouble is None:
            raise CalendarUnavailable(
                "the calendar was never read", remedy="run `astreinte check`: it reads it"
            )
        raise CalendarUnavailable(
            f"the calendar cannot be read, and was never read before: {trouble}", remedy=read.trouble.remedy
        )

    def address_of(self, calendar: CalendarEntry) -> str:
        """Return where a calendar is. Raises `CalendarUnavailable` if the settings do not know it."""
        if calendar.url is not None:
            return calendar.url
        name = calendar.feed or ""
        if name in self._addresses:
            return self._addresses[name].get_secret_value()
        near = nearest(name, self._addresses)
        raise CalendarUnavailable(
            f"the settings have no calendar `{name}`; they have {one_of(self._addresses) or 'none'}",
            remedy=f"did you mean `{near}`?"
            if near
            else f"add it to `calendars` in the settings, or as ASTREINTE_CALENDARS__{name.upper()}",
        )

    def refresh(self, addresses: Collection[str]) -> None:
        """Read feeds now. Not for the event loop: it waits for them."""
        with ThreadPoolExecutor(1, "calendars") as thread:  # this one may have a loop already
            self._read = thread.submit(lambda: asyncio.run(refresh(addresses, self.copies))).result()


def copies_of(settings: Settings) -> Copies:
    """Return where a line with these settings keeps its copies."""
    return Copies(settings.data / FOLDER)


def with_feeds(settings: Settings, read: Callable[[KeptFeeds], Result], *, anew: bool = False) -> Result:
    """Return what `read` makes of the rosters and of the feeds that they name.

    It is called once more when a feed had to be read first: one that has no copy, or, `anew`, each. Not for
    the event loop.
    """
    feeds = KeptFeeds(settings)
    result = read(feeds)
    wanted = [address for address, has_copy in feeds.asked.items() if anew or not has_copy]
    if not wanted:
        return result
    feeds.refresh(wanted)
    return read(feeds)
