"""Fetches a calendar over HTTP, whatever answers: slow, endless, packed, redirecting, or a login page."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import aiohttp

from .. import __version__
from ..core.feed_address import shown
from ..roster.ical import UTC_ZONE, parse_calendar
from ..roster.ical_text import MAX_BYTES, UnusableCalendar
from .calendars import Copies, FeedTrouble, Kept, Refreshed

SECONDS = 20.0
"""How long reading one feed may take in all. Google and Outlook answer within two."""
AT_ONCE = 8
"""Feeds that are read at the same time."""
REDIRECTS = 5
CHUNK = 64 * 1024  # bytes
HEADERS = {"User-Agent": f"astreinte/{__version__}", "Accept": "text/calendar, */*;q=0.1"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a feed says, and the headers to ask it next time whether that still holds."""

    content: bytes
    conditions: Mapping[str, str]


async def fetch(session: aiohttp.ClientSession, address: str, conditions: Mapping[str, str]) -> Answer | None:
    """Return a feed's calendar, None if it says that nothing changed since `conditions`.

    Raises `FeedTrouble`.
    """
    try:
        async with asyncio.timeout(SECONDS):
            answer = await _fetch(session, address, conditions)
        if answer is not None:
            await asyncio.to_thread(parse_calendar, answer.content, UTC_ZONE)
    except TimeoutError:
        raise FeedTrouble(
            f"no answer within {SECONDS:g} s",
            remedy="see whether the address opens in a browser from this machine",
        ) from None
    except UnusableCalendar as problem:
        raise FeedTrouble(str(problem.message), remedy=problem.remedy) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FeedTrouble(
            f"no connection ({_reason(error)})", remedy="see whether this machine reaches that address"
        ) from None
    return answer


def _reason(error: Exception) -> str:
    """Return why a connection failed, in words that hold no address."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno) if cause.errno > 0 else cause.strerror or ""  # of a name, the second
    return type(error).__name__


async def _fetch(
    session: aiohttp.ClientSession, address: str, conditions: Mapping[str, str]
) -> Answer | None:
    for _hop in range(REDIRECTS + 1):
        async with session.get(address, headers={**HEADERS, **conditions}, allow_redirects=False) as response:
            if response.status == 304 and conditions:
                return None
            if response.status == 200:
                return Answer(await _body(response), _conditions(response))
            if response.status not in {301, 302, 303, 307, 308} or "Location" not in response.headers:
                raise _refused(response.status)
            address = _redirected(address, response.headers["Location"])
    raise FeedTrouble(f"more than {REDIRECTS} redirects", remedy="copy the address again, whole")


def _redirected(address: str, location: str) -> str:
    """Return where a redirect leads: to the web only, and not from a secure address to one that is not."""
    target = urljoin(address, location)
    scheme = urlsplit(target).scheme
    if scheme == "https" or (scheme == "http" and urlsplit(address).scheme == "http"):
        return target
    raise FeedTrouble(
        f"it redirects from {shown(address)} to `{scheme}:`, which is not followed",
        remedy="copy the address again, whole",
    )


def _refused(status: int) -> FeedTrouble:
    remedies = {
        401: "copy the calendar's private address: the public one asks for a password",
        403: "copy the calendar's private address: this one is not open to you",
        404: "copy the address again: the calendar was moved, or its private address was reset",
        410: "copy the address again: the calendar was removed",
        429: "ask less often (`every`)",
    }
    return FeedTrouble(f"the answer is HTTP {status}", remedy=remedies.get(status, "wait, it is tried again"))


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, unpacked; it is cut off where it grows too large, packed or not."""
    encoding = response.headers.get("Content-Encoding", "identity").casefold()
    if encoding not in {"identity", "", "gzip", "deflate"}:
        raise FeedTrouble(
            f"the answer is packed as {encoding[:20]!r}", remedy="take an address that gives plain text"
        )
    unpack = None if encoding in {"identity", ""} else zlib.decompressobj(zlib.MAX_WBITS | 32)
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        try:
            content += unpack.decompress(chunk, MAX_BYTES + 1) if unpack is not None else chunk
        except zlib.error:
            raise FeedTrouble("the answer is packed wrongly", remedy="wait, it is tried again") from None
        if len(content) > MAX_BYTES:
            raise FeedTrouble(
                f"the calendar is larger than {MAX_BYTES // 2**20} MiB",
                remedy="use a calendar for on-call duty alone, or remove years that are past",
            )
    return bytes(content)


def _conditions(response: aiohttp.ClientResponse) -> dict[str, str]:
    pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    return {ask: response.headers[told][:200] for told, ask in pairs if told in response.headers}


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
        kept = Kept(answer.content, now, answer.conditions)
    else:
        assert before is not None  # noqa: S101 - only who has a copy asks for changes
        kept = Kept(before.content, now, before.conditions)
    changed = before is None or before.content != kept.content
    try:
        await asyncio.to_thread(copies.keep, address, kept)
    except OSError as error:
        remedy = "let this user write in `data`: without a copy, a restart needs the feed"
        return Refreshed(
            kept.content, changed, FeedTrouble(f"its copy cannot be kept: {error.strerror}", remedy=remedy)
        )
    return Refreshed(kept.content, changed)
